-- SPDX-License-Identifier: MIT
-- A curve as one line of a terminal.
local scale = require "nudge.scale"

local BARS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

-- Mean of the finite values from first to last; nil: there are none.
local function mean(values, first, last)
  local sum, n = 0, 0
  for i = first, last do
    if scale.finite(values[i]) then
      sum, n = sum + values[i], n + 1
    end
  end
  return n > 0 and sum / n or nil
end

-- At most `width` bars, each the mean of an interval; a blank where no value is a finite number.
-- Values that differ by decades are shown on a logarithmic scale.
return function(values, width)
  local least, greatest, n = scale.extent(values)
  local columns = math.max(0, math.min(width, #values))
  local place = scale.wants_log(values) and math.log or function(v)
    return v
  end
  local low, high = n > 0 and place(least), n > 0 and place(greatest)
  local out = {}
  for i = 1, columns do
    local v = mean(values, (i - 1) * #values // columns + 1, i * #values // columns)
    local share = v and (high > low and (place(v) - low) / (high - low) or 0.5)
    out[i] = share and BARS[1 + math.min(#BARS - 1, math.floor(share * #BARS))] or " "
  end
  return table.concat(out)
end
