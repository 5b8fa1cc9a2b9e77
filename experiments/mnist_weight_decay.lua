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
    doc = "quick: a small network and few digits, two minutes; single: one seed of everything as "
      .. "published, hours; full: five seeds" },
  methods = { "all", doc = "names of methods, separated by commas" },
  seeds = { 0, min = 0, max = 1000, doc = "runs of each method (0: as the preset)" },
  first_seed = { 1, min = 0, max = 1000000, doc = "the first seed; others follow" },
  from = { "", doc = "number of a run of this folder, or last: its rows instead of learning" },
  outer_steps = { 0, min = 0, max = 100000, doc = "steps of lambda (0: as the preset)" },
  symmetric = { "intended", choices = { "intended", "published" },
    doc = "published: the phase against the nudge is not nudged at all" },
  tbptt = { "intended", choices = { "intended", "published" },
    doc = "published: the window begins with fresh momentum, the start is learned too, and the "
      .. "judges are the test digits" },
}
local earlier -- a run whose rows are shown, with its own settings
if set.from ~= "" then
  local store = nudge.store.open()
  local run = store:run(set.from)
  earlier = { store = store, id = run.id }
  for name, value in pairs(run.settings) do
    set[name] = value
  end
end
local quick = set.preset == "quick"

local size = quick and {
  layers = { 196, 48, 48, 10 }, block = 2, pool = 5000, learn = 300, eval = 600, test = 2000,
  batch = 50, seeds = 3, outer_steps = 40,
} or {
  layers = { 784, 256, 256, 256, 256, 256, 10 }, block = 1, pool = 60000, learn = 30000,
  eval = 30000, test = 10000, batch = 500, seeds = set.preset == "full" and 5 or 1,
  outer_steps = 100,
}
local n_seeds = set.seeds > 0 and set.seeds or size.seeds
local outer_steps = set.outer_steps > 0 and set.outer_steps or size.outer_steps

-- ---- methods: inner optimiser and steps, first lambda, step size of lambda, rule ----

local function adam(lr, steps)
  return { optimizer = "adam", lr = lr, steps = steps }
end

local function nesterov(lr, steps)
  return { optimizer = "nesterov", lr = lr, momentum = 0.9, steps = steps }
end

local function contrastive(options)
  return nudge.rule("contrastive", options)
end

local function implicit(options)
  return nudge.rule("implicit", options)
end

-- Without the nudge against, what is left is the forward rule, with a reference that learns on as
-- long; half of it, which Adam does not notice.
local function symmetric(beta, lr, steps)
  local published = set.symmetric == "published"
  return contrastive { variant = published and "forward" or "symmetric",
    reference = published and "matched" or "free", beta = beta, nudged_lr = lr,
    nudged_steps = steps }
end

local function tbptt(window)
  local published = set.tbptt == "published"
  return nudge.rule("unrolled", { window = window, memory = "checkpoint", snapshots = 20,
    state = published and "fresh" or "carried", start = published and "window" or "exact" })
end

local methods = quick and {
  { id = "contrastive", inner = adam(3e-3, 200), lambda = 1e-5, lr = 2e-4,
    rule = contrastive { variant = "forward", beta = 3, nudged_lr = 3e-3, nudged_steps = 40 } },
  { id = "symmetric", inner = adam(3e-3, 200), lambda = 1e-5, lr = 2e-4,
    rule = symmetric(0.3, 3e-3, 40) },
  { id = "cg", inner = adam(3e-3, 200), lambda = 1e-4, lr = 2e-4,
    rule = implicit { solver = "cg", iterations = 20 } },
  { id = "neumann", inner = nesterov(1e-2, 200), lambda = 1e-4, lr = 1e-3,
    rule = implicit { solver = "neumann", iterations = 40, alpha = 1e-2 } },
  { id = "t1t2", inner = nesterov(1e-2, 200), lambda = 1e-5, lr = 2e-4,
    rule = implicit { solver = "t1t2", alpha = 1 } },
  { id = "tbptt", inner = adam(3e-3, 200), lambda = 1e-5, lr = 2e-4, rule = tbptt(40) },
  { id = "none", inner = adam(3e-3, 200), lambda = 1e-5 },
} or {
  { id = "contrastive", inner = adam(3e-4, 2000), lambda = 1e-5, lr = 1e-4,
    rule = contrastive { variant = "forward", beta = 3, nudged_lr = 3e-4, nudged_steps = 200 } },
  { id = "symmetric", inner = adam(3e-4, 2000), lambda = 1e-5, lr = 1e-4,
    rule = symmetric(0.3, 3e-4, 200) },
  { id = "cg", inner = adam(1e-4, 2000), lambda = 1e-4, lr = 3e-4,
    rule = implicit { solver = "cg", iterations = 100 } },
  { id = "neumann", inner = nesterov(1e-3, 2000), lambda = 1e-4, lr = 1e-2,
    rule = implicit { solver = "neumann", iterations = 200, alpha = 1e-3 } },
  { id = "t1t2", inner = nesterov(1e-2, 2000), lambda = 1e-5, lr = 1e-4,
    rule = implicit { solver = "t1t2", alpha = 1 } },
  { id = "tbptt", inner = adam(3e-4, 2000), lambda = 1e-5, lr = 1e-4, rule = tbptt(200) },
  { id = "none", inner = adam(3e-4, 2000), lambda = 1e-5 },
}
local labels = { contrastive = "contrastive", symmetric = "contrastive, symmetric", cg = "CG",
  neumann = "Neumann", t1t2 = "T1-T2", tbptt = "TBPTT", none = "no meta-learning" }
