-- SPDX-License-Identifier: MIT
-- nudge.problem: defaults and checks in front of the compiled problem.
local core = require "nudge.core"
local check = require "nudge.check"

local problem = {}

local inner_fields = {
  optimizer = "string", lr = "!number", momentum = "number", beta2 = "number",
  epsilon = "number", steps = "!integer", tolerance = "number", batch_size = "integer",
  eval_batch_size = "integer", sampling = "string",
}
-- Which optimisers use a field; given to another one, it would have no effect.
local used_by = {
  momentum = { heavy_ball = true, nesterov = true, adam = true },
  beta2 = { adam = true },
  epsilon = { adam = true },
}
local optimizers = { "gradient_descent", "heavy_ball", "nesterov", "adam", "newton" }

-- Learner, tasks and inner optimiser become one compiled problem.
function problem.open(given)
  core.require_settings()
  local p = check.fields("nudge.problem", given, {
    learner = "!nudge.learner", tasks = "!table", inner = "!table", dtype = "string",
    seed = "integer", name = "string",
  })
  local inner = check.fields("nudge.problem: inner", p.inner, inner_fields)
  inner.optimizer = inner.optimizer or "gradient_descent"
  check.choice("nudge.problem: inner", "optimizer", inner.optimizer, optimizers)
  for _, field in ipairs { "momentum", "beta2", "epsilon" } do
    if inner[field] and not used_by[field][inner.optimizer] then
      check.fail("nudge.problem: inner.%s has no effect with %s; remove it", field,
        inner.optimizer)
    end
  end
  inner.momentum = inner.momentum or 0.9
  inner.beta2 = inner.beta2 or 0.999
  inner.epsilon = inner.epsilon or 1e-8
  inner.tolerance = inner.tolerance or 0
  inner.batch_size = inner.batch_size or 0
  inner.eval_batch_size = inner.eval_batch_size or 0
  inner.sampling = check.choice("nudge.problem: inner", "sampling", inner.sampling or "independent",
    { "independent", "epochs" })
  if inner.sampling == "epochs" and inner.batch_size == 0 and inner.eval_batch_size == 0 then
    check.fail("nudge.problem: inner.sampling = 'epochs' has no effect without batch_size; give "
      .. "that, or remove it")
  end
  check.range("nudge.problem: inner", "lr", inner.lr, 0, math.huge)
  check.range("nudge.problem: inner", "steps", inner.steps, 0, math.maxinteger)
  if type(p.tasks.arrays) ~= "table" then
    check.fail("nudge.problem: tasks must come from nudge.tasks")
  end
  return core.problem {
    name = p.name or p.learner:id(),
    learner = p.learner,
    tasks = p.tasks,
    arrays = p.tasks.arrays,
    n_tasks = p.tasks.n_tasks,
    inner = inner,
    dtype = check.choice("nudge.problem", "dtype", p.dtype or "float64",
      { "float32", "float64", "long_double" }),
    seed = p.seed or 0,
  }
end

return problem
