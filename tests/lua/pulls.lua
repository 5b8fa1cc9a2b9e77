-- SPDX-License-Identifier: MIT
-- Meta-problems with a closed form, for tests: scalar tasks pulled to theta. With A = h + l,
-- phi* = (h a + l theta)/A and F = mean m/2 (phi* - c)^2.
local nudge = require "nudge"

local pulls = { L = 0.5, N = 5 }

local h, a = { 1.3, 0.7, 1, 1.6, 0.9 }, { 1, -2, 0.5, 3, -1 }
local m, c = { 0.8, 1.2, 0.5, 1, 1.5 }, { -1, 2, 1, 0.5, -3 }

-- Tasks repeat after N, so that every meta-batch of N is the same. wrong: { index = { h =, a = } }
-- tasks that are different.
function pulls.domain(wrong)
  return nudge.domain {
    name = "pulls", arrays = { "H0", "a", "M", "c" },
    task = function(_, index)
      local k = (index - 1) % pulls.N + 1
      local w = (wrong or {})[index] or {}
      return {
        H0 = nudge.array { { w.h or h[k] } }, a = nudge.array { w.a or a[k] },
        M = nudge.array { { m[k] } }, c = nudge.array { c[k] },
      }
    end,
  }
end

-- Evaluation loss of task k after learning to the end, and its derivative.
function pulls.loss(k, theta)
  local A = h[k] + pulls.L
  local phi = (h[k] * a[k] + pulls.L * theta) / A
  return m[k] / 2 * (phi - c[k]) ^ 2, m[k] * (phi - c[k]) * pulls.L / A
end

-- The same at the start, phi = 0.
function pulls.loss_at_start(k)
  return m[k] / 2 * c[k] ^ 2
end

-- Mean loss and derivative over tasks.
function pulls.mean(theta, tasks)
  local F, g = 0, 0
  for _, k in ipairs(tasks or { 1, 2, 3, 4, 5 }) do
    local loss, slope = pulls.loss(k, theta)
    F, g = F + loss, g + slope
  end
  local n = tasks and #tasks or pulls.N
  return F / n, g / n
end

-- The theta where the derivative, which is linear in theta, is zero; and its slope there.
function pulls.optimum()
  local _, at0 = pulls.mean(0)
  local _, at1 = pulls.mean(1)
  return -at0 / (at1 - at0), at1 - at0
end

-- A description for nudge.meta_train; fields of `other` come in place or besides.
function pulls.description(other)
  local d = {
    learner = nudge.learner("quadratic", { form = "linear_quadratic", l = pulls.L }),
    domain = pulls.domain(), inner = { lr = 0.5, steps = 200 },
    rule = nudge.rule("implicit", { solver = "cg", iterations = 4 }),
    outer = { optimizer = "sgd", lr = 1 }, steps = 20, meta_batch = pulls.N,
  }
  for name, value in pairs(other or {}) do
    d[name] = value
  end
  return d
end

return pulls
