-- SPDX-License-Identifier: MIT
-- Synthetic digits: the strokes of each digit, bent and moved at random, drawn with soft edges into
-- 28 x 28 pixels. They stand in for MNIST where its files are absent.
local core = require "nudge.core"
local check = require "nudge.check"

local digits = {}

local SIZE = 28
local ARC_STEP = 15 -- degrees between the points of an arc

-- Points of an elliptic arc in the unit square; degrees clockwise from the right, y points down.
local function arc(x, y, rx, ry, from, to)
  local points, n = {}, math.max(2, math.ceil(math.abs(to - from) / ARC_STEP))
  for i = 0, n do
    local angle = math.rad(from + (to - from) * i / n)
    points[#points + 1] = { x + rx * math.cos(angle), y + ry * math.sin(angle) }
  end
  return points
end

local function joined(...)
  local out = {}
  for _, points in ipairs { ... } do
    table.move(points, 1, #points, #out + 1, out)
  end
  return out
end

-- Strokes of each digit: lists of polylines.
local strokes = {
  [0] = { arc(0.5, 0.5, 0.25, 0.37, 0, 360) },
  { { { 0.38, 0.27 }, { 0.54, 0.13 }, { 0.54, 0.87 } } },
  { joined(arc(0.49, 0.33, 0.23, 0.2, 190, 390), { { 0.27, 0.86 }, { 0.75, 0.86 } }) },
  { joined(arc(0.46, 0.31, 0.22, 0.18, 200, 440), arc(0.46, 0.68, 0.25, 0.19, -80, 160)) },
  { { { 0.58, 0.13 }, { 0.24, 0.62 }, { 0.78, 0.62 } }, { { 0.62, 0.4 }, { 0.61, 0.88 } } },
  { joined({ { 0.71, 0.14 }, { 0.35, 0.14 }, { 0.31, 0.48 } },
    arc(0.47, 0.65, 0.25, 0.22, 230, 515)) },
  { joined(arc(0.7, 0.64, 0.41, 0.51, 255, 180), arc(0.5, 0.68, 0.21, 0.19, 180, 540)) },
  { { { 0.26, 0.15 }, { 0.74, 0.15 }, { 0.44, 0.87 } } },
  { arc(0.5, 0.31, 0.18, 0.17, 0, 360), arc(0.5, 0.67, 0.22, 0.19, 0, 360) },
  { joined(arc(0.49, 0.34, 0.21, 0.2, 0, 360), { { 0.68, 0.6 }, { 0.62, 0.87 } }) },
}

-- Random bend, slant, turn, size and place: a map from the unit square to pixels.
local function placement(u)
  local function between(i, low, high)
    return low + (high - low) * u[i]
  end
  local turn, slant = math.rad(between(1, -12, 12)), between(2, -0.1, 0.3)
  local wide, high = between(3, 0.72, 1.05) * 22, between(4, 0.88, 1.05) * 22
  local bend_x, bend_y = between(5, -0.25, 0.25), between(6, -0.2, 0.2)
  local x0, y0 = SIZE / 2 + between(7, -2, 2), SIZE / 2 + between(8, -1.5, 1.5)
  local cos, sin = math.cos(turn), math.sin(turn)
  return function(x, y)
    x, y = x - 0.5, y - 0.5
    x, y = x + bend_x * (y * y - 0.08), y + bend_y * (x * x - 0.05)
    x = (x - slant * y) * wide
    y = y * high
    return x0 + cos * x - sin * y, y0 + sin * x + cos * y
  end
end

-- Darkens the pixels near one straight piece; ink falls from 1 to 0 over one pixel at its edge.
local function draw_piece(pixels, x1, y1, x2, y2, radius)
  local dx, dy = x2 - x1, y2 - y1
  local length = math.max(dx * dx + dy * dy, 1e-12)
  local reach = radius + 1
  for row = math.max(1, math.floor(math.min(y1, y2) - reach)),
    math.min(SIZE, math.ceil(math.max(y1, y2) + reach)) do
    for column = math.max(1, math.floor(math.min(x1, x2) - reach)),
      math.min(SIZE, math.ceil(math.max(x1, x2) + reach)) do
      local x, y = column - 0.5 - x1, row - 0.5 - y1
      local along = math.min(1, math.max(0, (x * dx + y * dy) / length))
      local distance = math.sqrt((x - along * dx) ^ 2 + (y - along * dy) ^ 2)
      local ink = math.min(1, math.max(0, radius + 0.5 - distance))
      local i = (row - 1) * SIZE + column
      pixels[i] = math.max(pixels[i], ink)
    end
  end
end

local function draw(pixels, digit, u)
  local place, radius = placement(u), 0.9 + 0.7 * u[9]
  for i = 1, SIZE * SIZE do
    pixels[i] = 0.0
  end
  for _, stroke in ipairs(strokes[digit]) do
    local x1, y1 = place(stroke[1][1], stroke[1][2])
    for i = 2, #stroke do
      local x2, y2 = place(stroke[i][1], stroke[i][2])
      draw_piece(pixels, x1, y1, x2, y2, radius)
      x1, y1 = x2, y2
    end
  end
end

-- n labelled digits in [0, 1]; digit i depends on seed and i only.
function digits.generate(given)
  local owner = "nudge.data.synthetic_digits"
  local t = check.fields(owner, given or {}, { n = "integer", seed = "integer", block = "integer" })
  local n = check.range(owner, "n", t.n or 1000, 1, 1000000)
  local random = core.random(t.seed or 0):stream("synthetic_digits")
  local images, labels, pixels = core.zeros(n, SIZE, SIZE), {}, {}
  for i = 1, n do
    local u = random:stream("digit", i):uniform(10)
    labels[i] = math.floor(10 * u[10])
    draw(pixels, labels[i], u)
    images[i]:copy_from(pixels)
  end
  if t.block and t.block > 1 then
    images = images:block_means(t.block)
  end
  return {
    inputs = images,
    labels = core.array(labels, "index"),
    classes = 10,
    origin = "synthetic digits",
  }
end

return digits
