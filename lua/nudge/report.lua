-- SPDX-License-Identifier: MIT
-- A study as text: the best of each rule, a block per kind of rule, and how the error falls along
-- what was swept.
local check = require "nudge.check"
local text = require "nudge.text"

local report = {}

local number, aligned = text.number, text.aligned

local MAX_COLUMNS = 10 -- of a block along one option
local UNFINISHED = 1e-6 -- distance from the minimum, as a share of ‖phi‖, worth a warning

local meanings = {
  diverged = "a phase grew without limit; its error says nothing",
  past_radius = "beta lies past the stability radius, where the nudged minimum may not exist",
  not_converged = "a phase or a solver stopped short of its tolerance",
}

-- Errors from 1 on say only that an estimate is worthless; files keep the numbers.
local function error_text(x, format)
  if type(x) == "number" and x > 1 then
    return "> 1"
  end
  return number(x, format)
end

local function heading(s)
  local spec, info = s.problem:spec(), s.problem:info()
  local tasks = spec.tasks
  local samples = tasks.n_learn and string.format(": %d learning + %d evaluation samples, %d "
    .. "features", tasks.n_learn, tasks.n_eval, tasks.n_features)
    or info.n_tasks > 1 and string.format(": %d tasks", info.n_tasks) or ""
  local inner = spec.inner
  return string.format("%s\n  data     %s%s\n  learner  %s, %d phi, %d theta; %s, lr %s, %d steps",
    s.name, tasks.origin, samples, spec.learner:id(), info.n_phi, info.n_theta, inner.optimizer,
    number(inner.lr), inner.steps)
end

-- What each rung of the exact reference is.
local rungs = {
  ["dense"] = "dense solve",
  ["extended"] = "dense solve refined in long double",
  ["holomorphic"] = "contour around beta = 0",
  ["unrolled"] = "reverse mode through all steps",
  ["differences"] = "differences of learned losses",
}

