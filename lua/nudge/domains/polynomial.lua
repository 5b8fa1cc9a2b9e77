-- SPDX-License-Identifier: MIT
-- Polynomial regression: y = c_0 + c_1 x + ... + c_degree x^degree + noise.
local check = require "nudge.check"
local regression = require "nudge.domains.regression"

local fields = regression.fields { degree = "integer", coefficient = "table|number" }

return function(given)
  local owner = "nudge.domains.polynomial"
  local t = check.fields(owner, given or {}, fields)
  local degree = check.range(owner, "degree", t.degree or 3, 0, 1000)
  local coefficient = regression.range(owner, "coefficient", t.coefficient or { -1, 1 })
  t.name, t.inputs = t.name or "polynomial", t.inputs or { -1, 1 }
  return regression.new(owner, t, {
    n_inputs = 1,
    parameters = function(batch)
      return {
        coefficients = regression.several(batch, "coefficients", coefficient, degree + 1),
      }
    end,
    at = function(p, x) -- Horner's scheme
      local n = #p.coefficients
      local y = x * 0
      for power = degree, 0, -1 do
        y = y * x + p.coefficients:columns(power + 1):reshape(n, 1, 1)
      end
      return y
    end,
  })
end
