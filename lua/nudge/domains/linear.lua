-- SPDX-License-Identifier: MIT
-- Linear regression: y = weights . x + bias + noise.
local check = require "nudge.check"
local regression = require "nudge.domains.regression"

local fields = regression.fields {
  features = "integer", weight = "table|number", bias = "table|number",
}

return function(given)
  local owner = "nudge.domains.linear"
  local t = check.fields(owner, given or {}, fields)
  local features = check.range(owner, "features", t.features or 1, 1, 100000)
  local weight = regression.range(owner, "weight", t.weight or { -1, 1 })
  local bias = regression.range(owner, "bias", t.bias or { -1, 1 })
  t.name, t.inputs = t.name or "linear", t.inputs or { -1, 1 }
  return regression.new(owner, t, {
    n_inputs = features,
    parameters = function(batch)
      return {
        weights = regression.several(batch, "weights", weight, features),
        bias = regression.one(batch, "bias", bias),
      }
    end,
    at = function(p, x)
      local n, samples = #p.bias, x:shape()[2]
      local y = (x * p.weights:reshape(n, 1, features)):sum(3) + p.bias:reshape(n, 1)
      return y:reshape(n, samples, 1)
    end,
  })
end
