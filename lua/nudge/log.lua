-- SPDX-License-Identifier: MIT
-- nudge.log: numbers of a script's own in the run that is kept.
local check = require "nudge.check"
local metrics = require "nudge.run.metrics"
local run = require "nudge.run"

local OWNER = "nudge.log"

-- Metrics of one step of a series; those of an earlier call for that step stay or are replaced.
return function(series, step, values)
  if type(series) ~= "string" or type(values) ~= "table" then
    check.fail("%s takes a series, a step and a table of numbers: nudge.log('loss', 1, { train = "
      .. "0.5 })", OWNER)
  end
  check.name(OWNER, "the series", series)
  if not math.tointeger(step) then
    check.fail("%s: the step must be a whole number, got %s", OWNER, tostring(step))
  end
  metrics.of(OWNER .. " " .. series, values)
  local recorder = run.current()
  if recorder then
    recorder:row(series, math.tointeger(step), values)
  end
end
