-- SPDX-License-Identifier: MIT
-- Means and deviations: over tasks, and over runs that differ in their seed.
local check = require "nudge.check"

local curves = {}

-- Mean, standard deviation (n - 1) and number of those values of a list that are numbers.
function curves.mean(values)
  local n, sum, squares = 0, 0, 0
  for _, x in ipairs(values) do
    if x == x then
      n, sum = n + 1, sum + x
    end
  end
  local mean = sum / n
  for _, x in ipairs(values) do
    if x == x then
      squares = squares + (x - mean) ^ 2
    end
  end
  return mean, n > 1 and math.sqrt(squares / (n - 1)) or 0 / 0, n
end

-- Of a list of numbers, all of which count: mean, deviation (n - 1; nil of a single one), least,
-- greatest, sum and n.
function curves.spread(values)
  local owner = "nudge.spread"
  local n = #check.list(owner, "values", values, "number")
  if n == 0 then
    check.fail("%s: the list is empty", owner)
  end
  local sum, squares, least, greatest = 0, 0, values[1], values[1]
  for _, x in ipairs(values) do
    sum = sum + x
    least, greatest = x < least and x or least, x > greatest and x or greatest
  end
  local mean = sum / n
  for _, x in ipairs(values) do
    squares = squares + (x - mean) ^ 2
  end
  if mean ~= mean then -- of no order
    least, greatest = mean, mean
  end
  return { n = n, sum = sum, mean = mean, least = least, greatest = greatest,
    deviation = n > 1 and math.sqrt(squares / (n - 1)) or nil }
end

-- One row per row of the first run: what all runs share stays, other numbers become a mean and
-- `<name>_deviation`.
local function summary(owner, what, lists, along)
  local rows = {}
  for i, first in ipairs(lists[1]) do
    local row = { [along] = first[along] }
    for name, value in pairs(first) do
      if type(value) == "number" and name ~= along then
        local values = {}
        for r, list in ipairs(lists) do
          values[r] = (list[i] or {})[name] or 0 / 0
        end
        row[name], row[name .. "_deviation"] = curves.mean(values)
      end
    end
    rows[i] = row
  end
  for r, list in ipairs(lists) do
    for i = 1, math.max(#list, #rows) do
      if (list[i] or {})[along] ~= (rows[i] or {})[along] then
        check.fail("%s: run %d has other %s than run 1: %s = %s and %s in row %d", owner, r, what,
          along, tostring((list[i] or {})[along]), tostring((rows[i] or {})[along]), i)
      end
    end
  end
  return rows
end

-- Results of nudge.meta_train as one: { n, steps, validation, test } with rows as theirs, numbers
-- being means over the runs with `<name>_deviation` beside them.
function curves.summarise(results)
  local owner = "nudge.curves"
  if type(results) ~= "table" or #results == 0 then
    check.fail("%s takes a list of results of nudge.meta_train", owner)
  end
  check.list(owner, "what it takes", results, "any")
  local out = { n = #results }
  for what, along in pairs { steps = "step", validation = "step", test = "inner_steps" } do
    local lists = {}
    for r, result in ipairs(results) do
      if (getmetatable(result) or {}).__name ~= "nudge.training" then
        check.fail("%s: entry %d is no result of nudge.meta_train", owner, r)
      end
      lists[r] = what == "test" and result.test and result.test.rows or result[what] or {}
      if what == "test" and not result.test then
        lists[r] = {}
      end
    end
    out[what] = summary(owner, what, lists, along)
  end
  return out
end

return curves
