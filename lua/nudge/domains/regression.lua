-- SPDX-License-Identifier: MIT
-- What regression domains share: inputs uniform in a range, a true function with parameters drawn
-- per task, noise on the targets. Each quantity has a stream of its own, so that more shots or
-- other points to evaluate at leave the rest of a task as it was.
local core = require "nudge.core"
local check = require "nudge.check"
local domain = require "nudge.domain"

local regression = {}

regression.fields = {
  name = "string", seed = "integer", shots = "integer", eval_shots = "integer",
  inputs = "table|number", noise = "number",
}

-- { low, high }, or a number for both.
function regression.range(owner, name, value)
  if type(value) == "number" then
    value = { value, value }
  end
  local low, high = value[1], value[2]
  if #value ~= 2 or math.type(low) == nil or math.type(high) == nil then
    check.fail("%s: %s must be { lowest, highest } or a number", owner, name)
  end
  if not (low <= high and low > -math.huge and high < math.huge) then
    check.fail("%s: %s = { %s, %s } is no range; the lower end comes first, both are finite", owner,
      name, tostring(low), tostring(high))
  end
  return { low = low, width = high - low }
end

function regression.shots(owner, t)
  t.shots, t.eval_shots = t.shots or 10, t.eval_shots or t.shots or 10
  for _, name in ipairs { "shots", "eval_shots" } do
    if t[name] < 1 then
      check.fail("%s: %s = %d leaves a task without samples; give at least 1", owner, name, t[name])
    end
    check.range(owner, name, t[name], 1, 10000000)
  end
end

-- A width of numbers per task, uniform in the range.
function regression.within(draw, name, range, width)
  local u = draw("uniform", name, width)
  return range.width == 0 and u:fill(range.low) or u * range.width + range.low
end

-- t: checked fields; model: { n_inputs =, parameters = function(draw), at = function(parameters,
-- inputs): targets }, inputs as tasks x samples x features (or 1 x samples x features for all).
function regression.new(owner, t, model)
  regression.shots(owner, t)
  local noise = check.range(owner, "noise", t.noise or 0, 0, 1e300)
  local inputs = regression.range(owner, "inputs", t.inputs)
  local features = model.n_inputs

  local function part(draw, n, of, shots, parameters)
    local x = regression.within(draw, of .. ".inputs", inputs, shots * features)
      :reshape(n, shots, features)
    local y = model.at(parameters, x)
    if noise > 0 then
      y = y + draw("normal", of .. ".noise", shots):reshape(n, shots, 1) * noise
    end
    return x, y
  end

  local family = { parameters = model.parameters }
  function family.truth(draw, _, points)
    return model.at(model.parameters(draw), points:reshape(1, #points, features))
  end
  function family.make(draw, n, points)
    local parameters = model.parameters(draw)
    local learn_x, learn_y = part(draw, n, "learn", t.shots, parameters)
    local eval_x, eval_y
    if points then
      eval_x = points:reshape(1, #points, features) + core.zeros(n, 1, 1)
      eval_y = family.truth(draw, n, points)
    else
      eval_x, eval_y = part(draw, n, "eval", t.eval_shots, parameters)
    end
    return {
      { name = "learn.inputs", values = learn_x }, { name = "learn.targets", values = learn_y },
      { name = "eval.inputs", values = eval_x }, { name = "eval.targets", values = eval_y },
    }
  end
  return domain.new {
    name = t.name, seed = t.seed, n_inputs = features, n_outputs = 1, shots = t.shots,
    eval_shots = t.eval_shots, family = family,
  }
end

return regression
