-- SPDX-License-Identifier: MIT
-- nudge.domain: a domain from a function of a script. The function makes one task from its random
-- stream and its index; what it returns is checked task by task.
local core = require "nudge.core"
local check = require "nudge.check"
local domain = require "nudge.domain"

local supervised = { "learn.inputs", "learn.targets", "eval.inputs", "eval.targets" }

local function description(a)
  return table.concat(a:shape(), "x") .. (a:kind() == "index" and " index" or "")
end

local function one_line(message)
  return (tostring(message):gsub("%s*\n%s*", "; "))
end

-- What the script's function returns for the i-th task; its own error keeps text and position.
local function call(name, batch, i, what, f, ...)
  local index = batch.first + i - 1
  local good, result = pcall(f, batch.random:stream("task", index), index, ...)
  if not good then
    domain.fail(name, batch, i, "the function %s failed: %s", what, one_line(result))
  end
  return result
end

local function check_array(t, batch, i, name, a)
  if check.type_of(a) ~= "nudge.array" then
    domain.fail(t.name, batch, i, "%s must be a nudge.array, got %s", name, check.type_of(a))
  elseif not pcall(a.kind, a) then
    domain.fail(t.name, batch, i, "%s is closed; the function must leave it open", name)
  elseif #a:shape() > 3 then
    domain.fail(t.name, batch, i, "%s is %s; an array of a task has at most three axes", name,
      description(a))
  elseif a:kind() == "index" and not t.classes then
    domain.fail(t.name, batch, i, "%s holds labels; give nudge.domain the number of classes", name)
  end
end

-- Inputs are matrices of equally many columns, with a target for each row.
local function check_supervised(t, batch, i, arrays)
  local columns
  for _, part in ipairs { "learn", "eval" } do
    local x, y = arrays[part .. ".inputs"], arrays[part .. ".targets"]
    if x and (#x:shape() ~= 2 or x:kind() ~= "real") then
      domain.fail(t.name, batch, i, "%s.inputs is %s; it must be real, samples x inputs", part,
        description(x))
    end
    columns = columns or x and x:shape()[2]
    if x and x:shape()[2] ~= columns then
      domain.fail(t.name, batch, i, "%s.inputs is %s, but learn.inputs has %d columns", part,
        description(x), columns)
    end
    if x and y and #x ~= #y then
      domain.fail(t.name, batch, i, "%s.targets is %s, but %s.inputs has %d rows", part,
        description(y), part, #x)
    end
  end
end

local function check_task(t, batch, i, arrays)
  if type(arrays) ~= "table" then
    domain.fail(t.name, batch, i, "the function task returned %s; return a table with %s",
      arrays == nil and "nothing" or check.type_of(arrays), table.concat(t.arrays, ", "))
  end
  for name in pairs(arrays) do
    if not t.known[name] then
      domain.fail(t.name, batch, i, "no array '%s' is wanted; %s (field arrays of nudge.domain "
        .. "lists them)", tostring(name), check.suggestion(name, t.arrays))
    end
  end
  local labelled = false
  for _, name in ipairs(t.arrays) do
    if arrays[name] == nil then
      domain.fail(t.name, batch, i, "the function task returned no %s", name)
    end
    check_array(t, batch, i, name, arrays[name])
    labelled = labelled or arrays[name]:kind() == "index"
  end
  if t.classes and not labelled then
    domain.fail(t.name, batch, i, "no array holds labels, and classes = %d has no effect; remove "
      .. "it, or return labels as nudge.array(list, 'index')", t.classes)
  end
  check_supervised(t, batch, i, arrays)
end

-- All tasks are shaped like the first that was ever drawn.
local function check_shape(t, batch, i, name, a)
  local is, first = description(a), t.first[name]
  if not first then
    t.first[name] = { is = is, place = string.format("task %d (%s)", batch.first + i - 1,
      batch.split) }
  elseif first.is ~= is then
    domain.fail(t.name, batch, i, "%s is %s, but %s in %s; all tasks of a domain have one shape",
      name, is, first.is, first.place)
  end
end

-- True targets at the same points for all tasks.
local function true_targets(t, batch, points)
  if not t.truth then
    check.fail("domain %s does not know its truth; give nudge.domain a function truth(random, "
      .. "index, points)", t.name)
  end
  local list = {}
  for i = 1, batch.n do
    local y = call(t.name, batch, i, "truth", t.truth, points:copy())
    check_array(t, batch, i, "the result of truth", y)
    if #y ~= #points then
      domain.fail(t.name, batch, i, "truth returned %s for %d points", description(y), #points)
    end
    if description(y) ~= description(list[1] or y) then
      domain.fail(t.name, batch, i, "truth returned %s, but %s in the task before",
        description(y), description(list[1]))
    end
    list[i] = y
  end
  return core.stack(list)
end

-- The points in place of drawn samples, for every task.
local function common_points(t, batch, points, learn_inputs)
  local columns = points:shape()[2]
  local wanted = learn_inputs and learn_inputs:shape()[2] or columns
  if columns ~= wanted then
    check.fail("domain %s: eval_grid has points of %d inputs, but learn.inputs has %d columns",
      t.name, columns, wanted)
  end
  return points:reshape(1, #points, columns) + core.zeros(batch.n, 1, 1)
end

local function made(t, batch, points)
  local lists = {}
  for i = 1, batch.n do
    local arrays = call(t.name, batch, i, "task", t.task)
    check_task(t, batch, i, arrays)
    for _, name in ipairs(t.arrays) do
      check_shape(t, batch, i, name, arrays[name])
      lists[name] = lists[name] or {}
      lists[name][i] = arrays[name]:copy() -- the function may fill the same array again
    end
  end
  local out = {}
  for j, name in ipairs(t.arrays) do
    local values
    if points and name == "eval.inputs" then
      values = common_points(t, batch, points, (lists["learn.inputs"] or {})[1])
    elseif points and name == "eval.targets" then
      values = true_targets(t, batch, points)
    else
      values = core.stack(lists[name])
    end
    out[j] = {
      name = name, values = values, classes = values:kind() == "index" and t.classes or nil,
      role = (name:find "^learn%." or name:find "^eval%.") and "samples" or "whole",
    }
  end
  return out
end

return function(given)
  local owner = "nudge.domain"
  local t = check.fields(owner, given, {
    name = "!string", task = "!function", truth = "function", seed = "integer",
    classes = "integer", arrays = "table",
  })
  if t.classes then
    check.range(owner, "classes", t.classes, 1, (1 << 31) - 1)
  end
  t.arrays = check.list(owner, "arrays", t.arrays or supervised, "string")
  t.known, t.first = {}, {}
  for _, name in ipairs(t.arrays) do
    if t.known[name] then
      check.fail("%s: arrays names '%s' twice", owner, name)
    end
    t.known[name] = check.name(owner, "a name in arrays", name)
  end
  if #t.arrays == 0 then
    check.fail("%s: arrays is empty; leave it out for %s", owner, table.concat(supervised, ", "))
  end
  return domain.new {
    name = t.name, seed = t.seed or 0,
    family = {
      make = function(batch, points)
        return made(t, batch, points)
      end,
      truth = function(batch, points)
        return true_targets(t, batch, points)
      end,
    },
  }
end
