-- SPDX-License-Identifier: MIT
-- What regression domains share: inputs uniform in a range, a true function with parameters drawn
-- per task, noise on the targets. Each quantity has a stream of its own, so that more shots or
-- other points to evaluate at leave the rest of a task as it was.
local core = require "nudge.core"
local check = require "nudge.check"
local domain = require "nudge.domain"

local regression = {}

-- The fields of every regression domain and those of one.
function regression.fields(own)
  local all = {
    name = "string", seed = "integer", shots = "integer", eval_shots = "integer",
    inputs = "table|number", noise = "number",
  }
  for name, kind in pairs(own) do
    all[name] = kind
  end
  return all
end

-- { lowest, highest }, or a number for both.
function regression.range(owner, name, value)
  if type(value) == "number" then
    value = { value, value }
  end
  local low, high = value[1], value[2]
  if #value ~= 2 or type(low) ~= "number" or type(high) ~= "number" then
    check.fail("%s: %s must be { lowest, highest } or a number", owner, name)
  end
  if not (low <= high and high - low < math.huge) or low == math.huge then
    check.fail("%s: %s = { %s, %s } is no range; the lowest comes first, both are finite", owner,
      name, tostring(low), tostring(high))
  end
  return { low = low, width = high - low }
end

-- Numbers of samples, checked.
function regression.shots(owner, t, shots, eval_shots)
  t.shots = t.shots or shots
  t.eval_shots = t.eval_shots or eval_shots or t.shots
  for _, name in ipairs { "shots", "eval_shots" } do
    if t[name] < 1 then
      check.fail("%s: %s = %d leaves a task without samples; give at least 1", owner, name, t[name])
    end
    check.range(owner, name, t[name], 1, 10000000)
  end
end

local function uniform(batch, name, range, width)
  local u = batch:draw("uniform", name, width)
  return range.width == 0 and u:fill(range.low) or u * range.width + range.low
end

-- A number per task, and a row of numbers per task.
function regression.one(batch, name, range)
  return uniform(batch, name, range, 1):reshape(batch.n)
end
regression.several = uniform

-- model: { n_inputs =, parameters = function(batch), at = function(parameters, inputs): targets },
-- inputs and targets with axes tasks, samples, features; one task's inputs may stand for all.
function regression.new(owner, t, model)
  regression.shots(owner, t, 10)
  local noise = check.range(owner, "noise", t.noise or 0, 0, 1e300)
  local inputs = regression.range(owner, "inputs", t.inputs)
  local features = model.n_inputs
  local family = { parameters = model.parameters }

  local function drawn(batch, of, shots, parameters)
    local x = uniform(batch, of .. ".inputs", inputs, shots * features)
      :reshape(batch.n, shots, features)
    local y = model.at(parameters, x)
    if noise > 0 then
      y = y + batch:draw("normal", of .. ".noise", shots):reshape(batch.n, shots, 1) * noise
    end
    return x, y
  end

  function family.truth(batch, points)
    return model.at(model.parameters(batch), points:reshape(1, #points, features))
  end

  function family.make(batch, points)
    local parameters = model.parameters(batch)
    local learn_x, learn_y = drawn(batch, "learn", t.shots, parameters)
    local eval_x, eval_y
    if points then
      local common = points:reshape(1, #points, features)
      eval_x, eval_y = common + core.zeros(batch.n, 1, 1), model.at(parameters, common)
    else
      eval_x, eval_y = drawn(batch, "eval", t.eval_shots, parameters)
    end
    return {
      { name = "learn.inputs", values = learn_x }, { name = "learn.targets", values = learn_y },
      { name = "eval.inputs", values = eval_x }, { name = "eval.targets", values = eval_y },
    }
  end

  return domain.new {
    name = t.name, seed = t.seed or 0, n_inputs = features, n_outputs = 1, family = family,
  }
end

return regression
