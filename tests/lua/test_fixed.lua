-- SPDX-License-Identifier: MIT
-- Meta-learning on one problem, and what is learned judged on other data.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

local random = nudge.random(4)
local data = { inputs = random:stream("inputs"):normal(240):reshape(60, 4) }
do
  local labels = {}
  for i = 1, 60 do
    labels[i] = data.inputs:get(i, 1) + 0.5 * data.inputs:get(i, 2) > 0 and 1 or 0
  end
  data.labels, data.classes = nudge.array(labels, "index"), 2
end

-- The first and last of the samples to learn from, then those to be judged by.
local function tasks(first, last, from, to)
  return nudge.tasks.arrays {
    ["learn.inputs"] = data.inputs:rows(first, last),
    ["learn.targets"] = { values = data.labels:rows(first, last), classes = 2 },
    ["eval.inputs"] = data.inputs:rows(from, to),
    ["eval.targets"] = { values = data.labels:rows(from, to), classes = 2 },
  }
end

local learner = nudge.learner("complex_synapse", { layers = { 4, 5, 2 }, lambda = 0.01,
  penalty_factor = 1, init = "uniform" })
local inner = { optimizer = "adam", lr = 0.02, steps = 15, batch_size = 4, eval_batch_size = 3,
  sampling = "epochs" }

local function train(other)
  local d = {
    learner = learner, inner = inner, seed = 2, dtype = "float32",
    domain = nudge.domains.fixed { name = "points", tasks = tasks(1, 20, 21, 40) },
    rule = nudge.rule("contrastive", { variant = "forward", beta = 0.5, nudged_steps = 5 }),
    outer = { optimizer = "adam", lr = 0.003 }, steps = 4, meta_batch = 1,
    judge = { test = tasks(1, 1, 41, 60), learning = tasks(1, 1, 1, 20) },
    test = { tasks = 1, steps = { 0, 15 } },
  }
  for name, value in pairs(other or {}) do
    d[name] = value
  end
  return nudge.meta_train(d)
end

-- One problem of its own, opened for index k and theta.
local function alone(t, k, theta)
  t.indices, t.starts = { k }, { 0 }
  local p = nudge.problem { learner = learner, tasks = t, inner = inner, seed = 2,
    dtype = "float32" }
  return p:set_theta(theta)
end

