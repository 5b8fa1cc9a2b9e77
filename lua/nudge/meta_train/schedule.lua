-- SPDX-License-Identifier: MIT
-- Schedules of the outer step size: a factor of lr for each meta-step.
local check = require "nudge.check"

local schedule = {}

local kinds = { "constant", "cosine", "step" }
local fields_of = {
  constant = { kind = "!string" },
  cosine = { kind = "!string" },
  step = { kind = "!string", every = "!integer", factor = "!number" },
}

local function of_function(owner, f)
  return function(step)
    local factor = f(step)
    if type(factor) ~= "number" or not (factor >= 0 and factor < math.huge) then
      check.fail("%s: schedule(%d) gave %s; a number from 0 on is wanted", owner, step,
        tostring(factor))
    end
    return factor
  end
end

-- "constant", "cosine", { kind = "step", every =, factor = } or a function of the meta-step, as
-- that function. Cosine: from 1 at the first of `steps` meta-steps towards 0 behind the last.
function schedule.of(owner, given, steps)
  if type(given) == "function" then
    return of_function(owner, given)
  end
  local t = type(given) == "table" and given or { kind = given }
  check.choice(owner, "schedule", t.kind, kinds)
  t = check.fields(owner .. ": schedule", t, fields_of[t.kind])
  if t.kind == "cosine" then
    return function(step)
      return 0.5 * (1 + math.cos(math.pi * (step - 1) / steps))
    end
  elseif t.kind == "step" then
    check.range(owner .. ": schedule", "every", t.every, 1, math.maxinteger)
    check.range(owner .. ": schedule", "factor", t.factor, 0, 1e300)
    return function(step)
      return t.factor ^ ((step - 1) // t.every)
    end
  end
  return function()
    return 1
  end
end

return schedule
