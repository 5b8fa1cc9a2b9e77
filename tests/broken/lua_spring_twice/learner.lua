-- SPDX-License-Identifier: MIT
-- The elastic force has factor 1 in learning and factor 2 in the meta-gradient, in Lua.
local nudge = require "nudge"

nudge.define_learner {
  id = "museum.spring_twice", title = "Spring with two factors",
  parameters = function(_, task)
    local n = task.learn.inputs.shape[2]
    return { phi = { { "w", n, 1 } }, theta = { { "omega", n, 1, normal = 1 } } }
  end,
  loss = function(g, p, task)
    local function spring(w, omega)
      return g.sum((w - omega) ^ 2) / 2
    end
    local inside = spring(p.w, g.stop_gradient(p.omega))
    local outside = spring(g.stop_gradient(p.w), p.omega)
    local pull = inside + 2 * (outside - g.stop_gradient(outside))
    return g.squared_error(g.matmul(task.learn.inputs, p.w), task.learn.targets) + pull,
      g.squared_error(g.matmul(task.eval.inputs, p.w), task.eval.targets)
  end,
}