tap.test("a fixed domain has the same task at every index", function()
  local t = tasks(1, 20, 21, 40)
  local d = nudge.domains.fixed { name = "points", tasks = t }
  local a, b = d:tasks("train", 1), d:tasks("test", 77)
  tap.is(a.arrays, b.arrays, "the very arrays")
  tap.is(a.arrays[1].values, t.arrays[1].values)
  tap.is(b.indices[1], 77)
  tap.is(a.starts[1], b.starts[1])
  tap.is(a.n_tasks, 1)
  local three = d:tasks("valid", 5, 3)
  tap.is(three.indices[3], 7)
  tap.is(#three.arrays[1].values, 3)
  tap.ok(three.arrays[1].values[2]:equals(a.arrays[1].values))
  tap.is(nudge.domains.fixed({ tasks = t, start = "own" }):tasks("train", 3).starts, nil)
  tap.raises(function() a.arrays[1].values:fill(0) end, "frozen")
end)

tap.test("minibatches differ by index, the start does not", function()
  local d = nudge.domains.fixed { tasks = tasks(1, 20, 21, 40) }
  local p <close> = nudge.problem { learner = learner, tasks = d:tasks("train", 1, 3),
    inner = inner, seed = 2 }
  tap.ok(p:start(1):equals(p:start(2)))
  local phi = p:learn().phi
  tap.ok(not phi[1]:equals(phi[2]), "other minibatches")
  local q <close> = nudge.problem { learner = learner, tasks = d:tasks("train", 2), inner = inner,
    seed = 2 }
  tap.ok(q:learn().phi:equals(phi[2]), "and each depends on its index alone")
  q:set_tasks(d:tasks("train", 3))
  tap.ok(q:learn().phi:equals(phi[3]))
  local own <close> = nudge.problem { learner = learner, inner = inner, seed = 2,
    tasks = nudge.domains.fixed({ tasks = tasks(1, 20, 21, 40), start = "own" })
      :tasks("train", 1, 2) }
  tap.ok(not own:start(1):equals(own:start(2)))
end)

tap.test("meta-steps, test and judges are what single problems say", function()
  local thetas = {}
  local r = train { on_step = function(s) thetas[s.step + 1] = s.theta end }
  local p <close> = alone(tasks(1, 20, 21, 40), 1, train({ steps = 0 }).theta)
  thetas[1] = p:theta()
  local function check(row, k, theta, steps)
    local t <close> = alone(tasks(1, 20, 21, 40), k, theta)
    local reached = t:adapt { steps = { steps } }
    local test <close> = alone(tasks(1, 20, 41, 60), k, theta)
    local again <close> = alone(tasks(21, 40, 1, 20), k, theta)
    local at, learned = test:losses(reached.phi[1]), again:losses(reached.phi[1])
    tap.is(row.learn_loss, reached.learn_loss:get(1, 1))
    tap.is(row.eval_loss, reached.eval_loss:get(1, 1))
    tap.is(row.eval_accuracy, reached.eval_accuracy:get(1, 1))
    tap.is(row.test_loss, at.eval_loss[1])
    tap.is(row.test_accuracy, at.eval_accuracy[1])
    tap.is(row.learning_loss, learned.eval_loss[1])
    tap.is(row.learning_accuracy, learned.eval_accuracy[1])
  end
  for k = 1, 4 do
    check(r.steps[k], k, thetas[k], 15)
  end
  check(r.test.rows[1], 1, r.theta, 0)
  check(r.test.rows[2], 1, r.theta, 15)
  tap.ok(r.theta:equals(thetas[5]))
  tap.ok(r.steps[2].eval_loss ~= r.steps[1].eval_loss)
  tap.matches(r:table(), "test loss", "learning accuracy")
  local scratch <close> = tap.file ".csv"
  r:csv(scratch.path)
  tap.matches(tap.read(scratch.path), "learning_loss,learning_loss_error,learning_accuracy")
end)

tap.test("every rule learns on it", function()
  for _, rule in ipairs {
    nudge.rule("contrastive", { variant = "symmetric", beta = 0.1, nudged_steps = 5 }),
    nudge.rule("implicit", { solver = "cg", iterations = 5 }),
    nudge.rule("implicit", { solver = "neumann", iterations = 5, alpha = 0.01 }),
    nudge.rule("implicit", { solver = "t1t2", alpha = 1 }),
    nudge.rule("unrolled", { window = 6, memory = "checkpoint" }),
  } do
    local r = train { rule = rule, steps = 2, judge = { test = tasks(1, 1, 41, 60) },
      accept = { "not_converged", "past_radius" } }
    tap.ok(not r.theta:equals(train({ steps = 0 }).theta))
    tap.ok(r.theta:min() >= 0, "lambda stays at 0 or above")
    tap.ok(r.steps[2].test_loss > 0)
  end
end)

tap.test("a meta-batch of it is a mean over minibatches", function()
  local r = train { meta_batch = 3, steps = 2, test = { tasks = 3 } }
  local parts = train { meta_batch = 3, parts = 2, steps = 2, test = { tasks = 3 } }
  tap.ok(r.theta:equals(parts.theta))
  for _, name in ipairs { "eval_loss", "eval_accuracy", "test_loss", "learning_accuracy" } do
    tap.is(r.steps[2][name], parts.steps[2][name])
    tap.is(r.test.rows[2][name], parts.test.rows[2][name])
  end
  tap.ok(r.test.rows[2].test_loss_error > 0)
end)

tap.test("mistakes are errors", function()
  local t = tasks(1, 20, 21, 40)
  local d = nudge.domains.fixed { name = "points", tasks = t }
  for _, case in ipairs {
    { function() nudge.domains.fixed {} end, "field tasks is missing" },
    { function() nudge.domains.fixed { tasks = {} } end, "tasks must come from nudge.tasks" },
    { function() nudge.domains.fixed { tasks = t, start = "new" } end, "start = 'new'" },
    { function()
      nudge.domains.fixed { tasks = nudge.domains.linear():tasks("train", 1, 2) }
    end, "one task, got 2" },
    { function() d:tasks("train", 0) end, "domain points: tasks: first = 0" },
    { function() d:tasks("all", 1) end, "split = 'all'" },
    { function() d:task("train", 1) end, "its task is fixed" },
    { function() d:truth("train", 1, nudge.zeros(2)) end, "its task is fixed" },
    { function() train { losses = false } end, "judge looks at what meta%-steps learn" },
    { function() train { judge = { eval = t } } end, "'eval' is what the rows call" },
    { function() train { judge = { ["a b"] = t } } end, "got 'a b'" },
    { function() train { judge = { test = {} } } end, "test must be tasks from nudge.tasks" },
    { function()
      train { judge = { test = nudge.domains.linear():tasks("train", 1) } }
    end, "complex_synapse" },
  } do
    tap.raises(case[1], case[2])
  end
end)

tap.test("the largest resident set is known", function()
  local before = nudge.peak_memory()
  local block = nudge.zeros(1 << 22):fill(1)
  local with = nudge.peak_memory(true)
  tap.ok(with >= before + (1 << 24), "it grows with what is used")
  block:close()
  collectgarbage()
  local _, restarted = nudge.peak_memory(true)
  if restarted and not os.getenv "ASAN_OPTIONS" then -- which keeps back what is freed
    tap.ok(nudge.peak_memory() < with, "and is counted anew")
  end
end)

tap.done()
