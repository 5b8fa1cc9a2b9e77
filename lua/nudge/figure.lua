-- SPDX-License-Identifier: MIT
-- nudge.figure: curves, bands and points in panels, as plain data of a script. Curves of one label
-- look the same in all panels.
local check = require "nudge.check"
local axes = require "nudge.gnuplot_axes"
local gnuplot = require "nudge.gnuplot"
local styles = require "nudge.styles"

local Figure = {}
Figure.__index = Figure

local figure_fields = {
  title = "string", panels = "!table", columns = "integer", width = "integer",
  height = "integer", same_axes = "boolean", legend = "string",
}
local panel_fields = {
  title = "string", xlabel = "string", ylabel = "string", logx = "boolean", logy = "boolean",
  xrange = "table", yrange = "table", series = "!table", verticals = "table",
  horizontals = "table", image = "nudge.array",
}
local image_fields = {
  title = "string", xlabel = "string", ylabel = "string", image = "!nudge.array",
}
local series_fields = {
  label = "string", x = "!table|nudge.array", y = "table|nudge.array",
  low = "table|nudge.array", high = "table|nudge.array", points = "boolean|string",
  dashed = "boolean", dotted = "boolean", color = "string|integer", width = "number",
}
local line_fields = {
  x = "number", y = "number", label = "string", color = "string|integer", dashed = "boolean",
  dotted = "boolean", width = "number",
}
-- Sizes of the plots for 1, 2, 3, and more columns.
local sizes = { { 600, 380 }, { 450, 320 }, { 380, 280 }, { 250, 200 } }

local function numbers(owner, name, values)
  if check.type_of(values) == "nudge.array" then
    local shape, n = values:shape(), 1
    for _, length in ipairs(shape) do
      n = n * length
    end
    if n ~= math.max(table.unpack(shape)) then
      check.fail("%s: %s must be a list, got an array of %s", owner, name,
        table.concat(shape, "x"))
    end
    values = values:reshape(n):totable()
  end
  for i = 1, #values do
    if type(values[i]) ~= "number" then
      check.fail("%s: %s[%d] is no number but a %s", owner, name, i, type(values[i]))
    end
  end
  return values
end

-- How often each curve style was used, and the style of each label.
local function new_book()
  return { next = 0, of = {} }
end

local function style_of(owner, book, series)
  local color = series.color
  if type(color) == "string" and color:find "^#%x%x%x%x%x%x$" then
    return color, 7
  elseif styles.others[color] then
    return styles.others[color], 7
  end
  local index = styles.names[color] or math.tointeger(color)
  if color and not (index and styles.list[index]) then
    check.fail("%s: color = %s is not #rrggbb, 1 to %d or one of: %s, %s", owner,
      tostring(color), #styles.list, table.concat(check.sorted_keys(styles.names), ", "),
      table.concat(check.sorted_keys(styles.others), ", "))
  elseif not index then
    index = series.label and book.of[series.label]
    if not index then
      index = book.next % #styles.list + 1
      book.next = book.next + 1
    end
  end
  if series.label then
    book.of[series.label] = index
  end
  return table.unpack(styles.list[index])
end

-- Values that the panel's axes cannot show, counted by why.
local function count_hidden(panel, series, hidden)
  for _, name in ipairs { "x", "y", "low", "high" } do
    local axis = name == "x" and "x" or "y"
    for _, v in ipairs(series[name] or {}) do
      if not axes.shows(panel, axis, v) then
        local why = (v ~= v or math.abs(v) == math.huge) and "not finite"
          or math.abs(v) > 1e300 and "too large" or "not positive"
        hidden[why] = (hidden[why] or 0) + 1
      end
    end
  end
end

-- Few values get marks on their curve, so that one sees where they are.
local function marks(owner, series, point)
  local points = series.points
  if points == nil then
    points = series.y and #series.x <= 12 and "both" or false
  end
  if points ~= true and points ~= false then
    check.choice(owner, "points", points, { "both" })
  end
  return points and point or nil, points ~= true
end

