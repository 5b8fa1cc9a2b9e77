-- SPDX-License-Identifier: MIT
-- Tables of a page. A cell is a value (nil: nothing), a node, or { value or node, sort = number }.
local core = require "nudge.core"
local html = require "nudge.page.html"
local text = require "nudge.text"

local tables = {}

local function is_node(value)
  return getmetatable(value) ~= nil
end

function tables.number(v)
  if math.type(v) == "integer" then
    return tostring(v)
  end
  local large = math.abs(v) >= 1000 and math.abs(v) < 1e7
  return v == math.huge and "∞" or v == -math.huge and "−∞"
    or text.number(v, large and "%.0f" or "%.4g")
end

-- What a column is sorted by, where its text does not say it: as exact as can be seen.
local function sort_key(value, shown, number)
  local exact = math.tointeger(value) or core.parse_number(string.format("%.9g", value)) or value
  return not (number and tostring(exact) == shown) and core.number_text(exact) or nil
end

local function cell(content, row_heading, number)
  local shown, sort = content, nil
  if type(content) == "table" and not is_node(content) then
    shown, sort = content[1], content.sort
  end
  if type(shown) == "number" then
    sort = sort or shown
    shown = shown == shown and tables.number(shown) or nil
  end
  local value = sort and sort == sort and sort_key(sort, shown, number) or nil
  return html.tag(row_heading and "th" or "td", {
    scope = row_heading and "row", ["data-value"] = value, class = number and "number",
  }, shown == nil and "–" or shown)
end

-- columns: titles, or { title, number = true }; rows: { cells ..., class = }. The first column
-- names its row.
function tables.make(caption, columns, rows)
  local heads, body = {}, {}
  for i, column in ipairs(columns) do
    local title = type(column) == "table" and column[1] or column
    heads[i] = html.tag("th", { scope = "col", class = type(column) == "table" and column.number
      and "number" or nil }, title)
  end
  for i, row in ipairs(rows) do
    local cells = {}
    for k = 1, #columns do
      local column = columns[k]
      cells[k] = cell(row[k], k == 1, type(column) == "table" and column.number)
    end
    body[i] = html.tag("tr", { class = row.class }, cells)
  end
  return html.tag("div", { class = "scroll", role = "region", tabindex = "0",
    ["aria-label"] = caption },
    html.tag("table", { class = "sortable" }, html.tag("caption", nil, caption),
      html.tag("thead", nil, html.tag("tr", nil, heads)), html.tag("tbody", nil, body)))
end

return tables
