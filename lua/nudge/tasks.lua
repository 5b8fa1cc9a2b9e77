-- SPDX-License-Identifier: MIT
-- Tasks: data cut into what is learned from and what learning is judged by.
local core = require "nudge.core"
local check = require "nudge.check"

local tasks = {}

local MAX_TASKS = (1 << 32) - 1

-- How many samples a number means: a count from 1 on, below that a share.
local function count_of(owner, name, value, available)
  local n = value < 1 and math.floor(value * available + 0.5) or math.tointeger(value)
  if not n or n < 1 or n > available then
    check.fail("%s: %s = %s does not leave 1 to %d samples", owner, name, tostring(value),
      available)
  end
  return n
end

-- Rows of a random order that does not depend on how many are then used.
local function split(owner, t, n)
  local order = core.random(t.seed or 0):stream("split"):permutation(n)
  local learn = count_of(owner, "learn", t.learn or 0.5, n)
  if learn == n then
    check.fail("%s: learn = %s leaves nothing of %d samples for evaluation", owner,
      tostring(t.learn), n)
  end
  local eval = t.eval and count_of(owner, "eval", t.eval, n - learn) or n - learn
  return order:rows(1, learn), order:rows(learn + 1, learn + eval)
end

-- Mean and deviation of the learning samples, of each feature or of all together.
local function standardiser(owner, mode, inputs)
  check.choice(owner, "standardise", mode, { "features", "all", "none" })
  if mode == "none" then
    return function(x)
      return x:real()
    end
  end
  local mean, deviation
  if mode == "features" then
    mean = inputs:mean(1)
    deviation = (inputs - mean):square():mean(1):sqrt()
    local smallest, position = deviation:min()
    if smallest == 0 then
      check.fail("%s: feature %d is constant over the learning samples; standardise = 'none' "
        .. "or leave it out", owner, position)
    end
  else
    mean = inputs:mean()
    deviation = math.sqrt((inputs - mean):square():mean())
    if deviation == 0 then
      check.fail("%s: all features are constant over the learning samples", owner)
    end
  end
  return function(x)
    return (x - mean) / deviation
  end
end

local function matrix_of(owner, inputs)
  local shape = inputs:shape()
  if #shape < 2 then
    check.fail("%s: inputs must have samples x features, got one axis", owner)
  end
  local features = 1
  for axis = 2, #shape do
    features = features * shape[axis]
  end
  return #shape == 2 and inputs or inputs:reshape(shape[1], features), features
end

local function sample(name, values, classes)
  return { name = name, values = values, role = "samples", classes = classes }
end

local fields = {
  data = "!table", learn = "number", eval = "number", seed = "integer", standardise = "string",
}

