-- SPDX-License-Identifier: MIT
-- How wrong is each rule's meta-gradient for this learner?
--   nudge run --plugin build/@name@.so try.lua
local nudge = require "nudge"

local problem = nudge.problem {
  learner = nudge.learner("@id@", { lambda = 0.1 }),
  tasks = nudge.tasks.regression {
    data = nudge.data.correlated_regression { n = 200, features = 5 },
  },
  inner = { optimizer = "nesterov", lr = 0.1, momentum = 0.8, steps = 500 },
}
local study = nudge.gradient_error {
  problem = problem,
  rules = {
    nudge.rule("contrastive", { variant = "symmetric" }),
    nudge.rule("implicit", { solver = "cg" }),
    nudge.rule("unrolled"),
  },
  sweep = { beta = nudge.logspace(1e-4, 0.1, 4) },
}
print(study:table())
