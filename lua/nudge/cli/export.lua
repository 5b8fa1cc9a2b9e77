-- SPDX-License-Identifier: MIT
-- nudge export RUN: the rows of a run as CSV, or all of it as JSON.
local core = require "nudge.core"
local arguments = require "nudge.cli.arguments"
local check = require "nudge.check"
local stores = require "nudge.store"
local text = require "nudge.text"

-- Series of a run that were chosen, with their rows.
local function chosen_series(store, run, given)
  local chosen, out = arguments.chooser(given, "series"), {}
  for _, s in ipairs(run.series) do
    if chosen(s.name) then
      out[#out + 1] = { name = s.name, metrics = s.metrics, rows = store:rows(run.id, s.name) }
    end
  end
  if given.series and #out == 0 then
    check.fail("run %d has no series '%s'", run.id, given.series[1])
  end
  return out
end

-- What CSV has no number for is a word that other programs read.
local function plain(x)
  return x ~= x and "nan" or x == math.huge and "inf" or x == -math.huge and "-inf" or x
end

-- A line for each row, a column for each metric that any series has.
local function csv(series)
  local columns, seen, lines = { "series", "step" }, {}, {}
  for _, s in ipairs(series) do
    for _, metric in ipairs(s.metrics) do
      if not seen[metric.name] then
        seen[metric.name], columns[#columns + 1] = true, metric.name
      end
    end
    for _, row in ipairs(s.rows) do
      local line = {}
      for name, value in pairs(row) do
        line[name] = plain(value)
      end
      line.series = s.name
      lines[#lines + 1] = line
    end
  end
  return text.csv(columns, lines)
end

local function json(run, series)
  local out = {}
  for name, value in pairs(run) do
    out[name] = value
  end
  out.series = {}
  for i, s in ipairs(series) do
    out.series[i] = { name = s.name, metrics = s.metrics, rows = s.rows }
  end
  return text.json(out) .. "\n"
end

return function(given)
  local id = arguments.operands(given, 1, 1, "one run is")[1]
  local kind = check.choice("nudge export", "--format", arguments.one(given, "format") or "csv",
    { "csv", "json" })
  local path = arguments.one(given, "to")
  local store <close> = stores.open()
  local run = store:run(id)
  local series = chosen_series(store, run, given)
  local out = kind == "csv" and csv(series) or json(run, series)
  if path then
    core.write_file(path, out)
  else
    io.write(out)
  end
end