local function prepare(owner, given, default_standard)
  local t = check.fields(owner, given, fields)
  if check.type_of(t.data.inputs) ~= "nudge.array" then
    check.fail("%s: data must come from nudge.data, or have inputs as a nudge.array", owner)
  end
  local inputs, features = matrix_of(owner, t.data.inputs)
  local learn, eval = split(owner, t, #inputs)
  local standardise = standardiser(owner, t.standardise or default_standard, inputs:take(learn))
  return t, learn, eval, {
    learn_inputs = standardise(inputs:take(learn)),
    eval_inputs = standardise(inputs:take(eval)),
    features = features,
  }
end

local function finished(t, parts, arrays)
  return {
    n_tasks = 1,
    arrays = arrays,
    origin = t.data.origin or "data of the script",
    n_learn = #parts.learn_inputs,
    n_eval = #parts.eval_inputs,
    n_features = parts.features,
  }
end

-- Labelled samples: data has inputs, labels (from 0) and classes.
function tasks.classification(given)
  local owner = "nudge.tasks.classification"
  local t, learn, eval, parts = prepare(owner, given, "none")
  local labels = t.data.labels
  if check.type_of(labels) ~= "nudge.array" or labels:kind() ~= "index"
    or #labels ~= #t.data.inputs then
    check.fail("%s: data must have a label (index) for each of %d inputs", owner,
      #t.data.inputs)
  end
  local classes = t.data.classes or math.tointeger(labels:max()) + 1
  return finished(t, parts, {
    sample("learn.inputs", parts.learn_inputs),
    sample("learn.targets", labels:take(learn), classes),
    sample("eval.inputs", parts.eval_inputs),
    sample("eval.targets", labels:take(eval), classes),
  })
end

-- Real targets: data has inputs and targets. Targets are standardised with the inputs, by the
-- learning samples.
function tasks.regression(given)
  local owner = "nudge.tasks.regression"
  local t, learn, eval, parts = prepare(owner, given, "features")
  local targets = t.data.targets
  if check.type_of(targets) ~= "nudge.array" or #targets ~= #t.data.inputs then
    check.fail("%s: data must have a target for each of %d inputs", owner, #t.data.inputs)
  end
  local mode = (t.standardise or "features") == "none" and "none" or "all"
  local standardise = standardiser(owner, mode, targets:take(learn))
  return finished(t, parts, {
    sample("learn.inputs", parts.learn_inputs),
    sample("learn.targets", standardise(targets:take(learn))),
    sample("eval.inputs", parts.eval_inputs),
    sample("eval.targets", standardise(targets:take(eval))),
  })
end

-- Any arrays by name: an array, or { values =, role = "samples" | "whole", classes = }. With
-- n_tasks > 1 the first axis of each runs over tasks. Arrays named learn.* and eval.* are samples.
function tasks.arrays(given)
  local owner = "nudge.tasks.arrays"
  if type(given) ~= "table" then
    check.fail("%s takes a table of arrays by name", owner)
  end
  local out = { n_tasks = 1, arrays = {}, origin = "arrays of the script" }
  for _, name in ipairs(check.sorted_keys(given)) do
    local value = given[name]
    if type(name) ~= "string" then
      check.fail("%s takes arrays by name; entry %s has none", owner, tostring(name))
    elseif name == "n_tasks" then
      out.n_tasks = math.tointeger(value)
      if not out.n_tasks or out.n_tasks < 1 or out.n_tasks > MAX_TASKS then
        check.fail("%s: n_tasks = %s is not a whole number from 1 to %d", owner, tostring(value),
          MAX_TASKS)
      end
    elseif name == "origin" then
      out.origin = tostring(value)
    else
      if check.type_of(value) == "nudge.array" then
        value = { values = value }
      end
      local a = check.fields(owner .. ": " .. name, value, {
        values = "!nudge.array", role = "string", classes = "integer",
      })
      a.name = name
      a.role = a.role or (name:match "^learn%." or name:match "^eval%.") and "samples" or "whole"
      check.choice(owner .. ": " .. name, "role", a.role, { "samples", "whole" })
      if a.values:kind() == "index" then
        a.classes = a.classes or math.tointeger(a.values:max()) + 1
      end
      out.arrays[#out.arrays + 1] = a
    end
  end
  return out
end

-- Labelled samples that are cut already: data to learn from and data to judge by.
function tasks.labelled(given)
  local owner = "nudge.tasks.labelled"
  local t = check.fields(owner, given, { learn = "!table", eval = "!table", classes = "integer" })
  local arrays = {}
  for _, part in ipairs { "learn", "eval" } do
    local of = t[part]
    if check.type_of(of.inputs) ~= "nudge.array" or check.type_of(of.labels) ~= "nudge.array"
      or of.labels:kind() ~= "index" or #of.labels ~= #of.inputs then
      check.fail("%s: %s must have inputs, and a label (index) for each of them", owner, part)
    end
    arrays[part .. ".inputs"] = of.inputs
    arrays[part .. ".targets"] = { values = of.labels, classes = t.classes }
  end
  return tasks.arrays(arrays)
end

return tasks