local colors = { contrastive = "blue", symmetric = "sky", cg = "amber", neumann = "vermilion",
  t1t2 = "pink", tbptt = "green", none = "grey" }

local function chosen()
  local out, wanted, ids = {}, {}, {}
  for name in set.methods:gmatch "[^, ]+" do
    wanted[name] = true
  end
  for _, method in ipairs(methods) do
    ids[#ids + 1] = method.id
    if wanted[method.id] or wanted.all then
      method.label, method.color = labels[method.id], colors[method.id]
      method.dotted = not method.rule
      out[#out + 1] = method
      wanted[method.id] = nil
    end
  end
  wanted.all = nil
  if next(wanted) or #out == 0 then
    error(string.format("methods = %s: there is no '%s'; there are: all, %s", set.methods,
      next(wanted) or "", table.concat(ids, ", ")), 0)
  end
  return out
end
local compared = chosen() -- a mistyped name is told before data are read

-- ---- digits: halves of the training set, to learn from and to validate with, by the seed ----

local width = size.layers[1]
local origin

-- So many digits as rows of float32, or drawn ones where there are none: data are large, and live
-- once.
local function digits(part, n, seed)
  local data = nudge.data.mnist { part = part, n = n, block = size.block,
    fallback = function()
      return nudge.data.synthetic_digits { n = n, block = size.block, seed = seed }
    end }
  local images <close> = data.inputs
  origin = data.origin
  return images:standardise(0.1307, 0.3081):view(n, width):single(), data.labels:freeze()
end

local function supervised(learn_x, learn_y, eval_x, eval_y)
  return nudge.tasks.arrays {
    ["learn.inputs"] = learn_x, ["learn.targets"] = { values = learn_y, classes = 10 },
    ["eval.inputs"] = eval_x, ["eval.targets"] = { values = eval_y, classes = 10 },
  }
end

local test_x, test_y = digits("test", size.test, 2)
local splits = {}

local function split_of(seed)
  if not splits[seed] then
    local split = { n = size.learn + size.eval }
    splits = quick and splits or {} -- large ones one at a time
    splits[seed] = split
    collectgarbage()
    local pool_x, pool_y = digits("train", size.pool, 1)
    local order = nudge.random(seed):stream("split"):permutation(size.pool):rows(1, split.n)
    split.x, split.y = pool_x:take(order), pool_y:take(order):freeze()
  end
  return splits[seed]
end

-- ---- one run of one method ----

local function learner_of(method)
  local start = method.id == "tbptt" and set.tbptt == "published"
  return nudge.learner("complex_synapse", { layers = size.layers, activation = "tanh",
    meta = start and "lambda, initial" or "lambda", lambda = method.lambda, lambda_per = "synapse",
    penalty_factor = 1, init = "uniform", bias_scale = 1 })
end

local function inner_of(method)
  local inner = { batch_size = size.batch, eval_batch_size = size.batch, sampling = "epochs" }
  for name, value in pairs(method.inner) do
    inner[name] = value
  end
  return inner
end

-- What is learned from all digits with a lambda, from the same start, judged on the test digits.
local function retrain(method, seed, theta)
  local s = split_of(seed)
  local domain = nudge.domains.fixed { name = "all digits",
    tasks = supervised(s.x, s.y, test_x, test_y) }
  local p <close> = nudge.problem { learner = learner_of(method), tasks = domain:tasks("test", 1),
    inner = inner_of(method), dtype = "float32", seed = seed }
  local reached = p:set_theta(theta):adapt { steps = { method.inner.steps }, phi = false }
  return { retrained_loss = reached.eval_loss:get(1, 1),
    retrained_accuracy = reached.eval_accuracy:get(1, 1) }
end

-- The meta-training of a method; without a rule lambda stays as it is.
local function meta_train(method, seed, name)
  local s, n = split_of(seed), size.learn
  local eval_x, eval_y, judge = s.x:rows(n + 1, s.n), s.y:rows(n + 1, s.n), {}
  local function judged(x, y)
    return supervised(s.x:rows(1, 1), s.y:rows(1, 1), x, y)
  end
  judge.test = judged(test_x, test_y)
  if method.id == "tbptt" and set.tbptt == "published" then
    judge.validation = judged(eval_x, eval_y)
    eval_x, eval_y = test_x, test_y
  end
  return nudge.meta_train {
    name = name, learner = learner_of(method), inner = inner_of(method), seed = seed,
    domain = nudge.domains.fixed { name = "MNIST",
      tasks = supervised(s.x:rows(1, n), s.y:rows(1, n), eval_x, eval_y) },
    rule = method.rule or implicit { solver = "t1t2" }, dtype = "float32", judge = judge,
    outer = { optimizer = "adam", lr = method.lr or 1 }, meta_batch = 1,
    steps = method.rule and outer_steps or 0, accept = { "not_converged", "past_radius" },
    test = { tasks = 1, steps = { method.inner.steps } },
  }
end

-- Rows of a series as the store has them, or as they were made where no store is kept.
local function rows_of(series, made)
  return earlier and earlier.store:rows(earlier.id, series) or nudge.kept(series) or made
end

local lambdas = {} -- of the first seed

-- Rows of meta-steps, of the last learning and of learning from all digits; peak memory.
local function learn(method, seed, name)
  nudge.peak_memory(true)
  local result = meta_train(method, seed, name)
  local peak = nudge.peak_memory()
  local again = nudge.keep("retraining, " .. name, function()
    return retrain(method, seed, result.theta)
  end)
  nudge.log(name .. "/retrained", outer_steps, again)
  if seed == set.first_seed then
    lambdas[method.id] = { theta = result.theta, groups = result.made_of.groups }
  end
  return result.steps, result.test.rows, { again }, peak
end

local function run(method, seed)
  local name = string.format("%s, seed %d", method.label, seed)
  local made, tests, again, peak
  if not earlier then
    made, tests, again, peak = learn(method, seed, name)
  end
  -- Row k is of what was learned with the lambda of k - 1 outer steps; the test is of the last.
  local rows, last = rows_of(name .. "/train", made), rows_of(name .. "/test", tests)[1]
  local retrained = rows_of(name .. "/retrained", again)[1]
  if not last or not retrained then
    error(string.format("run %d has not come to the end of '%s'", earlier.id, name), 0)
  end
  local step, validation, test = {}, {}, {}
  for k, row in ipairs(method.rule and rows or { last }) do
    step[k], validation[k], test[k] = k - 1, row.validation_loss or row.eval_loss, row.test_loss
  end
  table.insert(step, #rows > 0 and #rows or outer_steps)
  table.insert(validation, last.validation_loss or last.eval_loss)
  table.insert(test, last.test_loss)
  local final = rows[#rows] or {}
  return {
    step = step, validation = validation, test = test,
    validation_loss = last.validation_loss or last.eval_loss,
    validation_accuracy = last.validation_accuracy or last.eval_accuracy,
    test_loss = last.test_loss, test_accuracy = last.test_accuracy,
    retrained_loss = retrained.retrained_loss, retrained_accuracy = retrained.retrained_accuracy,
    learn_loss = last.learn_loss, seconds = final.seconds or 0,
    evaluations = final.gradient_evaluations or 0, peak_mb = (last.peak_bytes or peak) / 1e6,
  }
end

-- ---- tables and figures ----

local seeds = {}
for i = 1, n_seeds do
  seeds[i] = set.first_seed + i - 1
end
local comparison = nudge.comparison { methods = compared, seeds = seeds, run = run }

local columns = { { name = "method", of = "label" } }
local function add(name, title, format)
  table.move({ { name = name, title = title, format = format, deviation = name .. "_deviation" },
    { name = name .. "_deviation", of = name, fold = "deviation", hidden = true } }, 1, 2,
    #columns + 1, columns)
end
add("validation_loss", "validation loss", "%.4f")
add("validation_accuracy", "accuracy", "%.4f")
add("test_loss", "test loss", "%.4f")
add("test_accuracy", "accuracy", "%.4f")
add("retrained_loss", "test loss, all digits", "%.4f")
add("retrained_accuracy", "accuracy", "%.4f")
table.move({ { name = "seconds", format = "%.0f" },
  { name = "evaluations", title = "gradients", format = "%.0f" },
  { name = "peak_mb", title = "MB", format = "%.0f", fold = "greatest" },
  { name = "learn_loss", format = "%.4f", hidden = true } }, 1, 4, #columns + 1, columns)
local summary = nudge.summary { comparisons = { comparison }, columns = columns }

print(string.format("%s: %d digits to learn from, %d to validate with, %d to test; network %s, "
  .. "%d outer steps,\n%d seed%s; float32. Losses after the last outer step, and after learning "
  .. "from all %d digits again; gradients:\ninner gradients, transposed steps and products with "
  .. "curvature in all; MB: peak resident set.", origin, size.learn, size.eval, size.test,
  table.concat(size.layers, "-"), outer_steps, n_seeds, n_seeds > 1 and "s, mean ± deviation" or "",
  size.learn + size.eval))
print(summary:table())

-- On how many seeds the first method has the lower validation loss.
local function wins(first, second)
  local a, b, n = comparison.by_label[labels[first]], comparison.by_label[labels[second]], 0
  for k in ipairs(a and b and seeds or {}) do
    n = n + (a.runs[k].validation_loss < b.runs[k].validation_loss and 1 or 0)
  end
  if a and b then
    print(string.format("%s below %s in validation loss: %d of %d seeds", labels[first],
      labels[second], n, n_seeds))
  end
end
wins("contrastive", "none")
wins("contrastive", "t1t2")

summary:csv(nudge.result "mnist_weight_decay.csv"):json(nudge.result "mnist_weight_decay.json")

local function curves(of, title)
  return { title = title, xlabel = "outer step", ylabel = "cross-entropy",
    series = comparison:bands { x = "step", y = of, points = false } }
end

-- Strengths of a layer's synapses: how many are 0 or lie around each power of ten.
local function histogram(theta, group)
  local low, high, per_decade, x, y = -5, 0, 4, { 0 }, { 0 }
  for i = 1, (high - low) * per_decade do
    x[i + 1], y[i + 1] = 10 ^ (low + (i - 0.5) / per_decade), 0
  end
  for _, lambda in ipairs(theta:rows(group.first, group.last):totable()) do
    local bin = lambda > 0 and math.ceil((math.log(lambda, 10) - low) * per_decade) + 1 or 1
    bin = math.min(math.max(bin, lambda > 0 and 2 or 1), #x)
    y[bin] = y[bin] + 1 / (group.last - group.first + 1)
  end
  return { x = x, y = y, label = group.name:gsub("lambda%.w", "layer "), points = false }
end

local side = math.tointeger(math.sqrt(width))
local maps, histograms = {}, {}
for _, method in ipairs(comparison.methods) do
  local found = method.rule and lambdas[method.id]
  if found then
    local first = found.groups[1]
    maps[#maps + 1] = { title = method.label, image = found.theta:rows(first.first, first.last)
      :view(width, size.layers[2]):mean(2):reshape(side, side) }
    local panel = { xlabel = "lambda", logx = true, ylabel = "share",
      series = {}, verticals = { { x = method.lambda, label = "at the start", dotted = true } } }
    for _, group in ipairs(found.groups) do
      if group.name:find "^lambda%.w" then
        table.insert(panel.series, histogram(found.theta, group))
      end
    end
    histograms[#histograms + 1] = panel
  end
end
local figures = { mnist_weight_decay = nudge.figure { columns = 2, legend = "common",
  panels = { curves("validation", "validation digits"), curves("test", "test digits") } } }
if #maps > 0 then
  figures.mnist_lambda = nudge.figure { columns = #maps, legend = "common", width = 230,
    height = 230, title = #maps > 2 and "mean lambda of a pixel's synapses, and lambda by layer"
      or "learned lambda",
    panels = table.move(histograms, 1, #histograms, #maps + 1, maps) }
end
for name, figure in pairs(figures) do
  figure:save(nudge.result(name .. ".svg")):save(nudge.result(name .. ".png"))
end
