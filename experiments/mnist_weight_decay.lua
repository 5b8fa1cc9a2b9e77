-- SPDX-License-Identifier: MIT
-- How strongly should each synapse be held back? One lambda for each of the 466,698 parameters of a
-- 784-256x5-10 network on MNIST, meta-learned from validation digits by seven methods: the first
-- supervised experiment of the contrastive rule's paper, with what it lacks (TBPTT, the symmetric
-- rule, no meta-learning at all).
--
--   nudge run experiments/mnist_weight_decay.lua [--set preset=single] [--set methods=cg,none]
--
-- Prints a table of losses and accuracies on validation and test digits, after the last outer step
-- and after learning from all digits again, and writes as .svg and .png the figures
-- mnist_weight_decay (losses over outer steps) and mnist_lambda (what was learned), and the table
-- as .csv and .json. The table and the losses are made of the run's rows in the store:
-- --set from=RUN makes them again of an earlier run, without learning.
--
-- Published: digits, network, minibatches, inner and outer optimisers of contrastive, CG, Neumann
-- and T1-T2, numbers of steps, penalty without the half, one start for all outer steps. Not
-- published for MNIST, chosen here: TBPTT and symmetric. Biases of the last layer start at 0
-- instead of within 1/16.
--
-- Expected (quick): contrastive rules end with less than half of the validation loss that learning
-- without meta-learning has, near TBPTT and below CG; T1-T2 gains a tenth.
local nudge = require "nudge"

local set = nudge.settings {
  preset = { "quick", choices = { "quick", "single", "full" },
    doc = "quick: small, seconds; single: one seed as published, hours; full: five seeds" },
  methods = { "all", doc = "names of methods, separated by commas" },
  seeds = { 0, min = 0, max = 1000, doc = "runs of each method (0: as the preset)" },
  first_seed = { 1, min = 0, max = 1000000, doc = "the first seed; others follow" },
  from = { "", doc = "number of a run of this folder, or last: its rows instead of learning" },
  outer_steps = { 0, min = 0, max = 100000, doc = "steps of lambda (0: as the preset)" },
  symmetric = { "intended", choices = { "intended", "published" },
    doc = "published: the phase against the nudge is not nudged at all" },
  tbptt = { "intended", choices = { "intended", "published" },
    doc = "published: fresh momentum in the window, a learned start, judged by test digits" },
}
local earlier = nudge.earlier(set.from, set) -- a run whose rows are shown, with its own settings
local quick = set.preset == "quick"

local function pick(small, published)
  return quick and small or published
end

local size = quick and {
  layers = { 196, 48, 48, 10 }, block = 2, pool = 5000, learn = 300, eval = 600, test = 2000,
  batch = 50, seeds = 3, outer_steps = 40,
} or {
  layers = { 784, 256, 256, 256, 256, 256, 10 }, block = 1, seeds = set.preset == "full" and 5 or 1,
  pool = 60000, learn = 30000, eval = 30000, test = 10000, batch = 500, outer_steps = 100,
}
local n_seeds = set.seeds > 0 and set.seeds or size.seeds
local outer_steps = set.outer_steps > 0 and set.outer_steps or size.outer_steps

-- ---- methods: inner optimiser and steps, first lambda, step size of lambda, rule ----

local function inner(optimizer, lr)
  return { optimizer = optimizer, lr = lr, momentum = optimizer == "nesterov" and 0.9 or nil,
    steps = pick(200, 2000), batch_size = size.batch, eval_batch_size = size.batch,
    sampling = "epochs" }
end
local adam = inner("adam", pick(3e-3, 3e-4))

local function contrastive(variant, beta, reference)
  return nudge.rule("contrastive", { variant = variant, reference = reference, beta = beta,
    nudged_lr = adam.lr, nudged_steps = pick(40, 200) })
end

local function implicit(solver, iterations, alpha)
  return nudge.rule("implicit", { solver = solver, iterations = iterations, alpha = alpha })
end

-- Without the nudge against, what is left is the forward rule, with a reference that learns on as
-- long; half of it, which Adam does not notice.
local symmetric = set.symmetric == "published" and contrastive("forward", 0.3, "matched")
  or contrastive("symmetric", 0.3, "free")
local as_published = set.tbptt == "published"
local tbptt = nudge.rule("unrolled", { window = pick(40, 200), memory = "checkpoint",
  snapshots = 20, state = as_published and "fresh" or "carried",
  start = as_published and "window" or "exact" })

