-- SPDX-License-Identifier: MIT
-- Rows of a script's own results: as text for people, and as CSV and JSON that read back the same.
local check = require "nudge.check"
local output = require "nudge.output"
local text = require "nudge.text"

local Rows = {}
Rows.__index = Rows
Rows.__name = "nudge.rows"

local column_fields = { name = "!string", title = "string", format = "string", hidden = "boolean",
  deviation = "string" }

local function path_of(what, path)
  if type(path) ~= "string" or path == "" then
    check.fail("%s: a path is wanted, got %s", what, check.type_of(path))
  end
  return path
end

local function cell(value, format)
  if type(value) == "number" then
    return text.number(value, format)
  end
  return value == nil and "-" or tostring(value)
end

-- "0.0025 ± 0.0010": a value and its deviation, which stands under another name.
local function with_deviation(row, column)
  local value = cell(row[column.name], column.format)
  local deviation = column.deviation and row[column.deviation]
  return deviation and value .. " ± " .. cell(deviation, column.format) or value
end

-- Columns that are not hidden, under their titles.
function Rows:table()
  local header, lines = {}, {}
  for _, column in ipairs(self.columns) do
    if not column.hidden then
      header[#header + 1] = column.title or column.name
    end
  end
  lines[1] = header
  for _, row in ipairs(self.rows) do
    local cells = {}
    for _, column in ipairs(self.columns) do
      if not column.hidden then
        cells[#cells + 1] = with_deviation(row, column)
      end
    end
    lines[#lines + 1] = cells
  end
  return text.aligned(lines) .. "\n"
end

function Rows:csv(path)
  local names = {}
  for i, column in ipairs(self.columns) do
    names[i] = column.name
  end
  output.write(path_of("rows:csv", path), text.csv(names, self.rows), "csv")
  return self
end

function Rows:json(path)
  local out = {}
  for i, row in ipairs(self.rows) do
    out[i] = {}
    for _, column in ipairs(self.columns) do
      out[i][column.name] = row[column.name]
    end
  end
  output.write(path_of("rows:json", path), text.json(out) .. "\n", "json")
  return self
end

function Rows:__tostring()
  return string.format("nudge.rows, %d rows of %d columns", #self.rows, #self.columns)
end

-- { columns, rows }: a column is its name, or { name, title?, format?, hidden?, deviation? }; rows
-- are tables of values by column name, and a name that no column has is an error.
return function(given)
  local owner = "nudge.rows"
  local t = check.fields(owner, given, { columns = "!table", rows = "!table" })
  local columns, known = {}, {}
  for i, column in ipairs(t.columns) do
    column = type(column) == "string" and { name = column } or column
    columns[i] = check.fields(string.format("%s: column %d", owner, i), column, column_fields)
    known[columns[i].name] = true
  end
  for i, column in ipairs(columns) do
    if column.deviation and not known[column.deviation] then
      check.fail("%s: column %d has its deviation in '%s', which is no column", owner, i,
        column.deviation)
    end
  end
  for i, row in ipairs(t.rows) do
    for name in pairs(row) do
      if not known[name] then
        check.fail("%s: row %d has a value of %s, which is no column", owner, i, tostring(name))
      end
    end
  end
  return setmetatable({ columns = columns, rows = t.rows }, Rows)
end
