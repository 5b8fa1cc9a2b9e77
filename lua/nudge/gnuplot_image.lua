-- SPDX-License-Identifier: MIT
-- A matrix in a panel as a picture: a rectangle per element, its colour beside it in a scale. Row 1
-- is at the top. Drawn as rectangles, so that an .svg file holds no raster image.
local core = require "nudge.core"

local image = {}

local PALETTE = "set palette defined (0 '#fdf6e3', 0.3 '#f4b942', 0.6 '#d1495b', 1 '#3b1c5a')"

local SHARE = 0.75 -- of the panel; the rest is for the scale

local function number(x)
  return x == x and math.abs(x) < 1e300 and core.number_text(x) or "NaN"
end

-- Commands that draw panel.image, { { ... }, ... }; name: of its data; place: of the panel.
function image.commands(panel, name, place)
  local matrix, lines = panel.image, { "$" .. name .. " << EOD" }
  local width = place.right - place.left
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
    low, high = low - math.max(math.abs(low), 1e-300), high + math.max(math.abs(high), 1e-300)
  end
  table.move({
    "EOD", PALETTE, "unset logscale\nunset border\nunset xtics\nunset ytics\nunset grid",
    string.format("set rmargin at screen %.6f\nset bmargin at screen %.6f",
      place.left + SHARE * width, place.top - SHARE * (place.top - place.bottom)),
    string.format("set xrange [-0.5:%g]\nset yrange [-0.5:%g]", #matrix[1] - 0.5, #matrix - 0.5),
    string.format("set cbrange [%s:%s]\nset format cb '%%.2g'\nset cbtics textcolor rgb '#222222'",
      core.number_text(low), core.number_text(high)),
    string.format("set colorbox vertical user origin screen %.6f, screen %.6f "
      .. "size screen %.6f, screen %.6f", place.left + (SHARE + 0.02) * width,
      place.top - SHARE * (place.top - place.bottom), 0.04 * width,
      SHARE * (place.top - place.bottom)),
    "plot $" .. name .. " matrix using 1:2:3 with image pixels notitle",
    "unset colorbox\nset border 3 lc rgb '#555555'\nset xtics nomirror\nset ytics nomirror",
    "set grid xtics ytics back lt 1 lc rgb '#e4e4e4' lw 1",
  }, 1, 10, #lines + 1, lines)
  return table.concat(lines, "\n")
end

return image