local function exact_line(exact)
  local parts = { rungs[exact.rung] or exact.rung or "given by the script" }
  if exact.witness then
    parts[2] = string.format("%s agrees to %s", rungs[exact.witness] or exact.witness,
      number(exact.agreement, "%.1e"))
  end
  parts[#parts + 1] = "norm " .. number(exact.gradient:norm())
  if exact.condition then
    parts[#parts + 1] = "condition " .. number(exact.condition)
    parts[#parts + 1] = "stability radius " .. number(exact.stability_radius)
  end
  return "  exact    " .. table.concat(parts, "; ")
end

-- How near free learning came to the minimum, and a warning where that is not near.
local function learned_lines(learned)
  if not learned then
    return {}
  end
  local lines = { string.format("  learned  to a gradient norm of %s; distance from the minimum at "
    .. "most %s of the size of phi", number(learned.gradient_norm, "%.1e"),
    number(learned.distance, "%.1e")) }
  if learned.distance > UNFINISHED or learned.distance ~= learned.distance then
    lines[2] = "  WARNING  learning had not converged: errors below include that; more inner steps "
      .. "or a larger lambda would help"
  end
  return lines
end

-- Families by rule id, in order of appearance.
local function by_id(families)
  local ids, groups = {}, {}
  for _, family in ipairs(families) do
    if not groups[family.id] then
      groups[family.id] = {}
      ids[#ids + 1] = family.id
    end
    table.insert(groups[family.id], family)
  end
  return ids, groups
end

-- Names swept by any family of a block.
local function swept_by(families)
  local names, seen = {}, {}
  for _, family in ipairs(families) do
    for _, d in ipairs(family.dimensions) do
      if not seen[d.name] then
        seen[d.name] = true
        names[#names + 1] = d.name
      end
    end
  end
  table.sort(names)
  return names
end

local function series_of(family, row)
  for _, series in ipairs(family.series or {}) do
    local same = true
    for name, value in pairs(series.fixed) do
      same = same and row.values[name] == value
    end
    if same then
      return series
    end
  end
  return {}
end

-- Order fitted where the most steps were taken: there truncation shows best.
local function order_text(family)
  local series = family.series and family.series[#family.series]
  if not series or not family.order then
    return "-"
  end
  return string.format("%s (%d)", number((series.fit or {}).order, "%.3f"), family.order)
end

local function best_cells(family, swept, has_beta)
  local row = family.best
  if not row then
    return { family.short, "failed" }
  end
  local cells = { family.short, error_text(row.relative_error, "%.2e"),
    number(row.cosine, "%.6f") }
  for _, name in ipairs(swept) do
    cells[#cells + 1] = number(row.values[name])
  end
  if has_beta then
    local bound = series_of(family, row).bound or {}
    cells[#cells + 1] = order_text(family)
    cells[#cells + 1] = number(bound.optimum)
    cells[#cells + 1] = number(bound.at_optimum, "%.1e")
  end
  local record = row.record
  cells[#cells + 1] = tostring(record.gradient_evaluations)
  cells[#cells + 1] = tostring(record.hessian_vector_products + record.mixed_products)
  if row.status ~= "ok" then
    cells[#cells + 1] = row.status
  end
  return cells
end

local function best_block(id, families)
  local swept, has_beta = swept_by(families), false
  for _, family in ipairs(families) do
    has_beta = has_beta or family.series ~= nil
  end
  local header = { id, "best error", "cosine" }
  for _, name in ipairs(swept) do
    header[#header + 1] = name
  end
  if has_beta then
    table.move({ "order (theory)", "predicted best beta", "bound there" }, 1, 3, #header + 1,
      header)
  end
  table.move({ "gradients", "products" }, 1, 2, #header + 1, header)
  local rows = { header }
  for _, family in ipairs(families) do
    rows[#rows + 1] = best_cells(family, swept, has_beta)
  end
  return aligned(rows)
end

-- Smallest error of a family where a swept option has a value.
local function best_at(family, name, value)
  local best
  for _, row in ipairs(family.rows) do
    local error = row.relative_error
    if row.values[name] == value and error == error and (not best or error < best) then
      best = error
    end
  end
  return error_text(best, "%.1e")
end

-- Best error at each value of one option; thinned out where there are many.
local function along_block(name, families)
  local values, seen = {}, {}
  local members = {}
  for _, family in ipairs(families) do
    for _, d in ipairs(family.dimensions) do
      if d.name == name then
        members[#members + 1] = family
        for _, value in ipairs(d.values) do
          if not seen[value] then
            seen[value] = true
            values[#values + 1] = value
          end
        end
      end
    end
  end
  table.sort(values)
  local stride = math.max(1, math.ceil((#values - 1) / (MAX_COLUMNS - 1)))
  local header, shown = { "error by " .. name }, {}
  for i, value in ipairs(values) do
    if (#values - i) % stride == 0 then
      shown[#shown + 1] = value
      header[#header + 1] = number(value)
    end
  end
  local rows = { header }
  for _, family in ipairs(members) do
    local cells = { family.short }
    for _, value in ipairs(shown) do
      cells[#cells + 1] = best_at(family, name, value)
    end
    rows[#rows + 1] = cells
  end
  return aligned(rows)
end

local function status_line(rows)
  local counts, names = {}, {}
  for _, row in ipairs(rows) do
    if not counts[row.status] then
      names[#names + 1] = row.status
    end
    counts[row.status] = (counts[row.status] or 0) + 1
  end
  table.sort(names, function(a, b)
    return counts[a] > counts[b]
  end)
  for i, name in ipairs(names) do
    names[i] = counts[name] .. " " .. name
  end
  return string.format("  %d estimates: %s", #rows, table.concat(names, ", "))
end

-- What the marks of the table mean, as far as it has them.
local function legend(s, body)
  local lines = {}
  local function explain(found, meaning)
    if found then
      lines[#lines + 1] = "  " .. meaning
    end
  end
  explain(body:find("order (theory)", 1, true), "order: slope of the error in beta as fitted, and "
    .. "of theory; bound there: largest error in theory at the predicted best beta")
  explain(body:find " %- %(%d", "- (theory): too few values of beta where truncation dominates")
  explain(body:find "[^%S\n]%-%f[%s]", "-: the rule has no such option, or there is no value")
  explain(body:find(" failed", 1, true), "failed: every estimate raised an error; see the CSV file")
  explain(body:find("> 1", 1, true), "> 1: worthless; the CSV and JSON files keep the number")
  local statuses = {}
  for _, row in ipairs(s.rows) do
    statuses[row.status] = true
  end
  for _, name in ipairs(check.sorted_keys(statuses)) do
    explain(meanings[name], name .. ": " .. tostring(meanings[name]))
  end
  return lines
end

function report.table(s)
  local out = { heading(s), exact_line(s.exact) }
  table.move(learned_lines(s.learned), 1, 2, #out + 1, out)
  local ids, groups = by_id(s.families)
  for _, id in ipairs(ids) do
    local families = groups[id]
    out[#out + 1] = "\n" .. best_block(id, families)
    for _, name in ipairs(swept_by(families)) do
      out[#out + 1] = "\n" .. along_block(name, families)
    end
  end
  out[#out + 1] = "\n" .. status_line(s.rows)
  table.move(legend(s, table.concat(out, "\n")), 1, 9, #out + 1, out)
  return table.concat(out, "\n") .. "\n"
end

return report
