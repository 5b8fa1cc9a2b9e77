-- SPDX-License-Identifier: MIT
-- Small cases on which a learner can be tried: { options = { width = 3 }, arrays = {
-- ["learn.inputs"] = { 4, 2 }, ["learn.targets"] = { 4, classes = 3 } } }, or a list of them.
local core = require "nudge.core"
local check = require "nudge.check"

local example = {}

local function text(value)
  if type(value) == "table" then
    local out = {}
    for i, one in ipairs(value) do
      out[i] = text(one)
    end
    return table.concat(out, ", ")
  end
  return type(value) == "number" and core.number_text(value) or tostring(value)
end

local function array(owner, name, given)
  owner = string.format("%s: array %s", owner, name)
  local shape = {}
  for d, length in ipairs(given) do
    if not math.tointeger(length) or length < 1 or d > 4 then
      check.fail("%s is declared by one to four lengths, as in { 4, 2 }", owner)
    end
    shape[d] = math.tointeger(length)
  end
  if #shape == 0 then
    check.fail("%s is declared by one to four lengths, as in { 4, 2 }", owner)
  end
  local named = {}
  for key, value in pairs(given) do
    if math.type(key) ~= "integer" then
      named[key] = value
    end
  end
  local d = check.fields(owner, named, { classes = "integer" })
  if d.classes then
    check.range(owner, "classes", d.classes, 1, 1 << 30)
  end
  return { name = name, shape = shape, classes = d.classes,
    samples = name:find "^learn%." ~= nil or name:find "^eval%." ~= nil }
end

local function one(owner, given)
  local d = check.fields(owner, given, { options = "table", arrays = "!table" })
  local out = { options = {}, arrays = {} }
  for i, name in ipairs(check.sorted_keys(d.options or {})) do
    out.options[i] = { name, text(d.options[name]) }
  end
  for i, name in ipairs(check.sorted_keys(d.arrays)) do
    if type(name) ~= "string" or type(d.arrays[name]) ~= "table" then
      check.fail("%s: arrays are declared by name, as in { x = { 4, 2 } }", owner)
    end
    out.arrays[i] = array(owner, name, d.arrays[name])
  end
  return out
end

function example.normalise(owner, given)
  if not given then
    return nil
  end
  local out = {}
  for i, case in ipairs(given.arrays and { given } or given) do
    out[i] = one(string.format("%s: example %d", owner, i), case)
  end
  if #out == 0 then
    check.fail("%s: example is { options = { ... }, arrays = { ... } }, or a list of them", owner)
  end
  return out
end

return example
