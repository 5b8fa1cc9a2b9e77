-- SPDX-License-Identifier: MIT
-- Studies as CSV and JSON texts. Numbers are written so that they read back the same; what is not a
-- finite number is an empty field or null.
local core = require "nudge.core"
local check = require "nudge.check"

local store = {}

local function number_text(x)
  if math.type(x) == "integer" then
    return tostring(x)
  end
  return x == x and math.abs(x) < math.huge and core.number_text(x) or nil
end

local function csv_field(value)
  if value == nil then
    return ""
  end
  if type(value) == "number" then
    return number_text(value) or ""
  end
  local text = tostring(value)
  return text:find '[",\n]' and '"' .. text:gsub('"', '""') .. '"' or text
end

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

function store.csv(studies)
  local swept, lines = swept_names(studies), {}
  local header = { "study", "rule", "label", table.unpack(swept) }
  table.move(measures, 1, #measures, #header + 1, header)
  table.move(records, 1, #records, #header + 1, header)
  header[#header + 1] = "status"
  header[#header + 1] = "note"
  lines[1] = table.concat(header, ",")
  for _, s in ipairs(studies) do
    for _, row in ipairs(s.rows) do
      local fields = { csv_field(s.name), csv_field(row.family.id), csv_field(row.family.label) }
      for _, name in ipairs(swept) do
        fields[#fields + 1] = csv_field(row.values[name])
      end
      for _, name in ipairs(measures) do
        fields[#fields + 1] = csv_field(row[name])
      end
      for _, name in ipairs(records) do
        fields[#fields + 1] = csv_field(row.record[name])
      end
      fields[#fields + 1] = csv_field(row.status)
      fields[#fields + 1] = csv_field(row.error or row.note)
      lines[#lines + 1] = table.concat(fields, ",")
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function json_string(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return escapes[c] or string.format("\\u%04x", c:byte())
  end) .. '"'
end

-- Lists are tables with an element 1 or the field `n_list`; keys of objects come in order, so that
-- equal results are equal files.
local function json(value, indent)
  local kind = type(value)
  if kind == "number" then
    return number_text(value) or "null"
  elseif kind == "string" then
    return json_string(value)
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind ~= "table" then
    return "null"
  end
  local deeper = indent .. " "
  local parts = {}
  if #value > 0 or next(value) == nil then
    for i, element in ipairs(value) do
      parts[i] = json(element, deeper)
    end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  for _, key in ipairs(check.sorted_keys(value)) do
    parts[#parts + 1] = string.format("\n%s%s: %s", deeper, json_string(key),
      json(value[key], deeper))
  end
  return "{" .. table.concat(parts, ",") .. "\n" .. indent .. "}"
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

function store.json(studies)
  local out = {}
  for i, s in ipairs(studies) do
    out[i] = plain_study(s)
  end
  return json(#out == 1 and out[1] or out, "") .. "\n"
end

return store
