-- SPDX-License-Identifier: MIT
-- What a stage of a run is made of, as flat names and values: learner, learner.lambda, ...
local check = require "nudge.check"

local options = {}

local function add(out, name, value)
  local kind = check.type_of(value)
  if kind == "nudge.learner" or kind == "nudge.rule" then
    out[name] = value:id()
    add(out, name, value:options())
  elseif kind == "table" and #value > 0 then
    local parts = {}
    for i, element in ipairs(value) do
      parts[i] = tostring(element)
    end
    out[name] = table.concat(parts, " ")
  elseif kind == "table" then
    for key, element in pairs(value) do
      add(out, name .. "." .. tostring(key), element)
    end
  elseif kind == "number" and (value ~= value or math.abs(value) == math.huge) then
    out[name] = tostring(value) -- JSON has no such numbers
  elseif kind == "integer" or kind == "number" or kind == "boolean" or kind == "string" then
    out[name] = value
  else
    out[name] = kind -- an array or a function of the script
  end
end

-- Tables become names with dots, lists texts, components their id and all their options.
function options.flat(given)
  local out = {}
  for name, value in pairs(given) do
    add(out, name, value)
  end
  return out
end

return options
