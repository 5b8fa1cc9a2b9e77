-- SPDX-License-Identifier: MIT
-- The plugins of plugins/README.md, loaded with --plugin, against their closed form. With m, m' the
-- means of both samples and c the pull: phi_beta = (m + c theta + beta m')/(1 + c + beta), so
-- grad F = 2c (phi_0 - m')/(1 + c), and the contrast at beta is 2c (phi_0 - m')/(1 + c + beta).
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "../lua/?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

local C, THETA = 0.5, 0.25
local LEARN, EVAL = { 1, 2, 6 }, { 0, 3 }
local PHI = (3 + C * THETA) / (1 + C)

local function contrast(beta)
  return 2 * C * (PHI - 1.5) / (1 + C + beta)
end

local function problem(inner)
  local p = nudge.problem {
    learner = nudge.learner("org.example.mean", { pull = C }),
    tasks = nudge.tasks.arrays {
      ["learn.x"] = nudge.array(LEARN), ["eval.x"] = nudge.array(EVAL),
    },
    inner = inner or { lr = 0.2, steps = 200 },
  }
  return p:set_theta(nudge.array { THETA })
end

tap.test("the learner learns its minimum", function()
  local p <close> = problem()
  tap.near(p:learn().phi[1], PHI, 1e-14)
end)

tap.test("the rule is the contrast of its phases", function()
  for _, inner in ipairs {
    { lr = 0.2, steps = 200 },
    { optimizer = "nesterov", lr = 0.1, momentum = 0.5, steps = 400 },
    { optimizer = "newton", lr = 1, steps = 20 },
  } do
    local p <close> = problem(inner)
    for _, beta in ipairs { 1, 0.1, 0.01 } do
      local rule = nudge.rule("org.example.contrast", { beta = beta })
      local gradient, record = p:estimate(rule)
      tap.near(gradient[1], contrast(beta), 1e-12)
      tap.is(record.learner_runs, 2)
    end
  end
end)

tap.test("its order and best beta are predicted like those of a bundled rule", function()
  local p <close> = problem()
  local study = nudge.gradient_error {
    problem = p,
    rules = { nudge.rule "org.example.contrast", nudge.rule("contrastive", { variant = "forward" }),
      nudge.rule "unrolled" },
    sweep = { beta = { 0.01, 0.03, 0.1 } },
  }
  local own, bundled, other = table.unpack(study.families)
  tap.is(own.order, 1)
  tap.is(own.series[1].bound.optimum, bundled.series[1].bound.optimum)
  tap.near(own.series[1].fit.order, 1, 0.05)
  tap.is(other.order, nil, "a rule without truncation")
end)

tap.test("bundled rules and oracles take the learner", function()
  local p <close> = problem()
  tap.near(p:exact().gradient[1], contrast(0), 1e-14)
  for id, options in pairs {
    contrastive = { variant = "holomorphic", points = 8, beta = 0.1 },
    implicit = { solver = "dense" },
    unrolled = {},
  } do
    tap.near(p:estimate(nudge.rule(id, options))[1], contrast(0), 1e-9, id)
  end
end)

tap.test("the rule takes bundled learners", function()
  local p <close> = nudge.problem {
    learner = nudge.learner("quadratic", { form = "ridge", lambda = 0.1 }),
    tasks = nudge.tasks.regression {
      data = nudge.data.correlated_regression { n = 40, features = 3 },
    },
    inner = { optimizer = "newton", lr = 1, steps = 20 },
  }
  local gradient = p:estimate(nudge.rule("org.example.contrast", { beta = 1e-6 }))
  tap.ok(nudge.compare(gradient, p:exact().gradient).relative_error < 1e-4)
end)

tap.test("an estimate without a gradient is no number", function()
  local p <close> = problem()
  local gradient, record = p:estimate(nudge.rule("org.example.contrast", { beta = 100 }),
    { soft = true })
  tap.is(record.status, "diverged")
  tap.ok(gradient[1] ~= gradient[1], "NaN")
end)

tap.test("the learner says what it needs", function()
  tap.raises(function()
    nudge.problem {
      learner = nudge.learner "org.example.mean",
      tasks = nudge.tasks.arrays { ["learn.x"] = nudge.array(LEARN) },
      inner = { lr = 0.2, steps = 200 },
    }
  end, "org%.example%.mean", "eval%.x")
end)

tap.done()
