-- SPDX-License-Identifier: MIT
-- nudge report RUN...: one HTML page about runs of a store.
local core = require "nudge.core"
local arguments = require "nudge.cli.arguments"
local check = require "nudge.check"
local page = require "nudge.page"
local stores = require "nudge.store"

local MANY = 100 -- runs

-- Where it goes: --to, else report-1-2.html in the folder of the runs.
local function path_of(given, runs)
  local to = arguments.one(given, "to")
  if to and not to:lower():find "%.html?$" then
    check.fail("--to wants a file that ends in .html, got '%s'", to)
  elseif to then
    return to
  end
  local ids = {}
  for i, run in ipairs(runs) do
    ids[i] = tostring(run.id)
  end
  local folder = core.host().out
  return (folder == "." and "" or folder:gsub("/+$", "") .. "/") .. "report-"
    .. table.concat(ids, "-") .. ".html"
end

return function(given)
  local wanted = arguments.operands(given, 1, MANY, "one or more runs are")
  local store <close> = stores.open()
  local runs, seen = {}, {}
  for _, which in ipairs(wanted) do
    local run = store:run(which)
    if not seen[run.id] then
      seen[run.id] = true
      runs[#runs + 1] = run
    end
  end
  local path = path_of(given, runs)
  local text = page.make(runs, function(run, series)
    return store:rows(run.id, series)
  end, store.path)
  core.write_file(path, text)
  print(string.format("%s: %d kB", path, (#text + 999) // 1000))
end
