-- SPDX-License-Identifier: MIT
-- What a meta-training puts into the run that is kept: a row per meta-step, validation and number
-- of inner steps of the test; and what it is made of.
local core = require "nudge.core"
local run = require "nudge.run"

local record = {}

local VOLATILE = { "seconds", "peak_bytes" } -- the same run has others

-- The numbers of a row, without the one that is its step.
local function numbers(row, step_name)
  local out = {}
  for name, value in pairs(row) do
    if name ~= step_name and (type(value) == "number" or type(value) == "boolean") then
      out[name] = value
    end
  end
  return out
end

local function add(training, part, step, values)
  local recorder = run.current()
  if recorder then
    values.peak_bytes = not training.again and core.peak_bytes() or nil
    recorder:row(training.stage .. "/" .. part, step, values, VOLATILE)
  end
end

-- Before the first meta-step: an unwritable store is known before there is anything to lose.
function record.start(training, made_of)
  local recorder = run.current()
  if recorder then
    recorder:options(training.stage, {
      learner = made_of.learner, rule = made_of.rule, domain = made_of.domain,
      inner = made_of.inner, outer = made_of.outer, dtype = made_of.dtype, seed = made_of.seed,
      steps = made_of.steps, meta_batch = made_of.meta_batch, phi = made_of.n_phi,
      theta = made_of.n_theta,
    })
  end
end

function record.step(training, row)
  add(training, "train", row.step, numbers(row, "step"))
end

function record.validation(training, row)
  add(training, "validation", row.step, numbers(row, "step"))
end

function record.test(training, test)
  for _, row in ipairs(test.rows) do
    local values = numbers(row, "inner_steps")
    values.meta_step = test.step
    add(training, "test", row.inner_steps, values)
  end
end

-- What was found before the run was stopped: should it not have come into the store, it does now.
function record.again(training)
  local result = training.result
  training.again = true
  for _, row in ipairs(result.steps) do
    record.step(training, row)
  end
  for _, row in ipairs(result.validation) do
    record.validation(training, row)
  end
  if result.test then
    record.test(training, result.test)
  end
  training.again = nil
end

return record
