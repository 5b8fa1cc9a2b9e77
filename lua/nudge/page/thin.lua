-- SPDX-License-Identifier: MIT
-- Long curves as short ones that look the same: of each interval the least and the greatest value
-- are kept, so that no spike is lost, and every value that is no number, so that no gap is.
local finite = require("nudge.scale").finite

-- Positions, ascending, of what is kept of `values` in about so many intervals; nil: all of it.
return function(values, intervals)
  local n = #values
  if n <= 2 * intervals + 2 then
    return nil
  end
  local kept = { [1] = true, [n] = true }
  for i = 1, intervals do
    local first, last = (i - 1) * n // intervals + 1, i * n // intervals
    local low, high
    for k = first, last do
      local v = values[k]
      if not finite(v) then
        kept[k] = true
      else
        low = (not low or v < values[low]) and k or low
        high = (not high or v > values[high]) and k or high
      end
    end
    if low then
      kept[low], kept[high] = true, true
    end
  end
  local positions = {}
  for k = 1, n do
    if kept[k] then
      positions[#positions + 1] = k
    end
  end
  return positions
end
