-- SPDX-License-Identifier: MIT
-- Options of a component that a script defines: declarations become entries of an option table.
local core = require "nudge.core"
local check = require "nudge.check"

local options = {}

local fields = {
  doc = "!string", unit = "string", min = "number", max = "number", above = "number",
  choices = "table", log = "boolean", type = "string", required = "boolean",
}
local types = { "boolean", "integer", "number", "string", "integer list", "number list" }

local function type_of_list(owner, list)
  local all_integers = true
  check.list(owner, "default", list, "number")
  for _, x in ipairs(list) do
    all_integers = all_integers and math.type(x) == "integer"
  end
  return all_integers and "integer list" or "number list"
end

-- Of its default; a table of choices makes it an enum.
local function type_of(owner, d, default)
  if d.type then
    check.choice(owner, "type", d.type, types)
  elseif default == nil and not d.choices then
    check.fail("%s has neither a default nor a type; required options say one of: %s", owner,
      table.concat(types, ", "))
  end
  local of_default = default ~= nil
    and (type(default) == "table" and type_of_list(owner, default) or check.type_of(default))
  if d.type and of_default and of_default ~= d.type
    and not (d.type:find "^number" and of_default:find "^integer") then
    check.fail("%s is of type %s, its default is a %s", owner, d.type, of_default)
  end
  return d.choices and "enum" or d.type or of_default
end

-- { name, ... }, or { name = doc, ... } in order of names.
local function choices_of(owner, given)
  local out = {}
  if #given > 0 then
    for i, name in ipairs(check.list(owner, "choices", given, "string")) do
      out[i] = { name = name, doc = name:gsub("_", " ") .. "." }
    end
  else
    for i, name in ipairs(check.sorted_keys(given)) do
      out[i] = { name = name, doc = given[name] }
    end
  end
  return out
end

local function list_text(list)
  local out = {}
  for i, x in ipairs(list) do
    out[i] = core.number_text(x)
  end
  return table.concat(out, ", ")
end

local function whole(owner, name, value)
  if value and not math.tointeger(value) then
    check.fail("%s: %s = %s is not a whole number", owner, name, tostring(value))
  end
  return value and math.tointeger(value)
end

-- The default and the bounds, in the form that the type has.
local function set_values(owner, out, d, default)
  if out.type == "enum" then
    for i, choice in ipairs(out.choices) do
      out.default = choice.name == default and i - 1 or out.default
    end
    if default ~= nil and not out.default then
      check.fail("%s: its default '%s' is none of its choices", owner, tostring(default))
    end
  elseif type(default) == "table" then
    out.text = list_text(default)
  elseif type(default) == "string" then
    out.text = default
  else
    out.default = default
  end
  out.min, out.max = d.above or d.min, d.max
  if out.type:find "^integer" then
    out.min, out.max = whole(owner, "min", out.min), whole(owner, "max", out.max)
  end
end

local function one(owner, name, declared)
  if type(name) ~= "string" then
    check.fail("%s: options are named: options = { beta = { 0.1, doc = ... } }", owner)
  end
  owner = owner .. ": option " .. name
  if type(declared) ~= "table" then
    check.fail("%s is declared as { default, doc = ..., min = ..., max = ... }, got %s", owner,
      check.type_of(declared))
  end
  local named, default = {}, declared[1]
  for key, value in pairs(declared) do
    if key ~= 1 then
      named[key] = value
    end
  end
  local d = check.fields(owner, named, fields)
  local out = { name = name, doc = d.doc, unit = d.unit, log = d.log,
    required = default == nil, exclusive_min = d.above ~= nil }
  if d.required and default ~= nil then
    check.fail("%s is required and has a default; leave one of them out", owner)
  end
  out.type = type_of(owner, d, default)
  if (d.min or d.max or d.above or d.log) and not out.type:find "^integer"
    and not out.type:find "^number" then
    check.fail("%s is a %s: min, max, above and log are for numbers", owner, out.type)
  end
  out.choices = d.choices and choices_of(owner, d.choices)
  set_values(owner, out, d, default)
  return out
end

-- In order of their names: a table of Lua has no other.
function options.normalise(owner, declared)
  local out = {}
  for i, name in ipairs(check.sorted_keys(declared)) do
    out[i] = one(owner, name, declared[name])
  end
  return out
end

return options
