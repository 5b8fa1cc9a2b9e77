-- SPDX-License-Identifier: MIT
-- One panel of a figure as gnuplot's commands:
--   { title =, note =, xlabel =, ylabel =, xlog =, ylog =, xrange =, yrange =, series = {...},
--     verticals = {...}, horizontals = {...} }, or an image = {{...}, ...} instead of series
--   series: { label =, x = {...}, y = {...}, low =, high = a band, color =, line = false, dashed =,
--     dotted =, point =, point_size =, width = }; out_of_range: it does not stretch the axes;
--     legend_only: it has no data
--   vertical: { x =, label =, mark =, color =, dotted =, width = }, horizontal: the same with y; in
--     the legend where in view
-- What an axis cannot show is a gap in its curve.
local core = require "nudge.core"
local axes = require "nudge.gnuplot_axes"
local image = require "nudge.gnuplot_image"

local panels = {}

-- A text as gnuplot's string, with its markup characters taken literally. Inside single quotes
-- nothing is a command: in double ones a `command` would run.
function panels.quoted(text)
  text = text:gsub("%c", " "):gsub("[\\_^@&~{}]", "\\%0"):gsub("'", "''")
  return "'" .. text .. "'"
end
local quoted = panels.quoted

local number = core.number_text

-- A block of data lines, an empty one for each gap; nil where nothing can be drawn.
local function data_block(name, panel, view, series, values)
  local lines, open, any = { "$" .. name .. " << EOD" }, false, false
  for i, x in ipairs(series.x) do
    local row, good = {}, axes.shows(panel, "x", x)
    for j, column in ipairs(values) do
      good = good and axes.shows(panel, "y", column[i])
      row[j] = good and number(axes.place(view.y, column[i]))
    end
    if good then
      lines[#lines + 1] = number(axes.place(view.x, x)) .. " " .. table.concat(row, " ")
      any = true
    elseif open then
      lines[#lines + 1] = ""
    end
    open = good
  end
  lines[#lines + 1] = "EOD"
  return any and table.concat(lines, "\n")
end

local function title_clause(label)
  return label and "title " .. quoted(label) or "notitle"
end

local function plot_clause(source, series)
  local style = series.line == false and "points" or series.point and "linespoints" or "lines"
  local parts = { source, "with", style }
  parts[#parts + 1] = string.format('lc rgb "%s" lw %g', series.color, series.width or 2)
  if style ~= "points" then
    parts[#parts + 1] = "dt " .. (series.dotted and 3 or series.dashed and "(8,4)" or 1)
  end
  if style ~= "lines" then
    parts[#parts + 1] = string.format("pt %d ps %g", series.point, series.point_size or 0.7)
  end
  parts[#parts + 1] = title_clause(series.label)
  return table.concat(parts, " ")
end

local function band_clause(source, series, label)
  return string.format('%s with filledcurves fs transparent solid 0.2 noborder lc rgb "%s" %s',
    source, series.color, title_clause(label))
end

-- A line across the panel, and its mark beside it.
local function add_line(lines, clauses, line, x, y, view)
  local at = x and view.x or view.y
  local v = x or y
  if not (v > at.low and v < at.high) then
    return
  end
  clauses[#clauses + 1] = line.label and plot_clause("keyentry", line) or nil
  local from = x and number(x) .. ", graph 0" or "graph 0, first " .. number(y)
  local to = x and number(x) .. ", graph 1" or "graph 1, first " .. number(y)
  lines[#lines + 1] = string.format('set arrow from %s to %s nohead lc rgb "%s" dt %s lw %g back',
    from, to, line.color, line.dotted and "3" or line.dashed and "(8,4)" or "1", line.width or 1.5)
  if line.mark and x then
    lines[#lines + 1] = string.format('set label %s at %s, graph 0.04 offset -0.6,0 right '
      .. 'textcolor rgb "#333333"', quoted(line.mark), number(x))
  end
end

-- Two short strokes through the axis where it is cut between 0 and the first decade.
local function add_cut(lines, axis)
  if axis.zero then
    local at = math.exp(math.log(axis.zero) * 0.5 + math.log(axis.zero * 2) * 0.5)
    lines[#lines + 1] = string.format('set label "//" at %.17g, graph 0 center front '
      .. 'textcolor rgb "#555555"', at)
  end
end

-- Bands lie behind curves; curves are in the order given, which is that of the legend.
local function add_series(lines, clauses, panel, view, id)
  local curves = {}
  for i, series in ipairs(panel.series) do
    local name = string.format("%s_%d", id, i)
    if series.legend_only then
      curves[#curves + 1] = plot_clause("keyentry", series)
    else
      local band = series.low and data_block(name .. "b", panel, view, series,
        { series.low, series.high })
      if band then
        lines[#lines + 1] = band
        clauses[#clauses + 1] = band_clause("$" .. name .. "b using 1:2:3", series)
      end
      local block = series.y and data_block(name, panel, view, series, { series.y })
      if block then
        lines[#lines + 1] = block
        curves[#curves + 1] = plot_clause("$" .. name, series)
      elseif band then
        curves[#curves + 1] = series.label and band_clause("keyentry", series, series.label)
      elseif series.label then
        local absent = setmetatable({ label = series.label .. " (nothing to draw)" },
          { __index = series })
        curves[#curves + 1] = plot_clause("keyentry", absent)
      end
    end
  end
  table.move(curves, 1, #curves, #clauses + 1, clauses)
end

-- What stands in the legend, in order.
function panels.labels(panel)
  local labels = {}
  for _, list in ipairs { panel.series, panel.verticals or {}, panel.horizontals or {} } do
    for _, entry in ipairs(list) do
      labels[#labels + 1] = entry.label
    end
  end
  return labels
end

-- The panel at a place: { left, right, bottom, top (of the screen), key =
-- command or nil, x =, y = shared axes or nil, hide_x =, hide_y =, small = size of small print }
function panels.commands(panel, place, id)
  local view = { x = place.x or axes.fit({ panel }, "x"), y = place.y or axes.fit({ panel }, "y") }
  local lines, clauses = { "unset arrow\nunset label" }, {}
  local title = quoted(panel.title or "")
  if panel.note then
    title = string.format([[%s."\n{/=%g ".%s."}"]], title, place.small, quoted(panel.note))
  end
  lines[#lines + 1] = "set title " .. title
  lines[#lines + 1] = "set xlabel " .. quoted(not place.hide_x and panel.xlabel or "")
  lines[#lines + 1] = "set ylabel " .. quoted(not place.hide_y and panel.ylabel or "")
  lines[#lines + 1] = string.format("set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
    .. "set bmargin at screen %.6f\nset tmargin at screen %.6f", place.left, place.right,
    place.bottom, place.top)
  lines[#lines + 1] = place.key or "unset key"
  if panel.image then
    lines[#lines + 1] = image.commands(panel, id .. "_i", place)
    return table.concat(lines, "\n")
  end
  lines[#lines + 1] = axes.commands("x", view.x, place.hide_x)
  lines[#lines + 1] = axes.commands("y", view.y, place.hide_y)
  add_cut(lines, view.x)
  add_series(lines, clauses, panel, view, id)
  for _, line in ipairs(panel.verticals or {}) do
    add_line(lines, clauses, line, line.x, nil, view)
  end
  for _, line in ipairs(panel.horizontals or {}) do
    add_line(lines, clauses, line, nil, line.y, view)
  end
  if not table.concat(clauses):find("$d", 1, true) then
    table.insert(clauses, 1, "1/0 notitle") -- gnuplot wants something to plot
  end
  lines[#lines + 1] = "plot " .. table.concat(clauses, ", \\\n  ")
  return table.concat(lines, "\n")
end

local NOTHING = [[
unset arrow; unset label; unset title; unset xlabel; unset ylabel
unset logscale; unset border; unset tics
set lmargin at screen 0.02; set rmargin at screen 0.98
]]

-- Only a legend, of entries as in a panel.
function panels.legend(entries, key)
  local clauses = { "1/0 notitle" }
  for i, entry in ipairs(entries) do
    clauses[i + 1] = (entry.y or entry.legend_only or not entry.low) and
      plot_clause("keyentry", entry) or band_clause("keyentry", entry, entry.label)
  end
  return NOTHING .. key .. "\nplot [0:1] [0:1] " .. table.concat(clauses, ", ")
end

return panels
