-- SPDX-License-Identifier: MIT
-- nudge.gradient_error: how wrong each rule's meta-gradient is against the exact one, over swept
-- options. A study holds plain rows; tables, files and figures are made from them.
local core = require "nudge.core"
local check = require "nudge.check"
local output = require "nudge.output"
local report = require "nudge.report"
local study_files = require "nudge.study_files"
local study_record = require "nudge.study_record"
local figure = require "nudge.study_figure"
local sweep = require "nudge.sweep"
local theory = require "nudge.theory"
local work = require "nudge.study_work"

local study = {}
study.__index = study
study.__name = "nudge.study"

-- Cost in gradient evaluations: a product with second derivatives takes about two.
local function cost_of(record)
  return record.gradient_evaluations
    + 2 * (record.hessian_vector_products + record.mixed_products)
end

local function exact_of(s, given)
  if type(given) == "table" and check.type_of(given.gradient) == "nudge.array" then
    return given
  end
  local kind = given == nil and "fixed_point" or given
  check.choice("nudge.gradient_error", "exact", kind, { "fixed_point", "unrolled" })
  return work.exact(s, kind)
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

local function nearest(rows, beta)
  local best, least = nil, math.huge
  for _, row in ipairs(rows) do
    local distance = math.abs(math.log(row.values.beta / beta))
    if distance < least then
      best, least = row, distance
    end
  end
  return best
end

-- The bound with its best beta, for phases as they ended where the bounds of the rows are smallest.
local function predict(family, series, exact)
  local least
  for _, row in ipairs(series.rows) do
    local bound = theory.bound(family.rule, exact, row.record.gradient_norm)
    row.bound = bound and core.bound_at(bound, row.values.beta)
    if bound and row.values.beta < exact.stability_radius
      and (not least or row.bound < least.bound) then
      least = row
    end
  end
  if not least then
    return nil
  end
  local bound = theory.bound(family.rule, exact, least.record.gradient_norm)
  local near = bound.optimum > 0 and nearest(series.rows, bound.optimum)
  local there = near and theory.bound(family.rule, exact, near.record.gradient_norm)
  local value = there and core.bound_at(there, bound.optimum)
  if value and value <= least.bound then
    bound.at_optimum = value
  else -- exact phases, or phases near the closed form's beta that ended worse
    bound.optimum, bound.at_optimum = least.values.beta, least.bound
  end
  return bound
end

-- Order fitted in beta, and the bound with its best beta, for one series over beta. Where the
-- phases themselves may be that wrong, an error says nothing about truncation.
local function analyse_series(family, series, exact)
  local beta, error = {}, {}
  for i, row in ipairs(series.rows) do
    beta[i], error[i] = row.values.beta, row.relative_error
    if theory.phase_error(exact, row.record.gradient_norm, beta[i]) > error[i] then
      error[i] = 0 / 0
    end
  end
  if #beta > 1 then
    local limit = finite(exact.stability_radius) and exact.stability_radius or nil
    series.fit = core.fit_order(core.array(beta), core.array(error), limit)
  end
  series.best = study.best(series.rows)
  series.bound = predict(family, series, exact)
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

-- A rule, or { rule, label =, alone = }: under that label, and in a panel of its own.
local function entry_of(owner, i, given, problem)
  local entry = { rule = given }
  if type(given) == "table" then
    entry = check.fields(string.format("%s: rules[%d]", owner, i),
      { rule = given[1], label = given.label, alone = given.alone },
      { rule = "!nudge.rule", label = "string", alone = "boolean" })
  elseif check.type_of(given) ~= "nudge.rule" then
    check.fail("%s: rules[%d] must be a nudge.rule, got %s", owner, i, check.type_of(given))
  end
  local accepted, message = problem:accepts(entry.rule)
  if not accepted then
    core.raise("capability", message)
  end
  return entry
end

-- Estimates in batch order become rows in the order of the script.
local function run(s, points)
  local rules, groups = {}, {}
  for i, point in ipairs(points) do
    rules[i], groups[i] = point.rule, point.group
  end
  local results = work.estimates(s, rules, groups)
  for i, point in ipairs(points) do
    s.rows[point.number] = row_of(point, results[i], s.exact)
  end
  for _, row in ipairs(s.rows) do
    table.insert(row.family.rows, row)
  end
end

-- How near free learning came to the minimum: at most gradient norm / mu, as a share of ‖phi‖; nil
-- where the exact gradient is not that of a minimum.
local function learned_of(problem, exact)
  if not finite(exact.mu) then
    return nil
  end
  local reached = problem:learn { soft = true }
  local size = reached.phi:norm() / math.sqrt(problem:info().n_tasks)
  return { gradient_norm = reached.gradient_norm,
    distance = reached.gradient_norm / exact.mu / size }
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
  local entries = {}
  for i, rule in ipairs(t.rules) do
    entries[i] = entry_of(owner, i, rule, t.problem)
  end
  local families, points = sweep.plan(entries, t.sweep or {})
  local name = t.name or t.problem:spec().name
  local s = { name = name, problem = t.problem, families = families, rows = {} }
  setmetatable(s, study)
  study_record.start(s, t.problem)
  s.exact = exact_of(s, t.exact)
  s.learned = learned_of(t.problem, s.exact)
  run(s, points)
  check_failures(s.rows)
  analyse(s)
  study_record.finish(s)
  return s
end

function study:table()
  return report.table(self)
end

-- One study, or a list of studies and of rows of studies: as a list of rows.
local function check_rows(owner, studies)
  if getmetatable(studies) == study then
    return { { studies } }
  end
  if type(studies) ~= "table" or #studies == 0 then
    check.fail("%s takes a study or a list of studies, and a path", owner)
  end
  local rows = {}
  for i, entry in ipairs(studies) do
    local row = getmetatable(entry) == study and { entry } or entry
    for k = 1, type(row) == "table" and math.max(#row, 1) or 1 do
      if type(row) ~= "table" or getmetatable(row[k]) ~= study then
        check.fail("%s: entry %d is not a study", owner, i)
      end
    end
    rows[i] = row
  end
  return rows
end

local function check_studies(owner, studies)
  local flat = {}
  for _, row in ipairs(check_rows(owner, studies)) do
    table.move(row, 1, #row, #flat + 1, flat)
  end
  return flat
end

local function check_path(owner, path)
  if type(path) ~= "string" or path == "" then
    check.fail("%s: a path is wanted, got %s", owner, check.type_of(path))
  end
  return path
end

-- Every row as CSV.
function study.csv(studies, path)
  output.write(check_path("csv", path), study_files.csv(check_studies("csv", studies)), "csv")
  return studies
end

-- The exact gradient's evidence and every row as JSON.
function study.json(studies, path)
  output.write(check_path("json", path), study_files.json(check_studies("json", studies)), "json")
  return studies
end

-- SVG or PNG by the ending of the path; several studies in one figure: a row of panels each, or a
-- list of studies to share a row.
function study.plot(studies, path)
  figure.plot(check_rows("plot", studies), check_path("plot", path))
  return studies
end

function study:__tostring()
  return string.format("nudge.study %s, %d estimates", self.name, #self.rows)
end

return study
