-- SPDX-License-Identifier: MIT
-- nudge runs: the runs that a folder keeps, the newest first.
local core = require "nudge.core"
local arguments = require "nudge.cli.arguments"
local check = require "nudge.check"
local format = require "nudge.cli.format"
local stores = require "nudge.store"
local text = require "nudge.text"

local LIMIT = 20
local statuses = { "running", "done", "failed", "interrupted", "killed" }

local function table_of(runs)
  local now, rows = core.wall_clock(), { { "run", "name", "status", "started", "", "took", "" } }
  for _, run in ipairs(runs) do
    rows[#rows + 1] = {
      tostring(run.id), run.name, run.status, format.date(run.started),
      format.ago(now - run.started), format.took(run),
      run.set .. (run.message and (run.set ~= "" and "  " or "") .. run.message or ""),
    }
  end
  return format.table(rows, "rllllrl")
end

return function(given)
  if #given.operands > 0 then
    check.fail("'runs' takes no argument, got '%s'; 'nudge show %s' shows a run",
      given.operands[1], given.operands[1])
  end
  local status = arguments.one(given, "status")
  if status then
    check.choice("nudge runs", "--status", status, statuses)
  end
  local limit = arguments.integer(given, "limit", LIMIT, 0)
  local store <close> = stores.open()
  local runs = store:runs { status = status, script = arguments.one(given, "script"),
    name = arguments.one(given, "name"), limit = limit > 0 and limit + 1 or nil }
  local more = limit > 0 and #runs > limit
  runs[more and #runs or #runs + 1] = nil
  if given.json then
    io.write(text.json(runs), "\n")
  elseif #runs == 0 then
    print((given.status or given.script or given.name) and "no runs fit" or "no runs yet")
  else
    io.write(table_of(runs))
    if more then
      print(string.format("(the newest %d; --limit 0 lists all)", limit))
    end
  end
end
