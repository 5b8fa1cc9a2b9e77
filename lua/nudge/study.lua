-- SPDX-License-Identifier: MIT
-- nudge.gradient_error: how wrong each rule's meta-gradient is against the exact one, over swept
-- options. A study holds plain rows; tables, files and figures are made from them.
local core = require "nudge.core"
local check = require "nudge.check"
local report = require "nudge.report"
local store = require "nudge.store"
local figure = require "nudge.figure"
local sweep = require "nudge.sweep"
local theory = require "nudge.theory"

local study = {}
study.__index = study
study.__name = "nudge.study"

-- Cost in gradient evaluations: a product with second derivatives takes about two.
local function cost_of(record)
  return record.gradient_evaluations
    + 2 * (record.hessian_vector_products + record.mixed_products)
end

local function exact_of(problem, given, name)
  if type(given) == "table" and check.type_of(given.gradient) == "nudge.array" then
    return given
  end
  local kind = given == nil and "fixed_point" or given
  check.choice("nudge.gradient_error", "exact", kind, { "fixed_point", "unrolled" })
  local stage = name .. ": exact meta-gradient"
  core.report(stage, 0, 0)
  local exact = problem:exact { kind = kind }
  core.report(stage, 1, 1)
  return exact
end

local function row_of(point, result, exact)
  local row = core.compare(result.gradient, exact.gradient)
  row.family, row.values = point.family, point.values
  row.status, row.seconds, row.error = result.status, result.seconds, result.error
  row.record, row.note = result.record, result.record.note
  row.cost = cost_of(result.record)
  row.gradient = result.gradient
  if result.error then
    row.relative_error, row.cosine = 0 / 0, 0 / 0
  end
  return row
end

local function finite(x)
  return type(x) == "number" and x == x and x > -math.huge and x < math.huge
end

function study.best(rows)
  local best
  for _, row in ipairs(rows) do
    if finite(row.relative_error) and (not best or row.relative_error < best.relative_error) then
      best = row
    end
  end
  return best
end

-- Rows of a family that share all values but one, ascending in that one: { fixed, rows } each.
function study.series(family, along)
  local out, by_key = {}, {}
  for _, row in ipairs(family.rows) do
    local key, fixed = {}, {}
    for _, d in ipairs(family.dimensions) do
      if d.name ~= along then
        fixed[d.name] = row.values[d.name]
        key[#key + 1] = tostring(row.values[d.name])
      end
    end
    key = table.concat(key, " ")
    if not by_key[key] then
      by_key[key] = { fixed = fixed, rows = {} }
      out[#out + 1] = by_key[key]
    end
    table.insert(by_key[key].rows, row)
  end
  for _, one in ipairs(out) do
    table.sort(one.rows, function(a, b)
      return a.values[along] < b.values[along]
    end)
  end
  return out
end

function study.has_dimension(family, name)
  for _, d in ipairs(family.dimensions) do
    if d.name == name then
      return d
    end
  end
end

-- Order fitted in beta, and the bound with its best beta, for one series over beta.
local function analyse_series(family, series, exact)
  local beta, error = {}, {}
  for i, row in ipairs(series.rows) do
    beta[i], error[i] = row.values.beta, row.relative_error
  end
  if #beta > 1 then
    local limit = finite(exact.stability_radius) and exact.stability_radius or nil
    series.fit = core.fit_order(core.array(beta), core.array(error), limit)
  end
  series.best = study.best(series.rows)
  series.bound = theory.bound(family.rule, exact, series.rows[1].record.gradient_norm)
end

local function analyse(s)
  for _, family in ipairs(s.families) do
    family.best = study.best(family.rows)
    family.order = theory.truncation(family.rule, s.exact)
    if study.has_dimension(family, "beta") then
      family.series = study.series(family, "beta")
      for _, series in ipairs(family.series) do
        analyse_series(family, series, s.exact)
      end
    end
  end
end

-- All jobs failing is an error of the script; single failures are rows that say so.
local function check_failures(rows)
  local failed = {}
  for _, row in ipairs(rows) do
    failed[#failed + 1] = row.error
  end
  if #failed == #rows then
    check.fail("%s", failed[1])
  end
end

-- { problem, rules, sweep, exact, name }: estimates of every rule at every combination of the swept
-- options that it has, compared with the exact meta-gradient.
function study.gradient_error(given)
  local owner = "nudge.gradient_error"
  local t = check.fields(owner, given, {
    problem = "!nudge.problem", rules = "!table", sweep = "table", exact = "string|table",
    name = "string",
  })
  if #t.rules == 0 then
    check.fail("%s: rules is empty", owner)
  end
  for i, rule in ipairs(t.rules) do
    if check.type_of(rule) ~= "nudge.rule" then
      check.fail("%s: rules[%d] must be a nudge.rule, got %s", owner, i, check.type_of(rule))
    end
    local accepted, message = t.problem:accepts(rule)
    if not accepted then
      core.raise("capability", message)
    end
  end
  local families, points = sweep.plan(t.rules, t.sweep or {})
  local name = t.name or t.problem:spec().name
  local s = setmetatable({ name = name, problem = t.problem, families = families, rows = {} }, study)
  s.exact = exact_of(t.problem, t.exact, name)
  local rules, groups = {}, {}
  for i, point in ipairs(points) do
    rules[i], groups[i] = point.rule, point.group
    point.family.rows = point.family.rows or {}
  end
  local results = core.batch(t.problem, rules, groups, name .. ": estimates")
  for i, point in ipairs(points) do
    s.rows[i] = row_of(point, results[i], s.exact)
    s.rows[i].number = point.number
  end
  table.sort(s.rows, function(a, b)
    return a.number < b.number
  end)
  for _, row in ipairs(s.rows) do
    table.insert(row.family.rows, row)
  end
  check_failures(s.rows)
  analyse(s)
  return s
end

function study:table()
  return report.table(self)
end

-- Every row as CSV.
function study:csv(path)
  core.write_file(path, store.csv { self })
  return self
end

-- The exact gradient's evidence and every row as JSON.
function study:json(path)
  core.write_file(path, store.json { self })
  return self
end

-- SVG or PNG by the ending of the path.
function study:plot(path)
  figure.plot({ self }, path)
  return self
end

function study:__tostring()
  return string.format("nudge.study %s, %d estimates", self.name, #self.rows)
end

-- Several studies in one figure, a row of panels each.
function study.plot_studies(studies, path)
  if type(studies) ~= "table" or #studies == 0 then
    check.fail("nudge.plot_studies takes a list of studies and a path")
  end
  for i, s in ipairs(studies) do
    if getmetatable(s) ~= study then
      check.fail("nudge.plot_studies: entry %d is not a study", i)
    end
  end
  figure.plot(studies, path)
end

return study
