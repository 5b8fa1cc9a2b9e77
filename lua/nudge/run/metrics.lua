-- SPDX-License-Identifier: MIT
-- What one step of a series may hold: numbers by name.
local check = require "nudge.check"

local metrics = {}

-- Names in order and their numbers; true and false count as 1 and 0.
function metrics.of(owner, values)
  local names, numbers = check.sorted_keys(values), {}
  for i, name in ipairs(names) do
    local value = values[name]
    if type(name) ~= "string" or name == "" or name == "step" or name == "series" then
      check.fail("%s: a metric is named by a text other than 'step' and 'series', got '%s'", owner,
        tostring(name))
    elseif type(value) == "boolean" then
      value = value and 1 or 0
    elseif type(value) ~= "number" then
      check.fail("%s: %s is no number but a %s", owner, name, check.type_of(value))
    end
    numbers[i] = value
  end
  return names, numbers
end

return metrics
