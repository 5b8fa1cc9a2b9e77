-- SPDX-License-Identifier: MIT
-- Ranges and tics of a panel's axes, fitted to its data. An axis is
--   { log =, low =, high =, zero = where a logarithmic horizontal axis shows 0, or nil }
local axes = {}

-- The width of an axis, with its margins, is a number too.
local LARGEST = 1e300

-- Can a value be drawn on an axis? Zero has a place of its own on a logarithmic horizontal one.
function axes.shows(panel, axis, v)
  return v ~= nil and math.abs(v) <= LARGEST -- NaN neither
    and (v > 0 or not panel[axis .. "log"] or (axis == "x" and v == 0))
end

local columns = { x = { "x" }, y = { "y", "low", "high" } }

-- Smallest and largest value along an axis of what the panels show, and whether 0 is among it.
local function extent(panels, axis)
  local smallest, largest, zero
  local function take(panel, v)
    if not axes.shows(panel, axis, v) then
      return
    elseif panel[axis .. "log"] and v == 0 then
      zero = true
    else
      smallest, largest = math.min(smallest or v, v), math.max(largest or v, v)
    end
  end
  for _, panel in ipairs(panels) do
    for _, series in ipairs(panel.series) do
      for _, column in ipairs(not series.out_of_range and columns[axis] or {}) do
        for i, v in ipairs(series[column] or {}) do
          if axes.shows(panel, "x", series.x[i]) then
            take(panel, v)
          end
        end
      end
    end
    for _, line in ipairs(axis == "y" and panel.horizontals or {}) do
      take(panel, line.y)
    end
  end
  return smallest, largest, zero
end

local function log_axis(smallest, largest, zero, limits)
  smallest = math.min(math.max(smallest, limits[1]), limits[2])
  largest = math.max(math.min(largest, limits[2]), smallest)
  local margin = math.max((largest / smallest) ^ 0.04, 1.1)
  local low = smallest / margin
  local axis = { log = true, low = low,
    high = largest == limits[2] and largest or largest * margin }
  if zero then -- a tenth of the axis, and at least a factor of two, left of the smallest
    axis.zero = smallest / math.max((largest / smallest) ^ 0.14, 2)
    axis.low = axis.zero / margin
  end
  return axis
end

-- The axis ("x" or "y") that several panels share. Given ranges are kept as they are.
function axes.fit(panels, axis)
  local first = panels[1]
  local log, range = first[axis .. "log"], first[axis .. "range"]
  local smallest, largest, zero = extent(panels, axis)
  if range then
    return { log = log, low = range[1], high = range[2] }
  elseif not smallest then
    return zero and { log = true, zero = 1, low = 0.9, high = 10 }
      or { log = log, low = log and 1 or 0, high = log and 10 or 1 }
  elseif log then
    return log_axis(smallest, largest, zero, first[axis .. "limits"] or { 1e-300, 1e300 })
  end
  local margin = largest > smallest and (largest - smallest) * 0.04
    or math.max(math.abs(largest) * 0.1, 1e-300)
  return { log = false, low = smallest - margin, high = largest + margin }
end

-- Where a value is drawn.
function axes.place(axis, v)
  return axis.log and v == 0 and axis.zero or v
end

local function is_plain(low, high)
  return low >= 1e-3 and high <= 2e4
end

-- Tics at round numbers of an axis of less than two decades.
local function round_tics(name, low, high, decades)
  local tics = {}
  for decade = math.floor(math.log(low, 10)), math.ceil(math.log(high, 10)) do
    for _, digit in ipairs(decades < 1 and { 1, 2, 3, 5, 7 } or { 1, 2, 5 }) do
      local v = digit * 10.0 ^ decade
      tics[#tics + 1] = string.format('"%.6g" %.6g', v, v)
    end
  end
  return string.format("set %stics (%s)\nunset m%stics", name, table.concat(tics, ", "), name)
end

-- Tics at decades.
local function decade_tics(name, low, high, decades)
  return string.format("set format %s '%s'\nset %stics %.0e, %s\nset m%stics 10", name,
    is_plain(low, high) and "%g" or "10^{%L}", name, 10.0 ^ math.floor(math.log(low, 10)),
    decades > 8 and "100" or "10", name)
end

-- A tic at 0, and then none before the first decade that the data reach.
local function tics_from_zero(name, axis)
  local tics = { string.format('"0" %.17g', axis.zero) }
  local low = axis.zero * 1.9 -- the smallest number is at least twice as far
  local first = math.ceil(math.log(low, 10) - 1e-9)
  for decade = first - 1, math.floor(math.log(axis.high, 10)) do
    for digit = 1, 9 do
      local v = digit * 10.0 ^ decade
      local label = digit > 1 and "" or is_plain(low, axis.high) and string.format("%g", v)
        or string.format("10^{%d}", decade)
      if v >= low and v <= axis.high then
        tics[#tics + 1] = string.format('"%s" %.17g %d', label, v, digit == 1 and 0 or 1)
      end
    end
  end
  return string.format("set %stics (%s)\nunset m%stics", name, table.concat(tics, ", "), name)
end

-- Commands that set range and tics; hidden: no numbers at the tics.
function axes.commands(name, axis, hidden)
  local lines = { string.format("set %srange [%.17g:%.17g]", name, axis.low, axis.high) }
  local tics
  if not axis.log then
    lines[2] = "unset logscale " .. name
    tics = string.format("set format %s '%%h'\nset %stics autofreq\nunset m%stics", name, name,
      name)
  else
    lines[2] = "set logscale " .. name
    local decades = math.log(axis.high / axis.low, 10)
    tics = axis.zero and tics_from_zero(name, axis)
      or decades < 2 and axis.low >= 1e-3 and axis.high <= 1e6
      and round_tics(name, axis.low, axis.high, decades)
      or decade_tics(name, axis.low, axis.high, decades)
  end
  if hidden then
    tics = tics:gsub('"[^"]*"', '""') .. "\nset format " .. name .. " ''"
  end
  lines[3] = tics
  return table.concat(lines, "\n")
end

return axes
