-- SPDX-License-Identifier: MIT
-- Settings, manifests and kept tables as parts of a page.
local check = require "nudge.check"
local html = require "nudge.page.html"
local tables = require "nudge.page.tables"
local text = require "nudge.text"

local values = {}

function values.shown(value)
  if type(value) == "number" then
    return math.type(value) == "integer" and tostring(value) or text.number(value, "%.10g")
  elseif type(value) == "table" then
    return (text.json(value):gsub("%s+", " "))
  end
  return value ~= nil and tostring(value) or nil
end

-- Named values within each other, as a list of terms.
function values.list(value)
  local out = {}
  for _, key in ipairs(check.sorted_keys(value)) do
    local inner = value[key]
    local nested = type(inner) == "table" and next(inner) ~= nil
    out[#out + 1] = html.tag("dt", nil, tostring(key))
    out[#out + 1] = html.tag("dd", nil, nested and values.list(inner) or values.shown(inner))
  end
  return html.tag("dl", nil, out)
end

-- Rows of named values; columns as the table gives them, else texts before numbers, by name.
function values.table(caption, given)
  local rows = given.rows or given
  local names, known = {}, {}
  for _, column in ipairs(given.columns or {}) do
    names[#names + 1] = type(column) == "table" and column.name or column
  end
  if #names == 0 then
    for _, row in ipairs(rows) do
      for name, value in pairs(type(row) == "table" and row or {}) do
        known[name] = known[name] or type(value) ~= "number"
      end
    end
    for _, wanted in ipairs { true, false } do -- texts before numbers
      for _, name in ipairs(check.sorted_keys(known)) do
        names[#names + 1] = known[name] == wanted and name or nil
      end
    end
  end
  local titles, out = {}, {}
  for i, name in ipairs(names) do
    local column = (given.columns or {})[i]
    titles[i] = { type(column) == "table" and column.title or tostring(name):gsub("_", " ") }
  end
  for i, row in ipairs(rows) do
    out[i] = {}
    for k, name in ipairs(names) do
      local value = row[name]
      titles[k].number = titles[k].number or type(value) == "number"
      out[i][k] = type(value) == "number" and value or values.shown(value)
    end
  end
  return tables.make(caption, titles, out)
end

-- Names and values side by side: columns are { title, values }. Rows that differ come first and are
-- marked; how many do is given too.
function values.beside(caption, first, columns)
  local known, differ, same, heads = {}, {}, {}, { first }
  for i, column in ipairs(columns) do
    heads[i + 1] = { column[1] }
    for name in pairs(column[2]) do
      known[name] = true
    end
  end
  for _, name in ipairs(check.sorted_keys(known)) do
    local row, shown = { name }, values.shown(columns[1][2][name])
    for i, column in ipairs(columns) do
      local value = column[2][name]
      heads[i + 1].number = heads[i + 1].number ~= false and type(value) == "number"
      row[i + 1] = type(value) == "number" and { values.shown(value), sort = value }
        or values.shown(value)
      if values.shown(value) ~= shown then
        row.class = "differs"
      end
    end
    if row.class then
      row[1] = { html.raw(html.text(name, html.tag("span", { class = "hidden" }, " (differs)"))) }
    end
    table.insert(row.class and differ or same, row)
  end
  caption = caption .. (#columns == 1 and "" or #differ == 0 and "; they do not differ"
    or "; those that differ come first and are marked")
  local n = #differ
  table.move(same, 1, #same, n + 1, differ)
  return tables.make(caption, heads, differ), n
end

-- Settings of all runs; nil where there are none.
function values.settings(runs, label_of)
  local columns, any = {}, false
  for i, run in ipairs(runs) do
    columns[i] = { #runs > 1 and label_of(run) or "value", run.settings }
    any = any or next(run.settings) ~= nil
  end
  return any and (values.beside("Settings", "setting", columns)) or nil
end

return values
