-- SPDX-License-Identifier: MIT
-- Numbers, tables, CSV and JSON as text. Numbers in files are written so that they read back the
-- same; what is not a finite number is an empty field or null.
local core = require "nudge.core"
local check = require "nudge.check"

local text = {}

-- For people: a few digits, "-" for what is no number.
function text.number(x, format)
  if type(x) ~= "number" or x ~= x then
    return "-"
  end
  return math.type(x) == "integer" and tostring(x) or string.format(format or "%.3g", x)
end

-- Valid UTF-8: every byte that is no part of it becomes U+FFFD.
function text.valid(value)
  local parts, from = {}, 1
  while from <= #value do
    local length, bad = utf8.len(value, from)
    parts[#parts + 1] = value:sub(from, length and #value or bad - 1)
    if length then
      break
    end
    parts[#parts + 1] = "\u{FFFD}"
    from = bad + 1
  end
  return table.concat(parts)
end

-- Rows of cells as lines: left-aligned first column, the others right-aligned.
function text.aligned(rows)
  local widths, lines = {}, {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, utf8.len(cell) or #cell)
    end
  end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local pad = string.rep(" ", widths[i] - (utf8.len(cell) or #cell))
      cells[i] = i == 1 and cell .. pad or pad .. cell
    end
    lines[#lines + 1] = ("  " .. table.concat(cells, "  ")):gsub("%s+$", "")
  end
  return table.concat(lines, "\n")
end

local function exact(x)
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
    return exact(value) or ""
  end
  local field = tostring(value)
  return field:find '[",\n]' and '"' .. field:gsub('"', '""') .. '"' or field
end

-- A heading and rows of values by column name.
function text.csv(columns, rows)
  local lines = { table.concat(columns, ",") }
  for _, row in ipairs(rows) do
    local fields = {}
    for i, name in ipairs(columns) do
      fields[i] = csv_field(row[name])
    end
    lines[#lines + 1] = table.concat(fields, ",")
  end
  return table.concat(lines, "\n") .. "\n"
end

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function json_string(value)
  return '"' .. value:gsub('[%c"\\]', function(c)
    return escapes[c] or string.format("\\u%04x", c:byte())
  end) .. '"'
end

-- Lists are tables with an element 1, or empty; keys of objects come in order, so that equal
-- results are equal files.
function text.json(value, indent)
  indent = indent or ""
  local kind = type(value)
  if kind == "number" then
    return exact(value) or "null"
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
      parts[i] = text.json(element, deeper)
    end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  for _, key in ipairs(check.sorted_keys(value)) do
    parts[#parts + 1] = string.format("\n%s%s: %s", deeper, json_string(key),
      text.json(value[key], deeper))
  end
  return "{" .. table.concat(parts, ",") .. "\n" .. indent .. "}"
end

return text
