-- SPDX-License-Identifier: MIT
-- Paths of an SVG file in few characters: from point to point, in tenths of a pixel.
local path = {}

local TENTHS = 10

local function tenths(text)
  return math.floor(tonumber(text) * TENTHS + 0.5)
end

-- "12.3", "12", ".5", "-.5"
local function number(t)
  local size = math.abs(t)
  local whole, rest = size // TENTHS, size % TENTHS
  return (t < 0 and "-" or "") .. ((whole > 0 or rest == 0) and whole or "")
    .. (rest > 0 and "." .. rest or "")
end

-- A number stands off from the one before by a space or by its sign.
local function pair(dx, dy)
  local second = number(dy)
  return number(dx) .. (second:sub(1, 1) == "-" and "" or " ") .. second
end

-- Straight lines behind a first point; each direction is said once for all in a row.
local function lines(out, points)
  local x, y, last = points[1][1], points[1][2], nil
  out[#out + 1] = "M" .. pair(x, y)
  for i = 2, #points do
    local dx, dy = points[i][1] - x, points[i][2] - y
    local command = dy == 0 and "h" or dx == 0 and "v" or "l"
    local text = command == "h" and number(dx) or command == "v" and number(dy) or pair(dx, dy)
    local apart = command == last and text:sub(1, 1) ~= "-" and " " or ""
    out[#out + 1] = (command == last and apart or command) .. text
    x, y, last = points[i][1], points[i][2], command
  end
end

local NUMBER = "[+-]?%d+%.?%d*"

-- A path of commands M and L alone; nil for any other.
function path.short(d)
  if d:gsub(NUMBER, ""):find "[^ML%s,]" then
    return nil
  end
  local out, points = {}, nil
  for command, x, y in d:gmatch("([ML]?)%s*(" .. NUMBER .. ")[%s,]+(" .. NUMBER .. ")[%s,]*") do
    if command == "M" then
      if points then
        lines(out, points)
      end
      points = {}
    elseif not points then
      return nil
    end
    points[#points + 1] = { tenths(x), tenths(y) }
  end
  if points then
    lines(out, points)
  end
  return points and table.concat(out) or nil
end

-- A polygon's points as a closed path; nil if they are no points.
function path.closed(points)
  local d = path.short("M" .. points)
  return d and d .. "z"
end

return path
