-- SPDX-License-Identifier: MIT
-- Checks of what a script hands over. Errors are raised at the script's line.
local core = require "nudge.core"

local check = {}

function check.fail(format, ...)
  core.raise("invalid", string.format(format, ...))
end

-- "nudge.array", "integer", "number", or Lua's own type name.
function check.type_of(value)
  local type_name = type(value)
  if type_name == "userdata" then
    return (getmetatable(value) or {}).__name or type_name
  end
  return math.type(value) == "integer" and "integer" or type_name
end

local function fits(value, wanted)
  local is = check.type_of(value)
  return is == wanted or (wanted == "number" and is == "integer") or wanted == "any"
    or (wanted == "integer" and is == "number" and math.tointeger(value) ~= nil)
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    return tostring(a) < tostring(b)
  end)
  return keys
end
check.sorted_keys = sorted_keys

-- ", did you mean 'x'?" or the list of what there is.
function check.suggestion(name, names)
  local near = core.nearest(tostring(name), names)
  if near then
    return string.format("did you mean '%s'?", near)
  end
  return "there are: " .. table.concat(names, ", ")
end

-- Fields of the table that a function of the API takes. allowed: name -> "type" or "type|type";
-- a leading "!" makes a field required. Returns a copy in which whole numbers are integers.
function check.fields(owner, given, allowed)
  if type(given) ~= "table" then
    check.fail("%s takes a table of named fields, got %s", owner, check.type_of(given))
  end
  local names, out = sorted_keys(allowed), {}
  for name, value in pairs(given) do
    local wanted = allowed[name]
    if not wanted then
      check.fail("%s: no field '%s'; %s", owner, tostring(name), check.suggestion(name, names))
    end
    local good = false
    for one in wanted:gsub("^!", ""):gmatch "[^|]+" do
      if not good and fits(value, one) then
        good = true
        out[name] = one == "integer" and math.tointeger(value) or value
      end
    end
    if not good then
      check.fail("%s: field %s must be a %s, got %s", owner, name,
        (wanted:gsub("^!", ""):gsub("|", " or a ")), check.type_of(value))
    end
  end
  for _, name in ipairs(names) do
    if allowed[name]:sub(1, 1) == "!" and out[name] == nil then
      check.fail("%s: field %s is missing", owner, name)
    end
  end
  return out
end

function check.choice(owner, name, value, choices)
  for _, choice in ipairs(choices) do
    if choice == value then
      return value
    end
  end
  check.fail("%s: %s = '%s' is not one of: %s", owner, name, tostring(value),
    table.concat(choices, ", "))
end

-- A list of values of one type, without holes and named fields: both would be passed over.
function check.list(owner, name, value, wanted)
  if type(value) ~= "table" then
    check.fail("%s: %s must be a list, got %s", owner, name, check.type_of(value))
  end
  local n = 0
  for _ in pairs(value) do
    n = n + 1
  end
  for i = 1, n do
    if value[i] == nil then
      check.fail("%s: %s must be a list { first, second, ... } without holes and named fields; "
        .. "entry %d is missing", owner, name, i)
    elseif not fits(value[i], wanted) then
      check.fail("%s: entry %d of %s must be a %s, got %s", owner, i, name, wanted,
        check.type_of(value[i]))
    end
  end
  return value
end

-- One line of text to be shown in messages and figures.
function check.name(owner, name, value)
  if value == "" or #value > 100 or value:find "%c" then
    check.fail("%s: %s must be one line of 1 to 100 characters, got '%s'", owner, name,
      (value:sub(1, 40):gsub("%c", "?")))
  end
  return value
end

-- A number in [lowest, highest].
function check.range(owner, name, value, lowest, highest)
  if value ~= value or value < lowest or value > highest then
    check.fail("%s: %s = %s is outside [%s, %s]", owner, name, tostring(value), tostring(lowest),
      tostring(highest))
  end
  return value
end

return check
