-- SPDX-License-Identifier: MIT
-- Few-shot regression of sinusoids, y = A sin(x + phase) with A of 0.1-5: ten points to learn from.
-- Two learners and five rules at an equal number of inner gradient evaluations per task and
-- meta-step, beside full back-propagation (BPTT) and the same network without meta-learning.
--
--   nudge run experiments/sinusoid.lua [--set preset=full] [--out DIR]
--
-- Prints a table of errors (mean squared, means over test tasks and seeds) and writes
-- sinusoid.csv and .json (the table), sinusoid_curves.csv, and as .svg and .png the figures
-- sinusoid (learning and adaptation) and sinusoid_fits (before, during and after adaptation).
--
-- Expected: without meta-learning 0.5 to 0.7 at best. Dual system: every rule but the first-order
-- one reaches less than a fiftieth of that, the contrastive rule no more than 1.2 times the error
-- of BPTT. Complex synapses, which keep 1761 weights per task instead of 201, end an order of
-- magnitude higher, BPTT lowest; first-order rules come last with both.
local nudge = require "nudge"

local presets = {
  quick = { seeds = 2, meta_steps = 200, budget = 120, test_tasks = 200 },
  full = { seeds = 3, meta_steps = 1000, budget = 300, test_tasks = 500 },
}
local set = nudge.settings {
  preset = { "quick", choices = { "quick", "full" },
    doc = "what the settings with value 0 are: quick for a minute, full for twenty" },
  learner = { "both", choices = { "both", "dual system", "complex synapse" },
    doc = "which inner learner" },
  seeds = { 0, min = 0, max = 100, doc = "meta-trainings of each rule" },
  meta_steps = { 0, min = 0, max = 1000000, doc = "steps of theta, of 25 tasks each" },
  budget = { 0, min = 0, max = 100000, doc = "inner gradient evaluations per task and meta-step" },
  test_tasks = { 0, min = 0, max = 100000, doc = "tasks of the test" },
}
local run = {}
for name, value in pairs(presets[set.preset]) do
  run[name] = set[name] == 0 and value or set[name]
end
local B, full = run.budget, set.preset == "full"

local function nesterov(lr)
  return { optimizer = "nesterov", lr = lr, momentum = 0.9 }
end

