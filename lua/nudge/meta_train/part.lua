-- SPDX-License-Identifier: MIT
-- The meta-gradients of one part of a meta-batch, with the tasks that have none left out.
local judge = require "nudge.meta_train.judge"

local part = {}

local soft = { soft = true, per_task = true }

local function mark(out, positions)
  for _, position in ipairs(positions) do
    out[position] = true
  end
end

-- Adds the meta-gradients of tasks first .. first + n - 1 to the optimiser's mean. Gives
-- { problem, out = { position = true }, status, note, evaluations, softly }; `out` are the tasks
-- that have diverged, or that the rule refuses, or whose estimate is not finite.
function part.add(run, first, n)
  local p = run.bench:problem("train", "train", first, n)
  p:set_theta(run.theta)
  local gradient <close>, record = p:estimate(run.rule, soft)
  local out = {}
  mark(out, record.diverged)
  -- Tasks that stop the training are said first.
  local stops = next(out) and run.on_divergence == "stop"
  local softly = not stops and judge.status(run, record, first)
  mark(out, run.optimiser:add(gradient, out))
  return {
    problem = p, out = out, softly = softly and 1 or 0, status = record.status,
    note = next(out) and record.note,
    evaluations = record.gradient_evaluations + record.hessian_vector_products,
  }
end

return part
