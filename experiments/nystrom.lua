-- SPDX-License-Identifier: MIT
-- A rule in Lua: implicit differentiation with a Nystroem approximation of the curvature, H = shift
-- + sum y_j y_j' / s_j from products y_j = (H - shift) d_j with random directions, made conjugate,
-- and s_j = d_j y_j (cf. Hataya and Yamada 2023). One term after the other, its inverse is
-- 1 / shift - sum z_j z_j' / c_j.
local nudge = require "nudge"

nudge.define_rule {
  id = "examples.nystrom", title = "Implicit differentiation, Nystroem inverse",
  needs = { "nudge", "second_order" }, estimand = "fixed_point",
  options = {
    rank = { 10, min = 1, doc = "Products with H to approximate it." },
    shift = { 0.1, above = 0, log = true, doc = "About the least eigenvalue of H: its penalty." },
  },
  estimate = function(problem, o)
    local phi, terms = problem:relax {}, {}
    local g, direct = problem:evaluate { phi = phi, loss = "eval",
      want = { "grad_phi", "grad_theta" } }
    local function curvature(d)
      return problem:evaluate { phi = phi, direction = d, want = "hvp" } - o.shift * d
    end
    local function inverse(b)
      local x = b / o.shift
      for _, t in ipairs(terms) do x = x - t.z * (t.z:dot(b) / t.c) end
      return x
    end
    for k = 1, math.min(o.rank, problem:info().n_phi) do
      local d = problem:draw("direction", k)
      for _, t in ipairs(terms) do d = d - t.d * (d:dot(t.y) / t.s) end
      local y = curvature(d)
      local z, s = inverse(y), d:dot(y)
      terms[k] = { d = d, y = y, s = s, z = z, c = s + y:dot(z) }
    end
    local v = inverse(g)
    local left = (g - curvature(v) - o.shift * v):norms() / g:norms()
    return direct - problem:evaluate { phi = phi, direction = v, want = "mixed" },
      { residual = left:max() }
  end,
}
