-- SPDX-License-Identifier: MIT
-- Minibatches of learning and evaluation samples; tasks that problems read where they lie.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

local random = nudge.random(11)
local inputs = random:stream("inputs"):normal(48):reshape(12, 4)
local labels = nudge.array({ 0, 1, 2, 1, 0, 2, 2, 1, 0, 1, 2, 0 }, "index")

-- Learning samples are the first six, evaluation samples what `eval` says, as a list of rows.
local function tasks(eval, index)
  local rows = nudge.array(eval, "index")
  local out = nudge.tasks.arrays {
    ["learn.inputs"] = inputs:rows(1, 6), ["learn.targets"] = { values = labels:rows(1, 6),
      classes = 3 },
    ["eval.inputs"] = inputs:take(rows), ["eval.targets"] = { values = labels:take(rows),
      classes = 3 },
  }
  out.indices = index and { index }
  return out
end

local function open(eval, inner, index)
  local t = { optimizer = "gradient_descent", lr = 0.3, steps = 7 }
  for name, value in pairs(inner or {}) do
    t[name] = value
  end
  return nudge.problem { learner = nudge.learner("complex_synapse", { layers = { 4, 3, 3 },
    lambda = 0.1 }), tasks = tasks(eval, index), inner = t, seed = 3 }
end

-- The nudged phase is all that reads evaluation samples.
local function contrast(problem, steps)
  return (problem:estimate(nudge.rule("contrastive", { variant = "forward", beta = 0.5,
    nudged_steps = steps })))
end

tap.test("evaluation minibatches go through the data in order", function()
  local ordered = { eval_batch_size = 1, sampling = "epochs" }
  local first <close> = open({ 7, 8, 9 }, ordered)
  local alone <close> = open({ 7 })
  tap.ok(contrast(first, 1):equals(contrast(alone, 1)), "the first step reads the first sample")
  local two <close> = open({ 7, 8, 9, 10 }, { eval_batch_size = 2, sampling = "epochs" })
  local pair <close> = open({ 7, 8 })
  tap.ok(contrast(two, 1):equals(contrast(pair, 1)), "or the first two")
  local other <close> = open({ 7, 10, 9 }, ordered)
  tap.ok(not contrast(first, 2):equals(contrast(other, 2)), "the second step reads the second")
  local again <close> = open({ 7, 8, 9, 7, 8, 9, 7, 8, 9 }, ordered)
  tap.ok(contrast(first, 8):equals(contrast(again, 8)), "behind the last comes the first")
end)

tap.test("evaluation minibatches begin anew in each phase", function()
  local p <close> = open({ 7, 8, 9 }, { eval_batch_size = 1, sampling = "epochs" })
  local carried = nudge.rule("contrastive", { variant = "forward", beta = 0.5, nudged_steps = 1,
    state = "carried" })
  local alone <close> = open({ 7 })
  tap.ok((p:estimate(carried)):equals((alone:estimate(carried))))
end)

tap.test("independent evaluation minibatches depend on the task's number", function()
  local inner = { eval_batch_size = 2 }
  local same <close> = open({ 7, 8, 9, 10 }, inner, 5)
  local again <close> = open({ 7, 8, 9, 10 }, inner, 5)
  local g = contrast(same, 9)
  tap.ok(g:equals(contrast(again, 9)))
  again:set_tasks(tasks({ 7, 8, 9, 10 }, 6))
  tap.ok(not g:equals(contrast(again, 9)))
  again:set_tasks(tasks({ 7, 8, 9, 10 }, 5))
  tap.ok(g:equals(contrast(again, 9)), "and on nothing that was done before")
  -- All samples in some order: the same losses but for rounding.
  local all <close> = open({ 7, 8, 9 }, { eval_batch_size = 3 })
  local full <close> = open { 7, 8, 9 }
  tap.ok(nudge.compare(contrast(all, 5), contrast(full, 5)).relative_error < 1e-12)
end)

tap.test("losses at phi are those of learning", function()
  local p <close> = open({ 7, 8, 9 }, { batch_size = 2, sampling = "epochs" })
  local reached = p:adapt { steps = { 0, 3, 7 } }
  for k = 1, 3 do
    local at = p:losses(reached.phi[k])
    for _, name in ipairs { "learn_loss", "eval_loss", "eval_accuracy" } do
      tap.is(at[name][1], reached[name]:get(k, 1))
    end
  end
  tap.raises(function() p:losses(nudge.zeros(3)) end, "phi must hold 27 real numbers, got 3")
end)

tap.test("what cannot be drawn is an error", function()
  tap.raises(function() open({ 7, 8 }, { eval_batch_size = 3 }) end,
    "evaluation batch size 3: a task has 2 evaluation samples")
  tap.raises(function() open({ 7 }, { sampling = "epochs" }) end,
    "sampling = 'epochs' has no effect without batch_size")
  tap.raises(function() open({ 7 }, { batch_size = 2, sampling = "epoch" }) end,
    "sampling.*epochs")
  tap.raises(function()
    open({ 7 }, { optimizer = "newton", eval_batch_size = 1 })
  end, "Newton learns from all samples")
end)

