-- SPDX-License-Identifier: MIT
-- Settings that a script declares and `nudge run --set name=value` changes.
local core = require "nudge.core"
local check = require "nudge.check"

local settings = {}

-- A declaration is a default value, or { default, choices =, min =, max =, doc = }.
local function normalise(name, declared)
  if type(declared) ~= "table" then
    declared = { declared }
  end
  local named = {}
  for key, value in pairs(declared) do
    if key ~= 1 then
      named[key] = value
    end
  end
  local d = check.fields("setting " .. name, named, {
    choices = "table", min = "number", max = "number", doc = "string",
  })
  d.default = declared[1]
  local kind = check.type_of(d.default)
  if kind ~= "string" and kind ~= "boolean" and kind ~= "integer" and kind ~= "number" then
    check.fail("setting %s cannot be a %s", name, kind)
  end
  d.kind = kind
  return d
end

local parsers = {
  string = function(text)
    return text
  end,
  boolean = function(text)
    return ({ ["true"] = true, ["false"] = false, yes = true, no = false })[text]
  end,
  integer = function(text)
    local number = core.parse_number(text)
    return number and math.tointeger(number)
  end,
  number = core.parse_number,
}

local wanted = { boolean = "true or false", integer = "a whole number", number = "a number" }

local function parse(name, declared, text)
  local value = parsers[declared.kind](text)
  if value == nil or value ~= value then
    check.fail("--set %s=%s: %s is wanted", name, text, wanted[declared.kind])
  end
  if declared.choices then
    local found = false
    for _, choice in ipairs(declared.choices) do
      found = found or choice == value
    end
    if not found then
      local names = {}
      for i, choice in ipairs(declared.choices) do
        names[i] = tostring(choice)
      end
      check.fail("--set %s=%s is not one of: %s", name, text, table.concat(names, ", "))
    end
  end
  local low, high = declared.min or -math.huge, declared.max or math.huge
  if type(value) == "number" and (value < low or value > high) then
    check.fail("--set %s=%s is outside [%s, %s]", name, text, tostring(low), tostring(high))
  end
  return value
end

local declared_before = false

-- Values of all settings, those of --set parsed and checked.
function settings.declare(declarations)
  if type(declarations) ~= "table" then
    check.fail("nudge.settings takes a table: nudge.settings { steps = 100 }")
  end
  if declared_before then
    check.fail("nudge.settings is called once, at the top of a script")
  end
  declared_before = true
  local values, declared, names = {}, {}, {}
  for name, declaration in pairs(declarations) do
    if type(name) ~= "string" then
      check.fail("nudge.settings takes names: nudge.settings { steps = 100 }")
    end
    declared[name] = normalise(name, declaration)
    values[name] = declared[name].default
    names[#names + 1] = name
  end
  table.sort(names)
  for _, given in ipairs(core.host().settings) do
    if not declared[given.name] then
      check.fail("--set %s=%s: no such setting; %s", given.name, given.value,
        check.suggestion(given.name, names))
    end
    values[given.name] = parse(given.name, declared[given.name], given.value)
  end
  core.declare_settings()
  settings.values = {} -- as they are now; the script may change its own
  for name, value in pairs(values) do
    settings.values[name] = value
  end
  require("nudge.run").declared(settings.values)
  return values
end

return settings
