-- SPDX-License-Identifier: MIT
-- What mathematics says the error of an estimate that samples beta should be: its order in beta,
-- the constant in front, and the bound with its best beta.
local core = require "nudge.core"

local theory = {}

-- Size of coefficient k of the expansion of G in beta; beyond what the oracle resolved, the last
-- one continued by the radius of convergence. NaN where nothing is known.
local function coefficient(exact, k)
  local taylor, radius = exact.taylor or {}, exact.stability_radius or 0 / 0
  for j = k, 2, -1 do
    if taylor[j] and taylor[j] == taylor[j] then
      return taylor[j] * (j == k and 1 or radius ^ (j - k))
    end
  end
  return 0 / 0
end

-- Order p and constant c of the truncation error c beta^p of a rule, or nil where the rule says
-- nothing about it.
function theory.truncation(rule, exact)
  local order, factor = rule:truncation()
  if not order then
    return nil
  end
  return order, factor * coefficient(exact, order + 1)
end

-- What phases that ended at a gradient norm add to the relative error at a beta: delta <= norm / mu
-- in both of them. 0 where a constant is unknown.
function theory.phase_error(exact, gradient_norm, beta)
  if not (exact.mu and exact.b_learn and gradient_norm) then
    return 0
  end
  local delta = 2 * gradient_norm / exact.mu
  local share = exact.b_learn * delta / beta / exact.gradient:norm()
  return share == share and share or 0
end

-- The bound for phases that ended at a given gradient norm: delta <= norm / mu. nil where a
-- constant is unknown.
function theory.bound(rule, exact, gradient_norm)
  if not (exact.mu and exact.b_learn and exact.b_eval and gradient_norm) then
    return nil -- an exact gradient that came without its constants
  end
  local p, c = theory.truncation(rule, exact)
  local scale = exact.gradient:norm()
  if not p then
    return nil
  end
  local delta = gradient_norm / exact.mu
  local bound = { b_learn = exact.b_learn / scale, b_eval = exact.b_eval / scale, delta = delta,
    delta_nudged = delta, c = c / scale, p = p }
  for _, value in pairs(bound) do
    if value ~= value or value == math.huge then
      return nil
    end
  end
  if bound.c <= 0 then
    return nil
  end
  bound.optimum = core.bound_optimum(bound)
  bound.at_optimum = core.bound_at(bound, bound.optimum)
  return bound
end

return theory
