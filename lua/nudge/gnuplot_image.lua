-- SPDX-License-Identifier: MIT
-- A matrix in a panel as a picture: a rectangle per element, its colour beside it in a scale. Row 1
-- is at the top. Drawn as rectangles, so that an .svg file holds no raster image.
local core = require "nudge.core"

local image = {}

local PALETTE = "set palette defined (0 '#fdf6e3', 0.3 '#f4b942', 0.6 '#d1495b', 1 '#3b1c5a')"

-- In pixels: between picture and scale, the scale's width, from there to its labels, a digit, and
-- what there is at least from one label to the next.
local GAP, BAR, TICK, DIGIT, APART = 6, 10, 22, 9, 26
local LEAST, LARGEST = 0.3, 0.8 -- shares of the panel that the picture takes
local FEWEST_DIGITS = 5 -- 1000 is not 1e+03

local function number(x)
  return x == x and math.abs(x) < 1e300 and core.number_text(x) or "NaN"
end

-- Round numbers from low to high, no more than n, with their texts, which tell them apart.
local function ticks(low, high, n)
  local least = (high - low) / math.max(1, n)
  local unit, step = 10 ^ math.floor(math.log(least, 10)), nil
  for _, factor in ipairs { 1, 2, 5, 10 } do
    step = step or (factor * unit >= least * (1 - 1e-9) and factor * unit or nil)
  end
  local out, longest = {}, 0
  local size = math.max(math.abs(low), math.abs(high))
  local digits = math.floor(math.log(size, 10)) - math.floor(math.log(step, 10)) + 1
  local format = "%." .. math.max(FEWEST_DIGITS, math.min(17, digits)) .. "g"
  local function add(value)
    local text = string.format(format, value):gsub("-", "−")
    longest = math.max(longest, utf8.len(text))
    out[#out + 1] = string.format("'%s' %s", text, core.number_text(value))
  end
  for k = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) do
    add(k * step)
  end
  if #out == 0 then -- no room for round numbers
    format = "%.2g"
    add(low)
    add(high)
  end
  return "(" .. table.concat(out, ", ") .. ")", longest
end

-- Commands that draw panel.image, { { ... }, ... }; name: of its data; place: of the panel.
function image.commands(panel, name, place)
  local matrix, lines = panel.image, { "$" .. name .. " << EOD" }
  local low, high = math.huge, -math.huge
  for r = #matrix, 1, -1 do
    local cells = {}
    for c, x in ipairs(matrix[r]) do
      cells[c] = number(x)
      if cells[c] ~= "NaN" then
        low, high = math.min(low, x), math.max(high, x)
      end
    end
    lines[#lines + 1] = table.concat(cells, " ")
  end
  if low > high then
    low, high = 0, 1
  end
  if low == high then
    local around = low == 0 and 1 or math.abs(low)
    low, high = low - around, high + around
  end
  local marks, longest = ticks(low, high, math.min(6, place.height * LARGEST // APART))
  local room = place.width + place.margin - GAP - BAR - TICK - longest * DIGIT
  local share = math.max(LEAST, math.min(LARGEST, room / place.width))
  local pixel = (place.right - place.left) / place.width
  local right = place.left + share * (place.right - place.left)
  local bottom = place.top - share * (place.top - place.bottom)
  table.move({
    "EOD", PALETTE, "unset logscale\nunset border\nunset xtics\nunset ytics\nunset grid",
    string.format("set rmargin at screen %.6f\nset bmargin at screen %.6f", right, bottom),
    string.format("set xrange [-0.5:%g]\nset yrange [-0.5:%g]", #matrix[1] - 0.5, #matrix - 0.5),
    string.format("set cbrange [%s:%s]\nset cbtics %s textcolor rgb '#222222'",
      core.number_text(low), core.number_text(high), marks),
    string.format("set colorbox vertical user origin screen %.6f, screen %.6f "
      .. "size screen %.6f, screen %.6f", right + GAP * pixel, bottom, BAR * pixel,
      place.top - bottom),
    "plot $" .. name .. " matrix using 1:2:3 with image pixels notitle",
    "unset colorbox\nset border 3 lc rgb '#555555'\nset xtics nomirror\nset ytics nomirror",
    "set grid xtics ytics back lt 1 lc rgb '#e4e4e4' lw 1",
  }, 1, 10, #lines + 1, lines)
  return table.concat(lines, "\n")
end

return image
