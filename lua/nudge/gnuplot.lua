-- SPDX-License-Identifier: MIT
-- Draws a figure, given as plain data, through gnuplot:
--   { title =, panels = { { row of panels }, ... } }
--   panel: { title =, xlabel =, ylabel =, series = {...}, verticals = {...} }
--   series: { label =, x = {...}, y = {...}, color =, line = true, dashed =, dotted =, point =,
--     width = }; out_of_range: it does not stretch the axes; legend_only: it has no data
--   vertical: { x =, label =, mark =, color =, dotted =, width = }; in the legend where in view
-- Both axes are logarithmic. The file appears whole or not at all.
local core = require "nudge.core"

local gnuplot = {}

local PANEL_WIDTH, PANEL_HEIGHT, TITLE_HEIGHT = 560, 500, 40
local FLOOR, CEILING = 1e-17, 1e2 -- of the vertical axis, where the data reach beyond

local function fail(format, ...)
  core.raise("io", string.format(format, ...))
end

local function shell_quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Inside double quotes of gnuplot, with its markup characters taken literally.
local function quoted(text)
  text = text:gsub("[\\\"]", "\\%0"):gsub("[_^@&~{}]", "\\\\%0")
  return '"' .. text .. '"'
end

local function usable(x)
  return x == x and x > 0 and x < math.huge
end

-- Range of the data with a margin of a twenty-fifth, so that no mark sits on the frame.
local function range_of(panel, axis, low, high)
  local smallest, largest
  for _, series in ipairs(panel.series) do
    local values = not series.out_of_range and series[axis] or {}
    for i, value in ipairs(values) do
      if usable(value) and usable(series.x[i]) then
        smallest, largest = math.min(smallest or value, value), math.max(largest or value, value)
      end
    end
  end
  if not smallest then
    return 1, 10
  end
  smallest = math.min(math.max(smallest, low), high)
  largest = math.max(math.min(largest, high), smallest)
  local margin = math.max((largest / smallest) ^ 0.04, 1.1)
  return smallest / margin, largest == high and high or largest * margin
end