local compared = nudge.chosen({ -- a mistyped name is told before data are read
  { id = "contrastive", label = "contrastive", color = "blue", inner = adam, lambda = 1e-5,
    lr = pick(2e-4, 1e-4), rule = contrastive("forward", 3) },
  { id = "symmetric", label = "contrastive, symmetric", color = "sky", inner = adam,
    lambda = 1e-5, lr = pick(2e-4, 1e-4), rule = symmetric },
  { id = "cg", label = "CG", color = "amber", inner = inner("adam", pick(3e-3, 1e-4)),
    lambda = 1e-4, lr = pick(2e-4, 3e-4), rule = implicit("cg", pick(20, 100)) },
  { id = "neumann", label = "Neumann", color = "vermilion", lambda = 1e-4, lr = pick(1e-3, 1e-2),
    inner = inner("nesterov", pick(1e-2, 1e-3)),
    rule = implicit("neumann", pick(40, 200), pick(1e-2, 1e-3)) },
  { id = "t1t2", label = "T1-T2", color = "pink", lambda = 1e-5, lr = pick(2e-4, 1e-4),
    inner = inner("nesterov", 1e-2), rule = implicit("t1t2", nil, 1) },
  { id = "tbptt", label = "TBPTT", color = "green", inner = adam, lambda = 1e-5,
    lr = pick(2e-4, 1e-4), rule = tbptt, meta = as_published and "lambda, initial" or nil },
  { id = "none", label = "no meta-learning", color = "grey", dotted = true, inner = adam,
    lambda = 1e-5 },
}, set.methods)

-- ---- digits: halves of the training set, to learn from and to validate with, by the seed ----

local function one_task(name, learn, eval)
  return nudge.domains.fixed { name = name,
    tasks = nudge.tasks.labelled { learn = learn, eval = eval, classes = 10 } }
end

local test_digits = nudge.data.digits { part = "test", n = size.test, block = size.block, seed = 2 }
local splits = {}

-- All digits of a seed: the first to learn from, the others to validate with.
local function split_of(seed)
  if not splits[seed] then
    splits = quick and splits or {} -- large ones one at a time
    collectgarbage()
    local pool = nudge.data.digits { n = size.pool, block = size.block, seed = 1 }
    splits[seed] = nudge.data.take(pool, nudge.random(seed):stream("split"):permutation(size.pool)
      :rows(1, size.learn + size.eval))
  end
  return splits[seed]
end

local function learner_of(method)
  return nudge.learner("complex_synapse", { layers = size.layers, activation = "tanh",
    meta = method.meta or "lambda", lambda = method.lambda, lambda_per = "synapse",
    penalty_factor = 1, init = "uniform", bias_scale = 1 })
end

-- What is learned from all digits with a lambda, from the same start, judged on the test digits.
local function retrain(method, seed, theta)
  local p <close> = nudge.problem { learner = learner_of(method), inner = method.inner,
    tasks = one_task("all digits", split_of(seed), test_digits):tasks("test", 1),
    dtype = "float32", seed = seed }
  local reached = p:set_theta(theta):adapt { steps = { method.inner.steps }, phi = false }
  return { retrained_loss = reached.eval_loss:get(1, 1),
    retrained_accuracy = reached.eval_accuracy:get(1, 1) }
end

-- The meta-training of a method; without a rule lambda stays as it is.
local function meta_train(method, seed, name)
  local all = split_of(seed)
  local learn = nudge.data.rows(all, 1, size.learn)
  local eval = nudge.data.rows(all, size.learn + 1, size.learn + size.eval)
  local function judged(by)
    return nudge.tasks.labelled { learn = nudge.data.rows(all, 1, 1), eval = by, classes = 10 }
  end
  local judge = { test = judged(test_digits) }
  if method.meta then
    judge.validation, eval = judged(eval), test_digits
  end
  return nudge.meta_train {
    name = name, learner = learner_of(method), inner = method.inner, seed = seed,
    domain = one_task("MNIST", learn, eval), judge = judge, dtype = "float32",
    rule = method.rule or implicit("t1t2"), steps = method.rule and outer_steps or 0,
    outer = { optimizer = "adam", lr = method.lr or 1 }, meta_batch = 1,
    accept = { "not_converged", "past_radius" }, test = { tasks = 1, steps = { adam.steps } },
  }
end

