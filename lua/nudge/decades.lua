-- SPDX-License-Identifier: MIT
-- nudge.decades: a histogram over powers of ten, as a curve for a figure with a logarithmic axis.
local check = require "nudge.check"

local MOST = 1000 -- bins

-- { values, from, to, per_decade? }: x, middles of bins, and y, shares of all values. The first
-- bin, at 0, has what is not above 0; what lies beyond from and to is in the bins at the ends.
return function(given)
  local owner = "nudge.decades"
  local t = check.fields(owner, given,
    { values = "!table|nudge.array", from = "!number", to = "!number", per_decade = "integer" })
  local values = t.values
  if check.type_of(values) == "nudge.array" then
    values = values:totable()
  end
  check.list(owner, "values", values, "number")
  local per_decade = check.range(owner, "per_decade", t.per_decade or 4, 1, MOST)
  check.range(owner, "from", t.from, 1e-300, 1e300)
  check.range(owner, "to", t.to, t.from, 1e300)
  local low = math.log(t.from, 10)
  local n = math.floor((math.log(t.to, 10) - low) * per_decade + 0.5)
  if n < 1 or n > MOST then
    check.fail("%s: %d bins from %g to %g; 1 to %d are possible", owner, n, t.from, t.to, MOST)
  elseif #values == 0 then
    check.fail("%s: there are no values", owner)
  end
  local x, y = { 0 }, { 0 }
  for i = 1, n do
    x[i + 1], y[i + 1] = 10 ^ (low + (i - 0.5) / per_decade), 0
  end
  for i, value in ipairs(values) do
    local bin = 1
    if value > 0 then
      local place = (math.log(value, 10) - low) * per_decade
      bin = place <= 1 and 2 or place >= n and n + 1 or math.ceil(place) + 1
    elseif value ~= value then
      check.fail("%s: value %d is no number", owner, i)
    end
    y[bin] = y[bin] + 1 / #values
  end
  return x, y
end
