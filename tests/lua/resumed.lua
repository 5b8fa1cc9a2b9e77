-- SPDX-License-Identifier: MIT
-- A quick run for test_resume.lua: two meta-trainings with all that a state must hold, kept values,
-- a series of its own; what it ends with goes into files that hold no times.
local nudge = require "nudge"
local set = nudge.settings { steps = 120, signal = "", at = 0 }

-- At a meta-step of the first training: signals to this process, by name.
local function on_step(state)
  if state.step == set.at then
    for name in set.signal:gmatch "%u+" do
      io.popen("kill -" .. name .. " $PPID"):close()
    end
  end
end

local start = nudge.keep("start", function()
  return { scale = nudge.random(9):uniform(1)[1], offsets = nudge.random(9):normal(5) }
end)

local dual = nudge.meta_train {
  name = "dual system",
  learner = nudge.learner("modulated_net", { layers = { 1, 12, 12, 1 }, meta = "initial",
    lambda = 0.03, bias_scale = 5 }),
  domain = nudge.domains.sinusoid { preset = "wide", shots = 10, seed = 3 },
  inner = { optimizer = "nesterov", lr = 0.02 + start.scale / 1e3, momentum = 0.9, steps = 50 },
  rule = nudge.rule("contrastive", { variant = "symmetric", beta = 0.1, nudged_steps = 15 }),
  outer = { optimizer = "adam", lr = 0.01, schedule = "cosine", clip_norm = 0.3 },
  steps = set.steps, meta_batch = 20, dtype = "float32", on_divergence = "skip", losses = true,
  validation = { every = 10, tasks = 20, steps = { 0, 50 } }, test = { tasks = 20 },
  on_step = on_step,
}
for i = 1, 5 do
  nudge.log("offsets", i, { offset = start.offsets[i] })
end
local synapses = nudge.meta_train {
  name = "synapses",
  learner = nudge.learner("complex_synapse", { layers = { 1, 12, 1 }, loss = "mse",
    meta = "omega", start_at_omega = true, lambda = 0.1 }),
  domain = nudge.domains.sinusoid { preset = "wide", seed = 4 },
  inner = { optimizer = "adam", lr = 0.01, steps = 40, batch_size = 4 },
  rule = nudge.rule("implicit", { solver = "cg", iterations = 5, damping = 1, warm_start = true }),
  outer = { optimizer = "momentum", lr = 0.002, nesterov = true,
    schedule = function(step) return 0.99 ^ step end },
  steps = set.steps, meta_batch = 20, parts = 2, accept = { "not_converged" },
  on_divergence = "skip", validation = { every = 7, tasks = 10 }, test = { tasks = 20 },
}
for name, r in pairs { dual = dual, synapses = synapses } do
  nudge.npy.write(nudge.result(name .. "_theta.npy"), r.theta)
  nudge.npy.write(nudge.result(name .. "_best.npy"), r.best.theta)
  nudge.npy.write(nudge.result(name .. "_slots.npy"), r.outer_state.slots)
  nudge.npy.write(nudge.result(name .. "_test.npy"), r.test.eval_loss)
  r:csv(nudge.result(name .. ".csv")):json(nudge.result(name .. ".json"))
  assert(#r:table() > 500 and r.made_of.learner:id() ~= "")
end
