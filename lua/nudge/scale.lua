-- SPDX-License-Identifier: MIT
-- Whether values are better seen on a linear or on a logarithmic scale.
local scale = {}

function scale.finite(v)
  return v == v and v ~= math.huge and v ~= -math.huge
end

-- Least and greatest of the finite values, and how many there are.
function scale.extent(values)
  local least, greatest, n = math.huge, -math.huge, 0
  for _, v in ipairs(values) do
    if scale.finite(v) then
      least, greatest, n = math.min(least, v), math.max(greatest, v), n + 1
    end
  end
  return least, greatest, n
end

-- Logarithmic where most values lie in the lowest quarter of a linear scale, and would lie nearer
-- to the middle.
function scale.wants_log(values)
  local least, greatest, n = scale.extent(values)
  if n < 3 or least <= 0 or greatest / least < 10 then
    return false
  end
  local linear, log = 0, 0
  for _, v in ipairs(values) do
    if scale.finite(v) then
      linear = linear + (v - least) / (greatest - least) / n
      log = log + math.log(v / least) / math.log(greatest / least) / n
    end
  end
  return linear < 0.25 and math.abs(log - 0.5) < math.abs(linear - 0.5)
end

return scale
