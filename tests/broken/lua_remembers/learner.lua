-- SPDX-License-Identifier: MIT
-- A loss that depends on how often it was built, through a variable of the script.
local nudge = require "nudge"
local n_builds = 0

nudge.define_learner {
  id = "museum.remembers", title = "A loss that counts",
  parameters = function(_, task)
    local n = task.learn.inputs.shape[2]
    return { phi = { { "w", n, 1 } }, theta = { { "omega", n, 1, normal = 1 } } }
  end,
  loss = function(g, p, task)
    n_builds = n_builds + 1
    return g.squared_error(g.matmul(task.learn.inputs, p.w), task.learn.targets)
      + g.sum((p.w - p.omega) ^ 2),
      n_builds * g.squared_error(g.matmul(task.eval.inputs, p.w), task.eval.targets)
  end,
}
