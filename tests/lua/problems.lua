-- SPDX-License-Identifier: MIT
-- Small problems with known answers, shared by the tests.
local nudge = require "nudge"

local problems = {}

-- The scalar of the reference values: curvature 1.3 + 0.5, phi* = 0, c = -1, grad F = 2/9.
function problems.scalar(inner)
  return nudge.problem {
    name = "scalar",
    learner = nudge.learner("quadratic", { form = "linear_quadratic", l = 0.5, theta = 0 }),
    tasks = nudge.tasks.arrays {
      H0 = nudge.array { { 1.3 } }, a = nudge.array { 0 }, M = nudge.array { { 0.8 } },
      c = nudge.array { -1 },
    },
    inner = inner or { optimizer = "newton", lr = 1, steps = 20 },
  }
end

-- Ridge regression on generated data, one lambda per feature.
function problems.ridge(inner)
  return nudge.problem {
    name = "ridge",
    learner = nudge.learner("quadratic", { form = "ridge", lambda = 0.1 }),
    tasks = nudge.tasks.regression {
      data = nudge.data.correlated_regression { n = 40, features = 3 },
    },
    inner = inner or { optimizer = "nesterov", lr = 0.2, momentum = 0.7, steps = 300 },
  }
end

function problems.network()
  return nudge.problem {
    name = "network",
    learner = nudge.learner("complex_synapse", { layers = { 4, 3, 2 }, lambda = 0.1 }),
    tasks = nudge.tasks.classification {
      data = {
        inputs = nudge.random(5):normal(80):reshape(20, 4),
        labels = nudge.array({ 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1 },
          "index"),
      },
      learn = 10,
    },
    inner = { optimizer = "nesterov", lr = 0.5, momentum = 0.8, steps = 400 },
  }
end

return problems
