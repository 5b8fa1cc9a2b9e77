-- SPDX-License-Identifier: MIT
-- Arguments of the verbs, as the command line hands them over: lists by name.
local core = require "nudge.core"
local check = require "nudge.check"

local arguments = {}

-- The value of an option that is given once at most.
function arguments.one(given, name)
  local values = given[name] or {}
  if #values > 1 then
    check.fail("--%s is given twice", name:gsub("_", "-"))
  end
  return values[1]
end

-- A whole number from `lowest` on.
function arguments.integer(given, name, default, lowest)
  local value = arguments.one(given, name)
  if value == nil then
    return default
  end
  local number = math.tointeger(core.parse_number(value))
  if not number or number < lowest then
    check.fail("--%s wants a whole number from %d on, got '%s'", name, lowest, value)
  end
  return number
end

-- Operands, of which there must be some: "one run", "two or more runs".
function arguments.operands(given, lowest, highest, what)
  local n = #given.operands
  if n < lowest or n > highest then
    check.fail("%s wanted: a number that 'nudge runs' lists, or 'last'%s", what,
      n > highest and string.format("; got %d", n) or "")
  end
  return given.operands
end

-- Is a name chosen by an option that may be repeated? All are where it is not given.
function arguments.chooser(given, name)
  local values = given[name]
  return function(candidate)
    for _, value in ipairs(values or {}) do
      if value == candidate then
        return true
      end
    end
    return not values
  end
end

return arguments
