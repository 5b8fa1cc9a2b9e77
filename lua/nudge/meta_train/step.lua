-- SPDX-License-Identifier: MIT
-- One meta-step: the meta-gradients of a meta-batch, task by task, and a step of theta.
local curves = require "nudge.curves"
local judge = require "nudge.meta_train.judge"
local part = require "nudge.meta_train.part"

local step = {}

local learned = { "learn_loss", "eval_loss", "eval_accuracy" }

-- What other data say of what the tasks have learned.
local function add_judged(run, done, phi, sum)
  for t = 1, #phi do
    for name, x in pairs(not done.out[t] and run.judged:look(phi[t]) or {}) do
      sum.judged[name] = sum.judged[name] or {}
      table.insert(sum.judged[name], x)
    end
  end
end

-- Losses after inner learning, in task order; NaN for tasks that do not count. The engine knows
-- them where the rule has run the same phase.
local function add_losses(run, done, first, sum)
  local reached = done.problem:adapt { steps = { run.inner_steps }, phi = run.judge ~= nil,
    soft = true }
  local diverged = {} -- where the rule itself learns in another way
  for _, position in ipairs(reached.diverged) do
    if not done.out[position] then
      diverged[#diverged + 1] = first + position - 1
    end
  end
  judge.diverged(run, "train", diverged, run.meta_batch, reached.note)
  for _, name in ipairs(learned) do
    for t, x in ipairs(reached[name] and reached[name][1]:totable() or {}) do
      table.insert(sum[name], not done.out[t] and x or 0 / 0)
    end
  end
  if run.judge then
    add_judged(run, done, reached.phi[1], sum)
  end
end

-- Adds the parts in order. Gives cost and outcome of all.
local function add_meta_batch(run, first)
  local sum = { evaluations = 0, softly = 0, diverged = {}, judged = {}, learn_loss = {},
    eval_loss = {}, eval_accuracy = {} }
  run.optimiser:clear()
  for _, n in ipairs(run.part_sizes) do
    local done = part.add(run, first, n)
    for t = 1, n do
      if done.out[t] then
        table.insert(sum.diverged, first + t - 1)
      end
    end
    if done.note and not sum.note then
      sum.note, sum.status = done.note, done.status
    end
    if run.on_divergence == "stop" and #sum.diverged > 0 then
      return sum
    end
    if run.losses then
      add_losses(run, done, first, sum)
    end
    sum.evaluations = sum.evaluations + n * done.evaluations
    sum.softly = sum.softly + done.softly
    first = first + n
  end
  return sum
end

-- The row of meta-step k; run.theta moves on. Tasks come by index, none twice.
function step.take(run, k)
  local batch = add_meta_batch(run, (k - 1) * run.meta_batch + 1)
  judge.diverged(run, "train", batch.diverged, run.meta_batch, batch.note, batch.status)
  local factor = run.factor(k)
  local theta, row = run.optimiser:step(run.theta, factor)
  run.theta = theta
  local cost = run.result.cost
  local evaluations = cost.gradient_evaluations + batch.evaluations / run.meta_batch
  cost.gradient_evaluations = math.tointeger(evaluations) or evaluations
  row.step, row.factor, row.gradient_evaluations = k, factor, cost.gradient_evaluations
  row.softly, row.diverged, row.left_out = batch.softly, #batch.diverged, batch.diverged
  for _, name in ipairs(run.losses and learned or {}) do
    if #batch[name] > 0 then
      local mean, _, n = curves.mean(batch[name])
      row[name], row.loss_tasks = mean, n
    end
  end
  for name, values in pairs(batch.judged) do
    row[name] = curves.mean(values)
  end
  return row
end

return step
