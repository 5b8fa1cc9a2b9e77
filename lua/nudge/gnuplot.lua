-- SPDX-License-Identifier: MIT
-- Draws a figure, given as plain data, through gnuplot:
--   { title =, rows = { { panel, ... }, ... }, width =, height = of a panel's plot in pixels,
--     same_axes =, common_legend = }, panels as in gnuplot_panel.lua
-- Legends stand below their panels, where they cover no data. The file appears whole or not at all.
local core = require "nudge.core"
local axes = require "nudge.gnuplot_axes"
local panels = require "nudge.gnuplot_panel"
local kept = require "nudge.run"

local gnuplot = {}

-- Pixels around a plot.
local LEFT, RIGHT, BOTTOM, TOP, TITLE, LINE = 82, 22, 64, 42, 44, 19
local BARE_LEFT, BARE_BOTTOM = 14, 16 -- beside plots that share their axes
local LETTER, SAMPLE = 10.4, 48 -- width of a letter, as gnuplot reckons, and of a legend's sample

local SLACK = 18 -- below a legend: gnuplot leaves out entries that do not fit

-- Per ending: its terminal, a size for small print, a spacing with which a legend's line is LINE.
local kinds = {
  svg = { terminal = 'svg enhanced font "DejaVu Sans,14"', small = 11, spacing = 0.9 },
  png = { terminal = 'pngcairo enhanced font "DejaVu Sans,11"', small = 9, spacing = 1.1 },
}

local function fail(format, ...)
  core.raise("io", string.format(format, ...))
end

local function shell_quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function kind_of(path)
  local ending = path:match "%.(%a+)$"
  local kind = ending and kinds[ending:lower()]
  return kind or core.raise("invalid",
    string.format("figure %s: the name must end in .svg or .png", path))
end

local function text_width(text)
  return (utf8.len(text) or #text) * LETTER
end

-- Rows of a legend in a given width.
local function legend_rows(labels, width)
  local widest = 0
  for _, label in ipairs(labels) do
    widest = math.max(widest, text_width(label))
  end
  return math.ceil(#labels / math.max(1, math.floor(width / (widest + SAMPLE))))
end

local function key_command(x, y, rows, kind)
  return string.format("set key at screen %.6f, %.6f center top vertical maxrows %d Left reverse "
    .. "samplen 2 spacing %g", x, y, rows, kind.spacing)
end

-- Entries of a legend for all panels: the first of each label.
local function common_entries(rows)
  local entries, seen = {}, {}
  for _, row in ipairs(rows) do
    for _, panel in ipairs(row) do
      for _, list in ipairs { panel.series, panel.verticals or {}, panel.horizontals or {} } do
        for _, entry in ipairs(list) do
          if entry.label and not seen[entry.label] then
            seen[entry.label] = true
            entries[#entries + 1] = entry
          end
        end
      end
    end
  end
  return entries
end

-- Lefts of the columns and tops of the rows in pixels, the size of the figure, legends' sizes.
local function layout(figure)
  local columns, at = 0, { x = {}, y = {}, legends = {} }
  for _, row in ipairs(figure.rows) do
    columns = math.max(columns, #row)
  end
  local x, y = 0, figure.title and TITLE or 8
  for i = 1, columns do
    x = x + (figure.same_axes and i > 1 and BARE_LEFT or LEFT)
    at.x[i] = x
    x = x + figure.width + RIGHT
  end
  for r, row in ipairs(figure.rows) do
    local top, lines = 0, 0
    for i, panel in ipairs(row) do
      top = math.max(top, (panel.title and TOP or 12) + (panel.note and LINE or 0))
      local labels = figure.common_legend and {} or panels.labels(panel)
      at.legends[r .. "_" .. i] = legend_rows(labels, figure.width)
      lines = math.max(lines, at.legends[r .. "_" .. i])
    end
    y = y + top
    at.y[r] = y
    local bare = figure.same_axes and r < #figure.rows
    y = y + figure.height + (bare and BARE_BOTTOM or BOTTOM)
      + (lines > 0 and lines * LINE + SLACK or 0)
  end
  at.width, at.height, at.legend_y = x, y, y
  if figure.common_legend then
    at.entries = common_entries(figure.rows)
    local labels = {}
    for i, entry in ipairs(at.entries) do
      labels[i] = entry.label
    end
    at.legend_rows = legend_rows(labels, 0.96 * x)
    at.height = y + at.legend_rows * LINE + SLACK
  end
  return at
end

local function shared_axes(figure)
  local all = {}
  for _, row in ipairs(figure.rows) do
    table.move(row, 1, #row, #all + 1, all)
  end
  return axes.fit(all, "x"), axes.fit(all, "y")
end

-- Does a panel stand below this one?
local function covered(figure, r, i)
  return figure.rows[r + 1] and figure.rows[r + 1][i]
end

function gnuplot.script(figure, path, output)
  local at = layout(figure)
  local kind = kind_of(path)
  local lines = {
    string.format("set terminal %s size %d,%d background 'white'", kind.terminal, at.width,
      at.height),
    "set output '" .. output:gsub("'", "''") .. "'",
    "set encoding utf8\nset minussign\nset grid xtics ytics back lt 1 lc rgb '#e4e4e4' lw 1",
    "set border 3 lc rgb '#555555'\nset tics nomirror textcolor rgb '#222222'",
    "set multiplot" .. (figure.title and " title " .. panels.quoted(figure.title)
      .. string.format(" font ',%d'", kind.small + 5) or ""),
  }
  local common_x, common_y
  if figure.same_axes then
    common_x, common_y = shared_axes(figure)
  end
  for r, row in ipairs(figure.rows) do
    for i, panel in ipairs(row) do
      local left, top = at.x[i], at.y[r]
      local bottom = top + figure.height
      local hide_x = figure.same_axes and covered(figure, r, i)
      local rows = at.legends[r .. "_" .. i]
      lines[#lines + 1] = panels.commands(panel, {
        left = left / at.width, right = (left + figure.width) / at.width,
        bottom = 1 - bottom / at.height, top = 1 - top / at.height,
        width = figure.width, height = figure.height, margin = RIGHT,
        x = common_x, y = common_y, small = kind.small,
        hide_x = hide_x, hide_y = figure.same_axes and i > 1,
        key = rows > 0 and key_command((left + figure.width / 2 - 20) / at.width,
          1 - (bottom + (hide_x and BARE_BOTTOM or BOTTOM)) / at.height, rows, kind),
      }, "d" .. r .. "_" .. i)
    end
  end
  if at.entries and #at.entries > 0 then
    lines[#lines + 1] = panels.legend(at.entries,
      key_command(0.5, 1 - at.legend_y / at.height, at.legend_rows, kind))
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
  kept.wrote(path, "figure")
end

return gnuplot
