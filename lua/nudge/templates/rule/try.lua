-- SPDX-License-Identifier: MIT
-- How wrong is this rule's meta-gradient, beside that of others?
--   nudge run --plugin build/@name@.so try.lua
local nudge = require "nudge"

local problem = nudge.problem {
  learner = nudge.learner("quadratic", { form = "ridge", lambda = 0.1 }),
  tasks = nudge.tasks.regression {
    data = nudge.data.correlated_regression { n = 200, features = 5 },
  },
  inner = { optimizer = "nesterov", lr = 0.1, momentum = 0.8, steps = 500 },
}
local study = nudge.gradient_error {
  problem = problem,
  rules = {
    nudge.rule("@id@"),
    nudge.rule("contrastive", { variant = "forward" }),
    nudge.rule("implicit", { solver = "cg" }),
  },
  sweep = { beta = nudge.logspace(1e-4, 0.1, 4) },
}
print(study:table())