-- Symmetric: a free and two nudged phases, and one gradient in theta at the end of each of these.
local function contrastive(beta)
  local nudged = math.max(1, B // 6)
  return nudge.rule("contrastive", { variant = "symmetric", beta = beta, nudged_steps = nudged,
    nudged_optimizer = "gradient_descent", nudged_lr = 0.02, past_radius = "report" }),
    B - 2 * nudged - 2
end

local function tbptt()
  local window = math.max(1, B // 4)
  return nudge.rule("unrolled", { window = window }), B - window - 1
end

local function cg()
  local iterations = math.max(1, math.min(20, B // 6))
  return nudge.rule("implicit", { solver = "cg", iterations = iterations, damping = 0.3 }),
    B - iterations - 2
end

-- Each rule's inner optimiser, elastic pull lambda and outer step size were tuned for it alone.
-- The order is that of the legend.
local function methods(which)
  local dual = which == "dual system"
  local bptt, steps = nudge.rule "unrolled", B // 2
  local rows = {
    { "contrastive", contrastive(dual and 0.1 or 0.3) },
    { "TBPTT", tbptt() },
    { "implicit (CG)", cg() },
    { "FOMAML", nudge.rule "fomaml", B - 1 },
    { "Reptile", nudge.rule "reptile", B },
    { "BPTT", bptt, steps },
  }
  local lr = full and 0.01 or 0.015
  local tuned = dual and {
    contrastive = { nesterov(0.02), 0.01, lr },
    TBPTT = { nesterov(0.02), 0.01, lr },
    ["implicit (CG)"] = { nesterov(0.02), 0.01, lr },
    FOMAML = { nesterov(0.02), 0.03, lr / 2 },
    BPTT = { nesterov(0.02), 0, lr },
  } or {
    contrastive = { nesterov(0.01), full and 0.05 or 0.1, 0.015 },
    TBPTT = { nesterov(0.01), 0.1, 0.015 },
    ["implicit (CG)"] = { nesterov(0.01), 0.1, 0.015 },
    FOMAML = { nesterov(0.005), 0.1, 0.005 },
    Reptile = { nesterov(0.005), 0.1, 0.005 },
    BPTT = { nesterov(0.01), 0.01, 0.01 },
  }
  local out = {}
  for _, row in ipairs(rows) do
    local t = tuned[row[1]]
    if t then
      out[#out + 1] = { label = row[1], rule = row[2], steps = row[3], inner = t[1], lambda = t[2],
        lr = t[3] }
    end
  end
  return out
end

-- Biases are drawn wide, so that the first layer's bends lie where the inputs are: with biases of 0
-- all lie at x = 0, and every method errs several times as much.
local learners = {
  { name = "dual system", make = function(lambda)
    return nudge.learner("modulated_net", { layers = { 1, 40, 40, 1 }, meta = "initial",
      lambda = lambda, init_scale = 3 ^ -0.5, bias_scale = 5, readout_init = "uniform",
      readout_scale = 0.3 })
  end },
  { name = "complex synapse", make = function(lambda)
    return nudge.learner("complex_synapse", { layers = { 1, 40, 40, 1 }, loss = "mse",
      meta = "omega", start_at_omega = true, lambda = math.max(lambda, 1e-9), init = "uniform",
      bias_scale = 5 })
  end },
}

local function inner_of(method, steps)
  local inner = { steps = steps }
  for name, value in pairs(method.inner) do
    inner[name] = value
  end
  return inner
end

-- Numbers of inner steps of the adaptation curves; all judge at B.
local adaptation = {}
for _, steps in ipairs { 0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 80, B, 2 * B, 5 * B } do
  if steps > (adaptation[#adaptation] or -1) and (steps <= B or steps % B == 0) then
    adaptation[#adaptation + 1] = steps
  end
end

local function train(learner, method, seed)
  local domain = nudge.domains.sinusoid { preset = "wide", seed = seed, eval_shots = 10 }
  return nudge.meta_train {
    name = string.format("%s, %s, seed %d", learner.name, method.label, seed),
    learner = learner.make(method.lambda), domain = domain, inner = inner_of(method, method.steps),
    rule = method.rule, seed = seed, dtype = "float32",
    outer = { optimizer = "adam", lr = method.lr, schedule = "cosine", clip_norm = 0.1 },
    steps = run.meta_steps, meta_batch = 25,
    on_divergence = "skip", accept = { "past_radius", "not_converged" },
    validation = { every = math.max(1, run.meta_steps // 10), tasks = 50, steps = B },
    test = { tasks = run.test_tasks, steps = adaptation },
  }
end

-- The same network without meta-learning: its best step size and number of steps on validation
-- tasks, judged on the test tasks. Gives the best error and the errors at `adaptation`.
local function untrained(learner, seed)
  local domain = nudge.domains.sinusoid { preset = "wide", seed = seed, eval_shots = 10 }
  local tried, best = { 30, 100, 300, 1000 }, nil
  tried[#tried + 1] = full and 3000 or nil
  local function errors(split, n, lr, steps)
    local p <close> = nudge.problem { learner = learner.make(0), seed = seed, dtype = "float32",
      tasks = domain:tasks(split, 1, n), inner = inner_of({ inner = nesterov(lr) }, steps[#steps]) }
    return (p:adapt { steps = steps, phi = false, soft = true }).eval_loss:mean(2) * 2
  end
  for _, lr in ipairs { 0.003, 0.01, 0.03, 0.1 } do
    local reached = errors("valid", 100, lr, tried)
    for k, steps in ipairs(tried) do
      if reached[k] < (best and best.mse or math.huge) then
        best = { mse = reached[k], lr = lr, steps = steps }
      end
    end
  end
  return { best = errors("test", run.test_tasks, best.lr, { best.steps })[1], lr = best.lr,
    steps = best.steps, curve = errors("test", run.test_tasks, best.lr, adaptation) }
end

-- Mean over seeds, with the least, the greatest and the standard deviation.
local function spread(values)
  local a = nudge.array(values)
  local mean, n = a:mean(), #values
  return { mean = mean, low = a:min(), high = a:max(),
    deviation = n > 1 and math.sqrt((a - mean):square():sum() / (n - 1)) or nil }
end

-- Curves over seeds as columns of a figure's series: f(i) gives the values of point i.
local function band(x, f, series)
  series.x, series.y, series.low, series.high = x, {}, {}, {}
  for i in ipairs(x) do
    local s = spread(f(i))
    series.y[i], series.low[i], series.high[i] = s.mean, s.low, s.high
  end
  return series
end

local function each(list, f)
  local out = {}
  for i, value in ipairs(list) do
    out[i] = f(value)
  end
  return out
end

-- Everything of one learner: the runs of every method, and what no meta-learning reaches.
local function compare(learner)
  local out = { learner = learner, methods = methods(learner.name), plain = {} }
  for seed = 1, run.seeds do
    out.plain[seed] = untrained(learner, seed)
  end
  for _, method in ipairs(out.methods) do
    method.runs = {}
    for seed = 1, run.seeds do
      method.runs[seed] = train(learner, method, seed)
    end
  end
  return out
end

local at_budget
for i, steps in ipairs(adaptation) do
  at_budget = steps == B and i or at_budget
end

-- Tasks that diverged and were left out, and estimates past the radius or short of convergence,
-- over all meta-steps of a run.
local function oddities(r)
  local left_out, soft = #r.test.diverged, 0
  for _, row in ipairs(r.steps) do
    left_out, soft = left_out + row.diverged, soft + row.softly
  end
  return left_out, soft
end

-- Errors of a method's runs at the i-th number of adaptation steps.
local function tested(method, i)
  return each(method.runs, function(r)
    return 2 * r.test.rows[i].eval_loss
  end)
end

local function table_rows(c, rows)
  local none = spread(each(c.plain, function(p) return p.best end))
  local bptt = spread(tested(c.methods[#c.methods], at_budget)).mean
  for _, method in ipairs(c.methods) do
    local error, first = spread(tested(method, at_budget)), method.runs[1]
    local left_out, soft = 0, 0
    for _, r in ipairs(method.runs) do
      local l, s = oddities(r)
      left_out, soft = left_out + l, soft + s
    end
    rows[#rows + 1] = { learner = c.learner.name, method = method.label, steps = method.steps,
      evaluations = first.cost.gradient_evaluations / #first.steps,
      mse = error.mean, deviation = error.deviation, least = error.low, greatest = error.high,
      longer = spread(tested(method, #adaptation)).mean, to_none = error.mean / none.mean,
      to_bptt = error.mean / bptt, left_out = left_out, soft = soft,
      seconds = spread(each(method.runs, function(r) return r.cost.seconds end)).mean }
  end
  rows[#rows + 1] = { learner = c.learner.name, method = "no meta-learning",
    steps = c.plain[1].steps, mse = none.mean, deviation = none.deviation, least = none.low,
    greatest = none.high, to_none = 1, to_bptt = none.mean / bptt }
end

local function curve_rows(c, rows)
  local function add(method, seed, part, meta_step, inner_steps, mse)
    rows[#rows + 1] = { learner = c.learner.name, method = method, seed = seed, part = part,
      meta_step = meta_step, inner_steps = inner_steps, mse = mse }
  end
  for _, method in ipairs(c.methods) do
    for seed, r in ipairs(method.runs) do
      for _, v in ipairs(r.validation) do
        add(method.label, seed, "validation", v.step, v.inner_steps, 2 * v.eval_loss)
      end
      for _, t in ipairs(r.test.rows) do
        add(method.label, seed, "test", r.test.step, t.inner_steps, 2 * t.eval_loss)
      end
    end
  end
  for seed, p in ipairs(c.plain) do
    for i, steps in ipairs(adaptation) do
      add("no meta-learning", seed, "test", 0, steps, p.curve[i])
    end
    add("no meta-learning", seed, "test, best", 0, p.steps, p.best)
  end
end

local colors = { contrastive = "blue", TBPTT = "green", ["implicit (CG)"] = "amber",
  FOMAML = "pink", Reptile = "sky", BPTT = "black" }

local function panels(c)
  local learning, adapting = {}, {}
  for i, method in ipairs(c.methods) do
    local color, validation = colors[method.label], method.runs[1].validation
    learning[i] = band(each(validation, function(v) return v.step end), function(k)
      return each(method.runs, function(r) return 2 * r.validation[k].eval_loss end)
    end, { label = method.label, color = color, points = false })
    adapting[i] = band(adaptation, function(k) return tested(method, k) end,
      { label = method.label, color = color, points = false })
  end
  local none = spread(each(c.plain, function(p) return p.best end)).mean
  adapting[#adapting + 1] = band(adaptation, function(k)
    return each(c.plain, function(p) return p.curve[k] end)
  end, { label = "no meta-learning", color = "grey", dashed = true, points = false })
  local best = { { y = none, label = "no meta-learning, at best", color = "grey", dotted = true } }
  return { title = c.learner.name .. ": meta-learning", xlabel = "meta-step", logy = true,
    ylabel = "error on new tasks after " .. B .. " steps", series = learning, horizontals = best },
    { title = c.learner.name .. ": adaptation to a new task", xlabel = "inner step", logx = true,
      logy = true, ylabel = "error on test tasks", series = adapting, horizontals = best,
      verticals = { { x = B, color = "grey", dotted = true } } }
end

local moments = { 0, math.min(5, B - 1), B }

-- How one method of seed 1 fits two test tasks, or the network that nobody has trained. Adds a
-- panel to each row of `out`; the first row of the figure has titles.
local function fits(c, method, out, first)
  local grid = nudge.linspace(-5, 5, 121)
  local domain = nudge.domains.sinusoid { preset = "wide", seed = 1, eval_shots = 10 }
  local p <close> = nudge.problem { learner = c.learner.make(method.lambda), seed = 1,
    dtype = "float32", tasks = domain:tasks("test", 1, #out, { eval_grid = grid }),
    inner = inner_of(method, B) }
  if method.runs then
    p:set_theta(method.runs[1].best.theta)
  end
  local path, points = p:adapt { steps = moments }, domain:tasks("test", 1, #out).arrays
  for i, row in ipairs(out) do
    local series = { { x = grid, y = domain:truth("test", i, grid), label = "sinusoid",
      color = "vermilion", dashed = true } }
    for k, steps in ipairs(moments) do
      series[#series + 1] = { x = grid, y = p:predict(path.phi[k])[i], points = false,
        label = "after " .. steps .. " steps", color = "blue" .. (k == 3 and 4 or k) }
    end
    series[#series + 1] = { x = points[1].values[i], y = points[2].values[i], points = true,
      label = "learned from", color = "black" }
    row[#row + 1] = { title = first and i == 1 and method.label or nil,
      ylabel = #row == 0 and c.learner.name or nil, series = series, yrange = { -6, 6 } }
  end
end

local function fit_panels(c, out)
  local rows = { {}, {} }
  local none = c.plain[1]
  for _, method in ipairs(c.methods) do
    if method.label ~= "Reptile" then
      fits(c, method, rows, #out == 0)
    end
  end
  fits(c, { label = "no meta-learning", lambda = 0, inner = nesterov(none.lr) }, rows,
    #out == 0)
  for _, row in ipairs(rows) do
    table.move(row, 1, #row, #out + 1, out)
  end
end

local rows, curves, main, pictures = {}, {}, {}, {}
for _, learner in ipairs(learners) do
  if set.learner == "both" or set.learner == learner.name then
    local c = compare(learner)
    table_rows(c, rows)
    curve_rows(c, curves)
    main[#main + 1], main[#main + 2] = panels(c)
    fit_panels(c, pictures)
  end
end

local columns = {
  "learner", "method", { name = "steps", title = "inner steps" },
  { name = "evaluations", format = "%.0f" }, { name = "mse", title = "error", format = "%.4f" },
  { name = "deviation", title = "+-", format = "%.4f" }, { name = "least", hidden = true },
  { name = "greatest", hidden = true },
  { name = "longer", title = "after " .. 5 * B .. " steps", format = "%.4f" },
  { name = "to_none", title = "/ no meta", format = "%.4f" },
  { name = "to_bptt", title = "/ BPTT", format = "%.2f" },
  { name = "seconds", title = "s per run", format = "%.1f" },
  { name = "left_out", title = "left out" }, { name = "soft", title = "soft" },
}
local summary = nudge.rows { columns = columns, rows = rows }
print(string.format("%d seeds, %d meta-steps of 25 tasks, %d test tasks; error: mean over seeds "
  .. "after %d inner steps,\n+- their deviation; left out: tasks that diverged; soft: estimates "
  .. "past the radius or short of convergence", run.seeds, run.meta_steps, run.test_tasks, B))
print(summary:table())
summary:csv(nudge.result "sinusoid.csv"):json(nudge.result "sinusoid.json")
nudge.rows { columns = { "learner", "method", "seed", "part", "meta_step", "inner_steps", "mse" },
  rows = curves }:csv(nudge.result "sinusoid_curves.csv")
local figures = {
  sinusoid = nudge.figure { panels = main, columns = 2, legend = "common",
    width = 390, height = 250 },
  sinusoid_fits = nudge.figure { panels = pictures, columns = 6, legend = "common",
    same_axes = true, width = 140, height = 118 },
}
for name, figure in pairs(figures) do
  figure:save(nudge.result(name .. ".svg")):save(nudge.result(name .. ".png"))
end
