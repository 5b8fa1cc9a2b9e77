-- SPDX-License-Identifier: MIT
-- nudge.comparison: methods tried with the same seeds; what they reached as curves of a figure, as
-- rows of a file, and folded over seeds as a table.
local check = require "nudge.check"
local curves = require "nudge.curves"
local rows = require "nudge.rows"

local Comparison = {}
Comparison.__index = Comparison
Comparison.__name = "nudge.comparison"

local OWNER = "nudge.comparison"
local FEWEST, MOST = 1, 100000 -- seeds

local function seeds_of(given, first)
  if type(given) == "table" then
    check.list(OWNER, "seeds", given, "integer")
    check.range(OWNER, "the number of seeds", #given, FEWEST, MOST)
    return given
  end
  local out = {}
  for i = 1, check.range(OWNER, "seeds", given, FEWEST, MOST) do
    out[i] = first + i - 1
  end
  return out
end

-- Copies, each with room for its runs, also by label.
local function methods_of(given)
  local out, by_label = {}, {}
  for i, method in ipairs(check.list(OWNER, "methods", given, "table")) do
    local copy = { runs = {} }
    for name, value in pairs(method) do
      copy[name] = value
    end
    local what = string.format("label of method %d", i)
    if type(copy.label) ~= "string" then
      check.fail("%s: %s must be a string, got %s", OWNER, what, check.type_of(copy.label))
    elseif method.runs then
      check.fail("%s: method '%s' has a field runs, where its runs will stand; rename it", OWNER,
        copy.label)
    elseif by_label[check.name(OWNER, what, copy.label)] then
      check.fail("%s: two methods are '%s'; their rows could not be told apart", OWNER, copy.label)
    end
    out[i], by_label[copy.label] = copy, copy
  end
  if #out == 0 then
    check.fail("%s: there are no methods", OWNER)
  end
  return out, by_label
end

-- What a name, or a function of the run, says about a run; the method answers for its runs.
local function value_of(method, k, of)
  local run = method.runs[k]
  if type(of) == "function" then
    return of(run, method)
  elseif run[of] ~= nil then
    return run[of]
  end
  return method[of]
end

-- Values over the runs of a method, or nil where no run has any.
local function values_of(method, of, what)
  local out, n = {}, 0
  for k in ipairs(method.runs) do
    local value = value_of(method, k, of)
    out[k] = value
    n = n + (value ~= nil and 1 or 0)
  end
  if n > 0 and n < #method.runs then
    check.fail("%s: %d of %d runs of '%s' have no %s", OWNER, #method.runs - n, #method.runs,
      method.label, what)
  end
  return n > 0 and out or nil
end

local function method_of(comparison, label)
  local method = comparison.by_label[label]
  if not method then
    local labels = check.sorted_keys(comparison.by_label)
    check.fail("%s: no method '%s'; %s", OWNER, tostring(label), check.suggestion(label, labels))
  end
  return method
end

-- Mean, deviation, least and greatest over the seeds of one method.
function Comparison:spread(label, of)
  local method = method_of(self, label)
  local values = values_of(method, of, tostring(of))
  if not values then
    check.fail("%s: the runs of '%s' have no %s", OWNER, label, tostring(of))
  end
  return curves.spread(values)
end

local band_fields = { x = "!string|table|nudge.array", y = "!string|function", points = "boolean" }

local function list_of(value)
  return check.type_of(value) == "nudge.array" and value:totable() or value
end

-- One method's curve: means, and the range over seeds.
local function band(method, fields)
  local lists = values_of(method, fields.y, tostring(fields.y))
  if not lists then
    return nil
  end
  local x = type(fields.x) == "string" and value_of(method, 1, fields.x) or fields.x
  local series = { x = list_of(x), y = {}, low = {}, high = {}, label = method.label,
    color = method.color, dashed = method.dashed, dotted = method.dotted, points = fields.points }
  if type(series.x) ~= "table" then
    check.fail("%s: x of '%s' must be a list, got %s", OWNER, method.label, check.type_of(x))
  end
  for k, list in ipairs(lists) do
    lists[k] = list_of(list)
    if #lists[k] ~= #series.x then
      check.fail("%s: run %d of '%s' has %d points of the curve, and x has %d", OWNER, k,
        method.label, #lists[k], #series.x)
    end
  end
  for i in ipairs(series.x) do
    local values = {}
    for k, list in ipairs(lists) do
      values[k] = list[i]
    end
    local s = curves.spread(values)
    series.y[i], series.low[i], series.high[i] = s.mean, s.least, s.greatest
  end
  return series
end

-- Series of a panel of nudge.figure: a band of each method that has the curve.
function Comparison:bands(given)
  local fields, out = check.fields(OWNER .. ": bands", given, band_fields), {}
  for _, method in ipairs(self.methods) do
    out[#out + 1] = band(method, fields)
  end
  return out
end

-- Lists of rows that the runs have as one list, each row with its method and seed.
function Comparison:collect(of)
  local out = {}
  for _, method in ipairs(self.methods) do
    for k, list in ipairs(values_of(method, of, tostring(of)) or {}) do
      for _, row in ipairs(list) do
        local copy = { method = method.label, seed = self.seeds[k] }
        for name, value in pairs(row) do
          copy[name] = value
        end
        out[#out + 1] = copy
      end
    end
  end
  return out
end

-- On how many seeds a method has the lower value than another, and of how many.
function Comparison:wins(label, other, of)
  local first, second = method_of(self, label), method_of(self, other)
  local a, b = values_of(first, of, tostring(of)), values_of(second, of, tostring(of))
  if not a or not b then
    check.fail("%s: the runs of '%s' have no %s", OWNER, a and other or label, tostring(of))
  end
  local n = 0
  for k in ipairs(a) do
    n = n + (a[k] < b[k] and 1 or 0)
  end
  return n, #a
end

function Comparison:__tostring()
  return string.format("%s of %d methods, %d seeds", OWNER, #self.methods, #self.seeds)
end

local comparison = {}

-- { methods, seeds, first_seed?, run }: calls run(method, seed) for every method and seed.
function comparison.run(given)
  local t = check.fields(OWNER, given,
    { methods = "!table", seeds = "!integer|table", run = "!function", first_seed = "integer" })
  if t.first_seed and type(t.seeds) == "table" then
    check.fail("%s: first_seed goes with a number of seeds; they are a list here", OWNER)
  end
  local methods, by_label = methods_of(t.methods)
  local seeds = seeds_of(t.seeds, t.first_seed or 1)
  local self = setmetatable({ methods = methods, by_label = by_label, seeds = seeds }, Comparison)
  for _, method in ipairs(methods) do
    for k, seed in ipairs(self.seeds) do
      local run = t.run(method, seed)
      if type(run) ~= "table" then
        check.fail("%s: run gave %s for '%s', seed %d; it gives a table of values", OWNER,
          run == nil and "nothing" or check.type_of(run), method.label, seed)
      end
      method.runs[k] = run
    end
  end
  return self
end

local folds = {
  mean = true, deviation = true, least = true, greatest = true, sum = true, first = true,
}
local column_fields = {
  name = "!string", title = "string", format = "string", hidden = "boolean",
  deviation = "string|boolean", of = "string|function", fold = "string", over = "string",
}

local function folded(method, column)
  local values = values_of(method, column.of, column.name)
  if not values or type(values[1]) ~= "number" or column.fold == "first" then
    return values and values[1]
  end
  return curves.spread(values)[column.fold]
end

local function cell(c, method, column)
  local value = folded(method, column)
  if value and column.over then
    local other = folded(method_of(c, column.over), column)
    value = other and value / other
  end
  return value
end

-- Columns with a fold; deviation = true stands for a hidden column behind this one.
local function columns_of(owner, given)
  local out = {}
  for i, column in ipairs(given) do
    local where = string.format("%s: column %d", owner, i)
    local c = check.fields(where, type(column) == "string" and { name = column } or column,
      column_fields)
    c.of, c.fold = c.of or c.name, c.fold or "mean"
    check.choice(where, "fold", c.fold, check.sorted_keys(folds))
    out[#out + 1] = c
    if c.deviation == true then
      if c.over or c.fold ~= "mean" then
        check.fail("%s: deviation = true is that of a mean, without fold and over", where)
      end
      c.deviation = c.name .. "_deviation"
      out[#out + 1] = { name = c.deviation, of = c.of, fold = "deviation", hidden = true }
    end
    c.deviation = c.deviation or nil
  end
  return out
end

-- { comparisons, columns }: a row of each method, its values folded over seeds.
function comparison.summary(given)
  local owner = "nudge.summary"
  local t = check.fields(owner, given, { comparisons = "!table", columns = "!table" })
  local columns, shown, out = columns_of(owner, t.columns), {}, {}
  for i, c in ipairs(columns) do
    shown[i] = { name = c.name, title = c.title, format = c.format, hidden = c.hidden,
      deviation = c.deviation }
  end
  for i, c in ipairs(t.comparisons) do
    if getmetatable(c) ~= Comparison then
      check.fail("%s: entry %d of comparisons is no nudge.comparison", owner, i)
    end
    for _, method in ipairs(c.methods) do
      local row = {}
      for _, column in ipairs(columns) do
        row[column.name] = cell(c, method, column)
      end
      out[#out + 1] = row
    end
  end
  return rows { columns = shown, rows = out }
end

return comparison
