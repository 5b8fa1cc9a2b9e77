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
local NONE = "no meta-learning"

local function nesterov(lr)
  return { optimizer = "nesterov", lr = lr, momentum = 0.9 }
end

-- Symmetric: a free and two nudged phases, and one gradient in theta at the end of each of these.
local function contrastive(beta, lr)
  local nudged = math.max(1, B // 6)
  return nudge.rule("contrastive", { variant = "symmetric", beta = beta, nudged_steps = nudged,
    nudged_optimizer = "gradient_descent", nudged_lr = lr, past_radius = "report" }),
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
local function methods(learner)
  local dual = learner.name == "dual system"
  local lr = full and 0.01 or 0.015
  local tuned = dual and {
    contrastive = { nesterov(0.02), 0.01, lr },
    TBPTT = { nesterov(0.02), 0.01, lr },
    ["implicit (CG)"] = { nesterov(0.02), 0.01, lr },
    FOMAML = { nesterov(0.02), 0.03, lr / 2 },
    BPTT = { nesterov(0.02), 0, lr },
  } or {
    contrastive = { nesterov(0.01), 0.05, 0.015 },
    TBPTT = { nesterov(0.01), 0.1, 0.015 },
    ["implicit (CG)"] = { nesterov(0.01), 0.1, 0.015 },
    FOMAML = { nesterov(0.005), 0.1, 0.005 },
    Reptile = { nesterov(0.005), 0.1, 0.005 },
    BPTT = { nesterov(0.01), 0.01, 0.01 },
  }
  local out = {}
  local function add(label, color, rule, steps)
    local t = tuned[label]
    out[#out + 1] = t and { label = label, learner = learner.name, color = color, rule = rule,
      steps = steps, inner = t[1], lambda = t[2], lr = t[3] }
  end
  local beta = (dual or not full) and 0.1 or 0.03
  add("contrastive", "blue", contrastive(beta, dual and 0.02 or 0.03))
  add("TBPTT", "green", tbptt())
  add("implicit (CG)", "amber", cg())
  add("FOMAML", "pink", nudge.rule "fomaml", B - 1)
  add("Reptile", "sky", nudge.rule "reptile", B)
  add("BPTT", "black", nudge.rule "unrolled", B // 2)
  out[#out + 1] = { label = NONE, learner = learner.name, color = "grey", dashed = true,
    lambda = 0 }
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

local function inner_of(inner, steps)
  local out = { steps = steps }
  for name, value in pairs(inner) do
    out[name] = value
  end
  return out
end

-- Numbers of inner steps of the adaptation curves; all judge at B.
local adaptation, at_budget = {}, nil
for _, steps in ipairs { 0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 80, B, 2 * B, 5 * B } do
  if steps > (adaptation[#adaptation] or -1) and (steps <= B or steps % B == 0) then
    adaptation[#adaptation + 1] = steps
    at_budget = steps == B and #adaptation or at_budget
  end
end

local function domain_of(seed)
  return nudge.domains.sinusoid { preset = "wide", seed = seed, eval_shots = 10 }
end

local function part(name, meta_step, inner_steps, mse)
  return { part = name, meta_step = meta_step, inner_steps = inner_steps, mse = mse }
end

-- What a run of nudge.meta_train reached; losses are half the squared error.
local function trained(r)
  local out = { theta = r.best.theta, seconds = r.cost.seconds, left_out = #r.test.diverged,
    soft = 0, evaluations = r.cost.gradient_evaluations / #r.steps,
    rows = {}, meta_steps = {}, learning = {}, adapting = {} }
  for _, row in ipairs(r.steps) do
    out.left_out, out.soft = out.left_out + row.diverged, out.soft + row.softly
  end
  for k, v in ipairs(r.validation) do
    out.meta_steps[k], out.learning[k] = v.step, 2 * v.eval_loss
    out.rows[k] = part("validation", v.step, v.inner_steps, out.learning[k])
  end
  for k, t in ipairs(r.test.rows) do
    out.adapting[k] = 2 * t.eval_loss
    out.rows[#out.rows + 1] = part("test", r.test.step, t.inner_steps, out.adapting[k])
  end
  out.mse, out.longer = out.adapting[at_budget], out.adapting[#adaptation]
  return out
end

local function train(learner, method, seed)
  return trained(nudge.meta_train {
    name = string.format("%s, %s, seed %d", learner.name, method.label, seed),
    learner = learner.make(method.lambda), domain = domain_of(seed),
    inner = inner_of(method.inner, method.steps), rule = method.rule, seed = seed,
    dtype = "float32", steps = run.meta_steps, meta_batch = 25,
    outer = { optimizer = "adam", lr = method.lr, schedule = "cosine", clip_norm = 0.1 },
    on_divergence = "skip", accept = { "past_radius", "not_converged" },
    validation = { every = math.max(1, run.meta_steps // 10), tasks = 50, steps = B },
    test = { tasks = run.test_tasks, steps = adaptation },
  })
end

-- The same network without meta-learning: its best step size and number of steps on validation
-- tasks, judged on the test tasks.
local function untrained(learner, _, seed)
  local tried, best = { 30, 100, 300, 1000 }, nil
  tried[#tried + 1] = full and 3000 or nil
  local function errors(split, n, lr, steps)
    local p <close> = nudge.problem { learner = learner.make(0), seed = seed, dtype = "float32",
      tasks = domain_of(seed):tasks(split, 1, n), inner = inner_of(nesterov(lr), steps[#steps]) }
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
  best.mse = errors("test", run.test_tasks, best.lr, { best.steps })[1]
  best.adapting, best.rows = errors("test", run.test_tasks, best.lr, adaptation):totable(), {}
  for k, steps in ipairs(adaptation) do
    best.rows[k] = part("test", 0, steps, best.adapting[k])
  end
  best.rows[#best.rows + 1] = part("test, best", 0, best.steps, best.mse)
  return best
end

local function panels(learner, c)
  local none = { { y = c:spread(NONE, "mse").mean, label = NONE .. ", at best", color = "grey",
    dotted = true } }
  return { title = learner.name .. ": meta-learning", xlabel = "meta-step", logy = true,
    ylabel = "error on new tasks after " .. B .. " steps", horizontals = none,
    series = c:bands { x = "meta_steps", y = "learning", points = false } },
    { title = learner.name .. ": adaptation to a new task", xlabel = "inner step", logx = true,
      logy = true, ylabel = "error on test tasks", horizontals = none,
      series = c:bands { x = adaptation, y = "adapting", points = false },
      verticals = { { x = B, color = "grey", dotted = true } } }
end

-- How the methods of seed 1 fit two test tasks, and the network that nobody has trained: two rows.
local function fit_panels(learner, c, first)
  local top, bottom = {}, {}
  for _, method in ipairs(c.methods) do
    if method.label ~= "Reptile" then
      local reached = method.runs[1]
      local fits = nudge.fits { learner = learner.make(method.lambda), domain = domain_of(1),
        theta = reached.theta, inner = inner_of(method.inner or nesterov(reached.lr), B), tasks = 2,
        steps = { 0, math.min(5, B - 1), B }, grid = nudge.linspace(-5, 5, 121), seed = 1,
        dtype = "float32", yrange = { -6, 6 } }
      fits[1].title = first and method.label or nil
      top[#top + 1], bottom[#bottom + 1] = fits[1], fits[2]
    end
  end
  top[1].ylabel, bottom[1].ylabel = learner.name, learner.name
  return table.move(bottom, 1, #bottom, #top + 1, top)
end

local comparisons, curves, main, pictures = {}, {}, {}, {}
for _, learner in ipairs(learners) do
  if set.learner == "both" or set.learner == learner.name then
    local c = nudge.comparison { methods = methods(learner), seeds = run.seeds,
      run = function(method, seed)
        return (method.rule and train or untrained)(learner, method, seed)
      end }
    comparisons[#comparisons + 1] = c
    for _, row in ipairs(c:collect "rows") do
      row.learner = learner.name
      curves[#curves + 1] = row
    end
    main[#main + 1], main[#main + 2] = panels(learner, c)
    local fits = fit_panels(learner, c, #pictures == 0)
    table.move(fits, 1, #fits, #pictures + 1, pictures)
  end
end

local summary = nudge.summary { comparisons = comparisons, columns = {
  "learner", { name = "method", of = "label" },
  { name = "steps", title = "inner steps", fold = "first" },
  { name = "evaluations", format = "%.0f", fold = "first" },
  { name = "mse", title = "error", format = "%.4f", deviation = "deviation" },
  { name = "deviation", of = "mse", fold = "deviation", hidden = true },
  { name = "least", of = "mse", fold = "least", hidden = true },
  { name = "greatest", of = "mse", fold = "greatest", hidden = true },
  { name = "longer", title = "after " .. 5 * B .. " steps", format = "%.4f" },
  { name = "to_none", title = "/ no meta", of = "mse", over = NONE, format = "%.4f" },
  { name = "to_bptt", title = "/ BPTT", of = "mse", over = "BPTT", format = "%.2f" },
  { name = "seconds", title = "s per run", format = "%.1f" },
  { name = "left_out", title = "left out", fold = "sum" }, { name = "soft", fold = "sum" },
} }
print(string.format("%d seeds, %d meta-steps of 25 tasks, %d test tasks; error: mean ± deviation "
  .. "over seeds\nafter %d inner steps; left out: tasks that diverged; soft: estimates past the "
  .. "radius or short of convergence", run.seeds, run.meta_steps, run.test_tasks, B))
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