local trained = {} -- methods with the first seed, and what they reached
-- Rows of meta-steps, of the last learning and of learning from all digits; peak memory.
local function learn(method, seed, name)
  nudge.peak_memory(true)
  local result = meta_train(method, seed, name)
  local peak = nudge.peak_memory()
  local again = nudge.keep("retraining, " .. name, function()
    return retrain(method, seed, result.theta)
  end)
  nudge.log(name .. "/retrained", outer_steps, again)
  if method.rule and seed == set.first_seed then
    trained[#trained + 1] = { method = method, result = result }
  end
  return { steps = result.steps, test = result.test.rows, again = { again }, peak = peak }
end

local function run(method, seed)
  local name = string.format("%s, seed %d", method.label, seed)
  local made = earlier.id and {} or learn(method, seed, name)
  -- Row k is of what was learned with the lambda of k - 1 outer steps; the test is of the last.
  local rows = earlier:rows(name .. "/train", made.steps)
  local out, final = earlier:last(name .. "/test", made.test), rows[#rows] or {}
  local points = method.rule and table.move(rows, 1, #rows, 1, {}) or { out }
  points[#points + 1] = out
  out.steps, out.validation, out.test = {}, {}, {}
  for k, row in ipairs(points) do
    out.steps[k], out.test[k] = k < #points and k - 1 or outer_steps, row.test_loss
    row.validation_loss = row.validation_loss or row.eval_loss
    out.validation[k] = row.validation_loss
  end
  out.validation_accuracy = out.validation_accuracy or out.eval_accuracy
  local again = earlier:last(name .. "/retrained", made.again)
  out.retrained_loss, out.retrained_accuracy = again.retrained_loss, again.retrained_accuracy
  out.seconds, out.evaluations = final.seconds or 0, final.gradient_evaluations or 0
  out.peak_mb = (out.peak_bytes or made.peak) / 1e6
  return out
end

-- ---- tables and figures ----

local comparison = nudge.comparison { methods = compared, seeds = n_seeds,
  first_seed = set.first_seed, run = run }

local function mean_of(name, title)
  return { name = name, title = title, format = "%.4f", deviation = true }
end
local summary = nudge.summary { comparisons = { comparison }, columns = {
  { name = "method", of = "label" }, mean_of("validation_loss", "validation loss"),
  mean_of("validation_accuracy", "accuracy"), mean_of("test_loss", "test loss"),
  mean_of("test_accuracy", "accuracy"), mean_of("retrained_loss", "test loss, all digits"),
  mean_of("retrained_accuracy", "accuracy"), { name = "seconds", format = "%.0f" },
  { name = "evaluations", title = "gradients", format = "%.0f" },
  { name = "peak_mb", title = "MB", format = "%.0f", fold = "greatest" },
  { name = "learn_loss", format = "%.4f", hidden = true },
} }
print(string.format("%s: %d digits to learn from, %d to validate with, %d to test; network %s, "
  .. "%d outer steps,\n%d seed%s; float32. Losses after the last outer step, and after learning "
  .. "from all %d digits again; gradients:\ninner gradients, transposed steps and products with "
  .. "curvature in all; MB: peak resident set.", test_digits.origin, size.learn, size.eval,
  size.test, table.concat(size.layers, "-"), outer_steps, n_seeds,
  n_seeds > 1 and "s, mean ± deviation" or "", size.learn + size.eval))
print(summary:table())
for _, other in ipairs { "no meta-learning", "T1-T2" } do
  if comparison.by_label.contrastive and comparison.by_label[other] then
    print(string.format("contrastive below %s in validation loss: %d of %d seeds", other,
      comparison:wins("contrastive", other, "validation_loss")))
  end
end
summary:csv(nudge.result "mnist_weight_decay.csv"):json(nudge.result "mnist_weight_decay.json")

local function curves(of, title)
  return { title = title, xlabel = "outer step", ylabel = "cross-entropy",
    series = comparison:bands { x = "steps", y = of, points = false } }
end

local panels = {} -- a row of maps, and one of histograms
for i, one in ipairs(trained) do
  panels[i] = nudge.learned.map { of = one.result, group = "lambda.w1", inputs = size.layers[1],
    title = one.method.label }
  panels[#trained + i] = nudge.learned.histogram { of = one.result, pattern = "^lambda%.w",
    label = "layer ", xlabel = "lambda", from = 1e-5, to = 1, start = one.method.lambda }
end
local figures = {
  mnist_weight_decay = nudge.figure { columns = 2, legend = "common",
    panels = { curves("validation", "validation digits"), curves("test", "test digits") } },
  mnist_lambda = #trained > 0 and nudge.figure { columns = #trained, legend = "common",
    title = #trained > 2 and "mean lambda of a pixel's synapses, and lambda by layer"
      or "learned lambda", width = 230, height = 230, panels = panels } or nil,
}
for name, figure in pairs(figures) do
  figure:save(nudge.result(name .. ".svg")):save(nudge.result(name .. ".png"))
end
