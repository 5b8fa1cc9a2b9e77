-- SPDX-License-Identifier: MIT
-- Validation on the way and the test at the end: adaptation to tasks that no meta-step has seen.
local core = require "nudge.core"
local curves = require "nudge.curves"
local judge = require "nudge.meta_train.judge"

local evaluation = {}

-- Means after adaptation, one row per number of inner steps, over the tasks that have not diverged;
-- with their standard errors.
local function rows_of(reached, names)
  local left_out, rows = {}, {}
  for _, index in ipairs(reached.diverged) do
    left_out[index] = true
  end
  for k, steps in ipairs(reached.steps) do
    local row = { inner_steps = steps, tasks = reached.tasks - #reached.diverged,
      diverged = #reached.diverged }
    for _, name in ipairs(names) do
      local kept = {}
      for t, x in ipairs(reached[name][k]) do
        if not left_out[t] then
          kept[#kept + 1] = x
        end
      end
      local mean, deviation, n = curves.mean(kept)
      if n > 0 then
        row[name], row[name .. "_error"] = mean, deviation / math.sqrt(n)
      end
    end
    rows[k] = row
  end
  return rows
end

local function evaluate(run, split, what)
  local started = core.clock()
  local reached = run.bench:adapt(split, what.tasks, what.steps, run.theta)
  judge.diverged(run, split, reached.diverged, what.tasks, reached.note)
  local cost = run.result.cost
  cost.evaluation_seconds = cost.evaluation_seconds + core.clock() - started
  return rows_of(reached, run.bench:names()), reached
end

-- Validation of the present theta: a row. The best so far is kept.
function evaluation.validate(run, step)
  local rows = evaluate(run, "valid", run.validation)
  local row = {}
  for name, value in pairs(rows[#rows]) do
    row[name] = value
  end
  row.step, row.adaptation = step, #rows > 1 and rows or nil
  local cost = run.result.cost
  row.gradient_evaluations, row.seconds = cost.gradient_evaluations, cost.seconds
  table.insert(run.result.validation, row)
  local best = run.result.best
  if not best or row.eval_loss < best.eval_loss then
    run.result.best = { theta = run.theta, step = step, eval_loss = row.eval_loss }
  end
  return row
end

-- The test, with the best theta where there was validation, else with the last.
function evaluation.test(run)
  local best, step = run.result.best, #run.result.steps
  if best then
    run.theta, step = best.theta, best.step
  end
  local rows, reached = evaluate(run, "test", run.test)
  run.result.test = {
    step = step, tasks = run.test.tasks, steps = reached.steps, rows = rows,
    learn_loss = core.array(reached.learn_loss), eval_loss = core.array(reached.eval_loss),
    eval_accuracy = rows[1].eval_accuracy and core.array(reached.eval_accuracy) or nil,
    diverged = reached.diverged,
  }
end

return evaluation
