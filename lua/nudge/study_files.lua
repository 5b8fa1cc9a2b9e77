-- SPDX-License-Identifier: MIT
-- Studies as CSV and JSON texts.
local check = require "nudge.check"
local text = require "nudge.text"

local study_files = {}

local measures = { "relative_error", "bound", "cosine", "sign_agreement", "norm_ratio", "cost" }
local records = {
  "gradient_evaluations", "hessian_vector_products", "mixed_products", "learner_runs",
  "bytes_held", "residual", "gradient_norm",
}

-- Names of all swept options, in order.
local function swept_names(studies)
  local names = {}
  for _, s in ipairs(studies) do
    for _, family in ipairs(s.families) do
      for _, d in ipairs(family.dimensions) do
        names[d.name] = true
      end
    end
  end
  return check.sorted_keys(names)
end

-- The rows of a study as values by name.
function study_files.rows(s, swept)
  local rows = {}
  for i, row in ipairs(s.rows) do
    local out = { study = s.name, rule = row.family.id, label = row.family.label,
      status = row.status, note = row.error or row.note }
    for _, name in ipairs(swept or swept_names { s }) do
      out[name] = row.values[name]
    end
    for _, name in ipairs(measures) do
      out[name] = row[name]
    end
    for _, name in ipairs(records) do
      out[name] = row.record[name]
    end
    rows[i] = out
  end
  return rows
end

function study_files.csv(studies)
  local swept, rows = swept_names(studies), {}
  local columns = { "study", "rule", "label", table.unpack(swept) }
  for _, names in ipairs { measures, records, { "status", "note" } } do
    table.move(names, 1, #names, #columns + 1, columns)
  end
  for _, s in ipairs(studies) do
    local own = study_files.rows(s, swept)
    table.move(own, 1, #own, #rows + 1, rows)
  end
  return text.csv(columns, rows)
end

local function plain_row(row)
  local out = { rule = row.family.id, label = row.family.label, options = row.values,
    status = row.status, note = row.error or row.note }
  if next(row.values) == nil then
    out.options = nil
  end
  for _, name in ipairs(measures) do
    out[name] = row[name]
  end
  for _, name in ipairs(records) do
    out[name] = row.record[name]
  end
  return out
end

local function plain_exact(exact)
  local out = {}
  for name, value in pairs(exact) do
    if type(value) == "number" or type(value) == "string" then
      out[name] = value
    end
  end
  out.gradient = exact.gradient:totable()
  if exact.taylor then
    out.taylor = { exact.taylor[0], table.unpack(exact.taylor) }
  end
  return out
end

local function plain_study(s)
  local rows, spec = {}, s.problem:spec()
  for i, row in ipairs(s.rows) do
    rows[i] = plain_row(row)
  end
  return {
    name = s.name,
    data = spec.tasks.origin,
    learner = spec.learner:id(),
    learner_options = spec.learner:options(),
    inner = spec.inner,
    dtype = spec.dtype,
    seed = spec.seed,
    exact = plain_exact(s.exact),
    estimates = rows,
  }
end

function study_files.json(studies)
  local out = {}
  for i, s in ipairs(studies) do
    out[i] = plain_study(s)
  end
  return text.json(#out == 1 and out[1] or out) .. "\n"
end

return study_files
