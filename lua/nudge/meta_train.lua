-- SPDX-License-Identifier: MIT
-- nudge.meta_train: the outer loop. Meta-batches of tasks, an estimate of each task's
-- meta-gradient, a step of theta; validation on the way and a test at the end.
local core = require "nudge.core"
local check = require "nudge.check"
local outer = require "nudge.outer"
local evaluation = require "nudge.meta_train.evaluation"
local judge = require "nudge.meta_train.judge"
local judging = require "nudge.meta_train.judged"
local record = require "nudge.meta_train.record"
local results = require "nudge.meta_train.result"
local kept = require "nudge.run"
local spec = require "nudge.meta_train.spec"
local stages = require "nudge.stage"
local state = require "nudge.meta_train.state"
local step = require "nudge.meta_train.step"
local text = require "nudge.text"
local workbench = require "nudge.meta_train.workbench"

local meta_train = {}

-- Shows the script a meta-step, with copies of theta: it may write into what it gets. True: it
-- wants to stop.
local function ask(run, row, validation)
  if not run.on_step then
    return false
  end
  local best = run.result.best
  local answer = run.on_step {
    step = row.step, steps = run.steps, row = row, validation = validation,
    theta = run.theta:copy(),
    best = best and { step = best.step, eval_loss = best.eval_loss, theta = best.theta:copy() },
  }
  if answer ~= nil and answer ~= "stop" then
    check.fail("nudge.meta_train: on_step gave %s; it gives 'stop' or nothing", tostring(answer))
  end
  return answer == "stop"
end

local function validate(run, k)
  local row = judge.during(k, k == 0 and "validation before the first meta-step"
    or "validation after meta-step " .. k, evaluation.validate, run, k)
  record.validation(run, row)
  return row
end

local function take_step(run, k)
  local cost, started = run.result.cost, core.clock()
  local row = judge.during(k, "meta-step " .. k, step.take, run, k)
  cost.seconds = cost.seconds + core.clock() - started
  row.seconds = cost.seconds
  run.result.steps[k] = row
  record.step(run, row)
  return row
end

-- The last losses, for the line of progress.
local function note_of(run, row)
  local parts = {}
  local function add(what, value)
    if value then
      parts[#parts + 1] = what .. " " .. text.number(value, "%.4g")
    end
  end
  add("learn loss", row.learn_loss)
  add("eval loss", row.eval_loss)
  local validation = run.result.validation
  local judged = validation[#validation] or {}
  add("validation loss", judged.eval_loss)
  add("accuracy", judged.eval_accuracy)
  if #parts == 0 then
    add("gradient norm", row.gradient_norm)
  end
  return table.concat(parts, ", ")
end

-- Meta-step k with all that follows it; whether the script wants to stop there.
local function go_on(run, stage, k)
  local row, validation = take_step(run, k), nil
  if run.validation and (k % run.validation.every == 0 or k == run.steps) then
    validation = validate(run, k)
  end
  stage:at(k, note_of(run, row))
  if ask(run, row, validation) then
    run.result.stopped = "on_step"
    if run.validation and not validation then
      validate(run, k)
    end
  end
  return run.result.stopped ~= nil
end

-- From behind meta-step `from`, if another process came there. A request to stop is heard when a
-- meta-step is complete and kept.
local function loop(run, from)
  local stage <close> = stages.open(run.name .. ": meta-training", run.steps, from)
  if run.validation and not from then
    validate(run, 0)
  end
  local held <close> = core.hold_interrupts() -- luacheck: ignore
  for k = (from or 0) + 1, run.result.stopped and 0 or run.steps do
    local stopped, asked = go_on(run, stage, k), core.stop_requested()
    if asked or run.checkpoint:due() then
      state.save(run, k)
    end
    if asked then
      core.stop()
    elseif stopped then
      return
    end
  end
end

-- The first problem: pair and theta are checked on it. Gives what the result says of it.
local function open_first(run)
  local p = run.bench:problem("train", "train", 1, run.part_sizes[1])
  local accepted, message = p:accepts(run.rule)
  if not accepted then
    core.raise("capability", message)
  end
  if run.theta then
    p:set_theta(run.theta)
  end
  run.theta = p:theta()
  local info, made = p:info(), p:spec()
  spec.check_evaluations(run, made.inner.steps)
  return p, {
    learner = run.learner, rule = run.rule, domain = run.domain.name, outer = run.outer,
    inner = made.inner, dtype = made.dtype, seed = made.seed, n_phi = info.n_phi,
    n_theta = info.n_theta, groups = p:groups().theta, steps = run.steps,
    meta_batch = run.meta_batch,
  }
end

-- { learner, domain, inner, rule, outer, steps, meta_batch, ... }: theta descends the mean
-- evaluation loss after inner learning. Gives a result with curves, the best theta and a test.
function meta_train.run(given)
  local run = spec.check(given)
  run.stage = kept.stage(run.name) -- that of the run: names may come again
  local bench <close> = workbench.new(run)
  run.bench = bench
  local problem, made_of = open_first(run)
  local others <close> = judging.open(run, made_of.n_phi)
  run.judged = run.judge and others or nil
  made_of.judged = others.columns
  local optimiser <close> = outer.make("nudge.meta_train: outer", problem, run.outer)
  run.optimiser = optimiser
  run.result = results.new(run.name, made_of)
  record.start(run, made_of)
  run.checkpoint = state.open(run, made_of, problem)
  local from, finished = state.restore(run)
  if from then
    record.again(run)
  end
  if finished then
    return run.result
  elseif from then
    core.notice(string.format("%s goes on behind meta-step %d of %d", run.stage, from, run.steps))
  end
  loop(run, from)
  run.result.theta = run.theta
  run.result.outer_state = optimiser:state()
  if run.test then
    judge.during(#run.result.steps, "test", evaluation.test, run)
    record.test(run, run.result.test)
  end
  state.save(run, #run.result.steps, true)
  return run.result
end

return meta_train
