-- SPDX-License-Identifier: MIT
-- Numbers by which arrays are known again: shape, sum and squares of each, by its name.
local ROWS = 1000 -- made real at once: data may be large

return function(arrays)
  local out = {}
  for _, a in ipairs(arrays) do
    local sum, squares = 0, 0
    for first = 1, #a.values, ROWS do
      local rows = a.values:rows(first, math.min(first + ROWS - 1, #a.values))
      local values <close> = rows:real()
      sum, squares = sum + values:sum(), squares + values:norm() ^ 2
    end
    out[a.name] = { shape = table.concat(a.values:shape(), "x"), sum = sum, squares = squares }
  end
  return out
end