-- Tics at decades; on axes of less than two at 1, 2 and 5 times them, as plain numbers.
local function axis_commands(name, low, high)
  local lines = { string.format("set %srange [%.6g:%.6g]", name, low, high) }
  local decades = math.log(high / low, 10)
  if decades < 2 and low >= 1e-3 and high <= 1e6 then
    local tics = {}
    for decade = math.floor(math.log(low, 10)), math.ceil(math.log(high, 10)) do
      for _, digit in ipairs { 1, 2, 5 } do
        tics[#tics + 1] = string.format('"%.6g" %.6g', digit * 10.0 ^ decade, digit * 10.0 ^ decade)
      end
    end
    lines[2] = string.format("set %stics (%s)\nunset m%stics", name, table.concat(tics, ", "), name)
  else
    lines[2] = string.format("set %stics %.0e, %s\nset m%stics 10", name,
      10.0 ^ math.floor(math.log(low, 10)), decades > 8 and "100" or "10", name)
  end
  return table.concat(lines, "\n") .. "\n"
end

local function in_view(vertical, low, high)
  return usable(vertical.x) and vertical.x > low and vertical.x < high
end

-- nil where nothing can be drawn.
local function data_block(name, series)
  local lines = { "$" .. name .. " << EOD" }
  for i, x in ipairs(series.x) do
    local y = series.y[i]
    if usable(x) and usable(y) then
      lines[#lines + 1] = core.number_text(x) .. " " .. core.number_text(y)
    end
  end
  if #lines == 1 then
    return nil
  end
  lines[#lines + 1] = "EOD"
  return table.concat(lines, "\n")
end

local function plot_clause(source, series)
  local style = series.line == false and "points" or series.point and "linespoints" or "lines"
  local parts = { source, "with", style }
  parts[#parts + 1] = string.format('lc rgb "%s" lw %g', series.color, series.width or 2)
  if style ~= "points" then
    parts[#parts + 1] = "dt " .. (series.dotted and 3 or series.dashed and "(6,4)" or 1)
  end
  if style ~= "lines" then
    parts[#parts + 1] = string.format("pt %d ps %g", series.point, series.point_size or 0.7)
  end
  parts[#parts + 1] = series.label and "title " .. quoted(series.label) or "notitle"
  return table.concat(parts, " ")
end

local function panel_commands(panel, number)
  local lines, clauses = {}, {}
  local x1, x2 = range_of(panel, "x", 1e-300, 1e300)
  local y1, y2 = range_of(panel, "y", FLOOR, CEILING)
  for i, series in ipairs(panel.series) do
    local name = string.format("d%d_%d", number, i)
    local block = not series.legend_only and data_block(name, series)
    if block then
      lines[#lines + 1] = block
      clauses[#clauses + 1] = plot_clause("$" .. name, series)
    elseif series.legend_only then
      clauses[#clauses + 1] = plot_clause("keyentry", series)
    end
  end
  lines[#lines + 1] = "unset arrow\nunset label\nset title " .. quoted(panel.title)
  lines[#lines + 1] = "set xlabel " .. quoted(panel.xlabel)
  lines[#lines + 1] = "set ylabel " .. quoted(panel.ylabel)
  lines[#lines + 1] = "set bmargin 9\nset key at graph 0.5, graph -0.25 center top vertical "
    .. "maxrows 5 maxcols 2 Left reverse samplen 1.5 font ',11'"
  lines[#lines + 1] = axis_commands("x", x1, x2) .. axis_commands("y", y1, y2)
  for _, vertical in ipairs(panel.verticals or {}) do
    if in_view(vertical, x1, x2) then
      clauses[#clauses + 1] = plot_clause("keyentry", vertical)
      local x = core.number_text(vertical.x)
      lines[#lines + 1] = string.format('set arrow from %s, graph 0 to %s, graph 1 nohead '
        .. 'lc rgb "%s" dt 3 lw %g back', x, x, vertical.color, vertical.width)
      lines[#lines + 1] = string.format('set label %s at %s, graph 0.04 offset -0.6,0 right '
        .. 'textcolor rgb "#333333"', quoted(vertical.mark), x)
    end
  end
  if #clauses == 0 then
    clauses[1] = "1/0 notitle"
  end
  lines[#lines + 1] = "plot " .. table.concat(clauses, ", \\\n  ")
  return table.concat(lines, "\n")
end

local function terminal_of(path, width, height)
  local kind = path:match "%.(%a+)$"
  kind = kind and kind:lower()
  if kind == "svg" then
    return string.format('set terminal svg enhanced size %d,%d font "DejaVu Sans,15" '
      .. 'background "white"', width, height)
  elseif kind == "png" then
    return string.format('set terminal pngcairo enhanced size %d,%d font "DejaVu Sans,12" '
      .. 'background "white"', width, height)
  end
  core.raise("invalid", string.format("figure %s: the name must end in .svg or .png", path))
end

function gnuplot.script(figure, path, output)
  local columns = 0
  for _, row in ipairs(figure.panels) do
    columns = math.max(columns, #row)
  end
  local width = PANEL_WIDTH * columns
  local height = PANEL_HEIGHT * #figure.panels + TITLE_HEIGHT
  local lines = {
    terminal_of(path, width, height),
    "set output " .. '"' .. output:gsub('[\\"]', "\\%0") .. '"',
    "set encoding utf8\nset logscale xy\nset format '10^{%L}'\n"
      .. "set grid xtics ytics back lc rgb '#d4d4d4' lw 1 dt 1",
    "set border 3 lc rgb '#555555'\nset tics nomirror textcolor rgb '#222222'",
    string.format("set multiplot layout %d,%d title %s font ',17'", #figure.panels, columns,
      quoted(figure.title)),
  }
  local number = 0
  for _, row in ipairs(figure.panels) do
    for i = 1, columns do
      number = number + 1
      lines[#lines + 1] = row[i] and panel_commands(row[i], number) or "set multiplot next"
    end
  end
  lines[#lines + 1] = "unset multiplot\nset output\n"
  return table.concat(lines, "\n")
end

local function run(command)
  local pipe = io.popen(command .. " 2>&1", "r")
  if not pipe then
    fail("cannot start a shell for gnuplot")
  end
  local said = pipe:read "a"
  local good = pipe:close()
  return good, said
end

function gnuplot.draw(figure, path)
  local folder, name = path:match "^(.*/)([^/]*)$"
  folder, name = folder or "", name or path
  local temporary = folder .. "." .. name .. ".part"
  local script = gnuplot.script(figure, path, temporary)
  if not run "command -v gnuplot" then
    fail("figure %s: gnuplot is not installed (Debian: apt-get install gnuplot-nox); tables and "
      .. "data files do not need it", path)
  end
  local probe, why = io.open(temporary, "w")
  if not probe then
    fail("figure %s: cannot write: %s", path, (why:gsub("^.*: ", "")))
  end
  probe:close()
  local script_path = os.tmpname()
  core.write_file(script_path, script)
  local good, said = run("gnuplot " .. shell_quoted(script_path))
  os.remove(script_path)
  if not good then
    os.remove(temporary)
    fail("figure %s: gnuplot failed: %s", path, said:match "[^\n]*line %d+: ([^\n]+)"
      or said:match "[^\n]+" or "no message")
  end
  local moved, message = os.rename(temporary, path)
  if not moved then
    os.remove(temporary)
    fail("figure %s: cannot write: %s", path, message)
  end
end

return gnuplot
