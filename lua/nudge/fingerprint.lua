-- SPDX-License-Identifier: MIT
-- Numbers by which arrays are known again: shape, sum and norm of each, by its name.
return function(arrays)
  local out = {}
  for _, a in ipairs(arrays) do
    local values = a.values:kind() == "real" and a.values or a.values:real()
    out[a.name] = { shape = table.concat(values:shape(), "x"), sum = values:sum(),
      norm = values:norm() }
  end
  return out
end
