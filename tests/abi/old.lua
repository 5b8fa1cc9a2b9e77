-- SPDX-License-Identifier: MIT
-- A plugin of an earlier minor does in this nudge what it did in its own.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "../lua/?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

-- mean (x - phi)^2 + pull (phi - prior)^2 is least at (m + pull prior) / (1 + pull); the slope of
-- mean (e - phi)^2 there, in prior, is 2 (phi - mean e) pull / (1 + pull).
local pull, prior = 3, 0.5
local learn_mean, eval_mean = { 2, -1 }, { 1, 0.5 }
local function problem(inner)
  return nudge.problem {
    learner = nudge.learner("org.test.old_mean", { pull = pull }),
    tasks = nudge.tasks.arrays {
      n_tasks = 2,
      ["learn.x"] = nudge.array { { 1, 3 }, { -2, 0 } },
      ["eval.x"] = nudge.array { { 0.5, 1, 1.5 }, { 0, 0.5, 1 } },
    },
    inner = inner or { optimizer = "newton", lr = 1, steps = 20 },
  }
end
local wanted = 0
for t = 1, 2 do
  local phi = (learn_mean[t] + pull * prior) / (1 + pull)
  wanted = wanted + (phi - eval_mean[t]) * pull / (1 + pull)
end

tap.test("the old learner has its exact gradient; what is held has none", function()
  local p <close> = problem()
  local gradient = p:exact().gradient
  tap.near(gradient[1], wanted, 1e-12)
  tap.is(gradient[2], 0.0)
end)

tap.test("present rules work on the old learner", function()
  local p <close> = problem { optimizer = "gradient_descent", lr = 0.1, steps = 200 }
  for _, rule in ipairs { "contrastive", "implicit", "unrolled" } do
    local gradient = p:estimate(nudge.rule(rule))
    tap.near(gradient[1], wanted, 1e-3, rule)
    tap.is(gradient[2], 0.0, rule)
  end
end)

tap.test("the old rule works on the old learner and on a present one", function()
  local p <close> = problem()
  local gradient, record = p:estimate(nudge.rule("org.test.old_contrast", { beta = 1e-6 }))
  tap.near(gradient[1], wanted, 1e-5)
  tap.is(record.status, "ok")
  tap.is(record.residual, 0.0)
  local q <close> = nudge.problem {
    learner = nudge.learner("quadratic", { form = "linear_quadratic", l = 0.5, theta = 0 }),
    tasks = nudge.tasks.arrays {
      H0 = nudge.array { { 1.3 } }, a = nudge.array { 0 }, M = nudge.array { { 0.8 } },
      c = nudge.array { -1 },
    },
    inner = { optimizer = "newton", lr = 1, steps = 20 },
  }
  -- As test_problem.lua has it for contrastive's variant "forward".
  tap.near(q:estimate(nudge.rule("org.test.old_contrast"))[1] / (2 / 9) - 1, -0.004425, 1e-5)
end)

tap.done()