local function series_of(owner, book, given)
  local s = check.fields(owner, given, series_fields)
  owner = s.label and string.format("%s ('%s')", owner, s.label) or owner
  s.x = numbers(owner, "x", s.x)
  if #s.x == 0 then
    check.fail("%s: there are no points; leave the series out", owner)
  end
  for _, name in ipairs { "y", "low", "high" } do
    s[name] = s[name] and numbers(owner, name, s[name])
    if s[name] and #s[name] ~= #s.x then
      check.fail("%s: %d values of x and %d of %s", owner, #s.x, #s[name], name)
    end
  end
  if not s.low ~= not s.high or not (s.y or s.low) then
    check.fail("%s: give y, or low and high of a band, or all three", owner)
  end
  check.range(owner, "width", s.width or 1, 0.01, 100)
  for i, low in ipairs(s.low or {}) do
    if low > s.high[i] then
      check.fail("%s: low[%d] = %g is above high[%d] = %g", owner, i, low, i, s.high[i])
    end
  end
  local color, point = style_of(owner, book, s)
  s.point, s.line = marks(owner, s, point)
  s.color, s.point_size = color, s.line == false and 1.1 or 0.8
  return s
end

local function range_of(owner, name, range, log)
  if not range then
    return nil
  end
  local low, high = range[1], range[2]
  local width = type(low) == "number" and type(high) == "number" and high - low
  local good = width and width > 0 and width < math.huge and not (log and low <= 0)
  if not good then
    check.fail("%s: %s = { %s, %s } is no range%s", owner, name, tostring(low), tostring(high),
      log and " of a logarithmic axis" or "")
  end
  return range
end

local function lines_of(owner, book, axis, given)
  local out = {}
  for i, one in ipairs(given or {}) do
    local name = string.format("%s, line %d", owner, i)
    local line = check.fields(name, one, line_fields)
    if not line[axis] or line[axis == "x" and "y" or "x"] then
      check.fail("%s: it stands at a number %s, and no other", name, axis)
    end
    check.range(name, axis, line[axis], -1e300, 1e300)
    check.range(name, "width", line.width or 1, 0.01, 100)
    line.color = style_of(name, book, { label = line.label, color = line.color or "grey" })
    line.dashed = line.dashed == nil and not line.dotted or line.dashed
    out[i] = line
  end
  return out
end

-- A panel that shows a matrix has nothing else.
local function image_panel(owner, given)
  local p = check.fields(owner .. " with an image", given, image_fields)
  if #p.image:shape() ~= 2 then
    check.fail("%s: image must be a matrix, got %s", owner, table.concat(p.image:shape(), "x"))
  end
  return { title = p.title, xlabel = p.xlabel, ylabel = p.ylabel, image = p.image:totable(),
    series = {}, verticals = {}, horizontals = {}, xlog = false, ylog = false }
end

local function panel_of(owner, book, given)
  if type(given) == "table" and given.image ~= nil then
    return image_panel(owner, given)
  end
  local p = check.fields(owner, given, panel_fields)
  p.xlog, p.ylog = p.logx or false, p.logy or false
  p.xrange = range_of(owner, "xrange", p.xrange, p.xlog)
  p.yrange = range_of(owner, "yrange", p.yrange, p.ylog)
  if #p.series == 0 then
    check.fail("%s: there are no series", owner)
  end
  local list, hidden, notes = {}, {}, {}
  for i, series in ipairs(p.series) do
    list[i] = series_of(string.format("%s, series %d", owner, i), book, series)
    count_hidden(p, list[i], hidden)
  end
  p.series = list
  p.verticals = lines_of(owner .. ", verticals", book, "x", p.verticals)
  p.horizontals = lines_of(owner .. ", horizontals", book, "y", p.horizontals)
  for _, why in ipairs(check.sorted_keys(hidden)) do
    notes[#notes + 1] = hidden[why] .. " " .. why
  end
  p.note = #notes > 0 and "values not drawn: " .. table.concat(notes, ", ") or nil
  return p
end

-- SVG or PNG by the ending of the path; the file appears whole or not at all. Gives the figure.
function Figure:save(path)
  if type(path) ~= "string" then
    check.fail("figure:save takes a path that ends in .svg or .png, got %s", check.type_of(path))
  end
  gnuplot.draw(self, path)
  return self
end

-- Panels fill rows of `columns`, in order.
return function(given)
  local owner = "nudge.figure"
  local f = check.fields(owner, given, figure_fields)
  if #f.panels == 0 then
    check.fail("%s: there are no panels", owner)
  end
  local columns = check.range(owner, "columns", f.columns or math.min(#f.panels, 3), 1, 100)
  check.choice(owner, "legend", f.legend or "each", { "each", "common", "none" })
  local size = sizes[math.min(columns, #sizes)]
  local out = {
    title = f.title, rows = {}, same_axes = f.same_axes,
    common_legend = f.legend == "common",
    width = check.range(owner, "width", f.width or size[1], 50, 10000),
    height = check.range(owner, "height", f.height or size[2], 50, 10000),
  }
  local book = new_book()
  for i, panel in ipairs(f.panels) do
    local row, column = (i - 1) // columns + 1, (i - 1) % columns + 1
    out.rows[row] = out.rows[row] or {}
    local p = panel_of(string.format("%s: panel %d", owner, i), book, panel)
    for _, list in ipairs(f.legend == "none" and { p.series, p.verticals, p.horizontals } or {}) do
      for _, entry in ipairs(list) do
        entry.label = nil
      end
    end
    out.rows[row][column] = p
  end
  return setmetatable(out, Figure)
end