tap.test("a frozen array cannot be changed", function()
  local a = nudge.array { { 1, 2 }, { 3, 4 } }
  local view = a[2]
  tap.is(a:freeze(), a)
  for _, change in ipairs {
    function() a:set(1, 1, 5) end, function() a:fill(0) end, function() view:fill(0) end,
    function() a[1]:copy_from { 7, 8 } end, function() a:rows(1, 2):set(1, 1, 9) end,
  } do
    tap.raises(change, "frozen")
  end
  tap.raises(function() a:close() end, "frozen: it is freed when nothing refers to it")
  do
    local scoped <close> = a
    tap.is(scoped:get(1, 1), 1.0)
  end
  tap.is(a:sum(), 10.0, "not freed at the end of a scope either")
  view:close()
  local copy = a:copy()
  copy:set(1, 1, 5)
  tap.is(copy:get(1, 1), 5.0)
  local b = nudge.zeros(2, 2)
  b[1]:freeze()
  tap.raises(function() b:fill(1) end, "frozen")
end)

local function frozen(t)
  for _, a in ipairs(t.arrays) do
    a.values:freeze()
  end
  return t
end

tap.test("problems read frozen tasks where they are", function()
  local copied <close> = open { 7, 8, 9 }
  local t = frozen(tasks { 7, 8, 9 })
  local shared <close> = nudge.problem { learner = copied:spec().learner, tasks = t, seed = 3,
    inner = { optimizer = "gradient_descent", lr = 0.3, steps = 7 } }
  tap.ok(contrast(shared, 4):equals(contrast(copied, 4)))
  -- The script lets go of them: the problem does not.
  for _, a in ipairs(t.arrays) do
    a.values = nil
  end
  t.arrays = nil
  for _ = 1, 3 do
    collectgarbage()
    nudge.zeros(1000):fill(7)
  end
  shared:set_theta(shared:theta() * 2)
  copied:set_theta(copied:theta() * 2)
  tap.ok(contrast(shared, 4):equals(contrast(copied, 4)))
  tap.raises(function() shared:set_tasks(tasks { 10, 11, 12 }) end, "freeze these too")
  shared:set_tasks(frozen(tasks { 10, 11, 12 }))
  collectgarbage()
  copied:set_tasks(tasks { 10, 11, 12 })
  tap.ok(contrast(shared, 4):equals(contrast(copied, 4)))
end)

tap.test("tasks of single numbers give the bits of real ones in float32", function()
  local function problem(single, dtype)
    local t = tasks { 7, 8, 9 }
    for _, a in ipairs(t.arrays) do
      a.values = a.values:kind() == "index" and a.values:freeze()
        or single and a.values:single() or a.values:single():real()
    end
    return nudge.problem { learner = nudge.learner("complex_synapse", { layers = { 4, 3, 3 },
      lambda = 0.1 }), tasks = t, dtype = dtype, seed = 3,
      inner = { optimizer = "adam", lr = 0.03, steps = 7, batch_size = 2, eval_batch_size = 2 } }, t
  end
  for _, dtype in ipairs { "float32", "float64", "long_double" } do
    local real <close> = problem(false, dtype)
    local single <close>, t = problem(true, dtype)
    tap.ok(contrast(single, 4):equals(contrast(real, 4)), dtype)
    tap.ok(single:learn().phi:equals(real:learn().phi))
    single:set_tasks(t)
    tap.ok(contrast(single, 4):equals(contrast(real, 4)), "the same again")
    local before = t.arrays[1].values
    t.arrays[1].values = (before * 2):single()
    single:set_tasks(t)
    tap.ok(not contrast(single, 4):equals(contrast(real, 4)), "others")
    t.arrays[1].values = before:real():freeze()
    tap.raises(function() single:set_tasks(t) end, "is of kind real, not single")
    t.arrays[1].values = (before / 0):single()
    tap.raises(function() single:set_tasks(t) end, "tasks must be finite")
  end
  -- The exact reference works in other element types.
  local function exact(single)
    local t = tasks { 7, 8, 9 }
    for _, a in ipairs(t.arrays) do
      a.values = a.values:kind() == "index" and a.values
        or single and a.values:single() or a.values:single():real()
    end
    local p <close> = nudge.problem { learner = nudge.learner("complex_synapse",
      { layers = { 4, 3 }, lambda = 0.1 }), tasks = t, seed = 3,
      inner = { optimizer = "nesterov", lr = 0.5, momentum = 0.8, steps = 400 } }
    return p:exact().gradient, (p:estimate(nudge.rule("contrastive", { variant = "holomorphic" })))
  end
  local gradient, estimate = exact(true)
  local wanted, wanted_estimate = exact(false)
  tap.ok(gradient:equals(wanted))
  tap.ok(estimate:equals(wanted_estimate))
end)

tap.done()
