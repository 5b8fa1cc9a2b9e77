-- SPDX-License-Identifier: MIT
-- Everything that a meta-training goes on from: what decides its bits, and what it has found.
local checkpoint = require "nudge.checkpoint"
local fingerprint = require "nudge.fingerprint"
local options = require "nudge.run.options"

local state = {}

local function evaluation_of(e)
  return e and { tasks = e.tasks, every = e.every, steps = e.steps } or "none"
end

-- What two trainings must share for one to go on with the other's state. problem: the first one.
function state.open(run, made_of, problem)
  return checkpoint.stage("meta_train", run.stage, options.flat {
    learner = made_of.learner, rule = made_of.rule, domain = made_of.domain,
    inner = made_of.inner, outer = made_of.outer, dtype = made_of.dtype, seed = made_of.seed,
    steps = made_of.steps, meta_batch = made_of.meta_batch, phi = made_of.n_phi,
    theta = made_of.n_theta, losses = run.losses or false, on_divergence = run.on_divergence,
    validation = evaluation_of(run.validation), test = evaluation_of(run.test),
    judged = made_of.judged,
    tasks = fingerprint(problem:spec().tasks.arrays),
    start = fingerprint { { name = "theta", values = run.theta } },
  })
end

local not_kept = { name = true, made_of = true } -- the script makes them again

-- After meta-step k, and what follows it; finished: there is nothing left to do.
function state.save(run, k, finished)
  local result = {}
  for name, value in pairs(run.result) do
    if not not_kept[name] then
      result[name] = value
    end
  end
  local outer = finished and run.result.outer_state or run.optimiser:state()
  local good = run.checkpoint:save { step = k, finished = finished, theta = run.theta,
    outer = outer, result = result }
  if outer.slots and not finished then
    outer.slots:close() -- they are large, and the collector is in no hurry
  end
  return good
end

-- Puts back what was saved last. Gives the number of meta-steps taken and whether all is done; nil
-- where nothing was saved.
function state.restore(run)
  local saved = run.checkpoint:load()
  if not saved then
    return nil
  end
  for name, value in pairs(saved.result) do
    run.result[name] = value
  end
  run.theta = saved.theta
  run.optimiser:set_state(saved.outer)
  return saved.step, saved.finished
end

return state
