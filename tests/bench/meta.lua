-- SPDX-License-Identifier: MIT
-- Inner steps, estimates and meta-steps of a modulated network on sinusoid tasks, timed in a
-- script: what a user gets. meta.sh runs it with one thread and with two. The figures are the best
-- of several runs, because the machine may be shared.
local nudge = require "nudge"
local core = require "nudge.core"

local set = nudge.settings {
  part = { "all",
    choices = { "all", "tasks", "steps", "width", "memory", "meta_step", "mnist_step" } },
  peak = { 0.0, doc = "multiply-add peak of the threads, GFLOP/s" },
  products = { 0.0, doc = "rate of large products, GFLOP/s" },
  large = { 0.0, doc = "seconds of the products of a step of the large task" },
  single = { "", doc = "file with the times of one thread, for the parallel efficiency" },
  csv = { os.getenv "NUDGE_BENCH_CSV" or "", doc = "table that rows are added to" },
}
local waves = nudge.domains.sinusoid { preset = "wide", shots = 10, seed = 1 }
local shots = 10

-- ---- rows ----

local table_file
if set.csv ~= "" then
  table_file = assert(io.open(set.csv, "a"))
  if table_file:seek("end") == 0 then
    table_file:write("time,benchmark,case,quantity,value,unit\n")
  end
end

local function row(case, quantity, value, unit)
  if table_file then
    table_file:write(("%s,meta,%s threads %d,%s,%.9g,%s\n"):format(os.date "!%Y-%m-%dT%H:%M:%SZ",
      case, nudge.threads, quantity, value, unit))
  end
end

local function say(...)
  print(string.format(...))
end

-- ---- measuring ----

-- Seconds of call(i), the best of n after one to warm up.
local function best(n, call)
  local least = math.huge
  for i = 0, n do
    local began = core.clock()
    call(i)
    local seconds = core.clock() - began
    least = i > 0 and math.min(least, seconds) or least
  end
  return least
end

-- Slope of log y against log x, by least squares.
local function exponent(x, y)
  local n, sx, sy, sxx, sxy = #x, 0, 0, 0, 0
  for i = 1, n do
    local u, v = math.log(x[i]), math.log(y[i])
    sx, sy, sxx, sxy = sx + u, sy + v, sxx + u * u, sxy + u * v
  end
  return (n * sxy - sx * sy) / (n * sxx - sx * sx)
end

local function resident_bytes()
  local file = assert(io.open "/proc/self/statm")
  local _, pages = file:read("n", "n")
  file:close()
  return pages * 4096
end

local function new_problem(n_tasks, width, steps)
  return nudge.problem {
    learner = nudge.learner("modulated_net", { layers = { 1, width, width, 1 } }),
    tasks = waves:tasks("train", 1, n_tasks),
    inner = { lr = 1e-3, steps = steps },
    dtype = "float32", seed = 1,
  }
end

-- Operations of a task's inner step: products forward, back to the first gain, for the read-out.
local function operations(width)
  local forward = width + width * width + width
  return 2 * shots * (forward + width * width + width + width)
end

-- Seconds of an inner step, by the difference of two lengths of learning.
local function step_seconds(n_tasks, width)
  local few, many = new_problem(n_tasks, width, 100), new_problem(n_tasks, width, 600)
  local n = n_tasks > 100 and 3 or 9
  local function learn(problem)
    return best(n, function()
      problem:set_theta(problem:theta()) -- forgets what has been learned
      problem:learn()
    end)
  end
  return (learn(many) - learn(few)) / 500
end

local function report_step(case, n_tasks, width, seconds)
  local rate = n_tasks * operations(width) / seconds / 1e9
  say("%s, %d threads: inner step %.2f us, %.3f us/task, %.1f GFLOP/s; peak %.0f, products %.0f; "
    .. "%.2f x floor", case, nudge.threads, 1e6 * seconds, 1e6 * seconds / n_tasks, rate, set.peak,
    set.products, set.peak / rate)
  row(case, "step", seconds, "s")
  row(case, "rate", rate, "GFLOP/s")
  row(case, "limit of products", set.products, "GFLOP/s")
  row(case, "limit of multiply-adds", set.peak, "GFLOP/s")
  row(case, "times multiply-adds alone", set.peak / rate, "")
end

-- ---- parallel efficiency ----

-- One thread writes its times, more threads compare with them.
local function single_thread(case, seconds)
  if set.single == "" then
    return
  elseif nudge.threads == 1 then
    local file = assert(io.open(set.single, "a"))
    file:write(case, "\t", ("%.9g"):format(seconds), "\n")
    file:close()
    return
  end
  for line in io.lines(set.single) do
    local name, alone = line:match "^(.*)\t(.*)$"
    if name == case then
      local efficiency = tonumber(alone) / seconds / nudge.threads
      say("    %d threads %.2f times as fast as one: efficiency %.0f %%", nudge.threads,
        efficiency * nudge.threads, 100 * efficiency)
      row(case, "parallel efficiency", efficiency, "")
    end
  end
end

-- ---- parts ----

local parts = {}

function parts.tasks()
  local numbers, seconds, memory = { 1, 10, 100, 1000 }, {}, {}
  for i, n in ipairs(numbers) do
    collectgarbage()
    local before = resident_bytes()
    local problem = new_problem(n, 40, 100)
    problem:estimate(nudge.rule("contrastive", { nudged_steps = 10 }))
    memory[i] = resident_bytes() - before
    seconds[i] = step_seconds(n, 40)
    local case = ("1-40-40-1 tasks %d"):format(n)
    report_step(case, n, 40, seconds[i])
    single_thread(case, seconds[i])
    assert(problem:info().n_tasks == n) -- it is alive until here
  end
  local bytes = (memory[4] - memory[3]) / (numbers[4] - numbers[3])
  say("    from 10 tasks on time grows with their number to the power of %.2f; %.0f bytes/task",
    exponent({ 10, 100, 1000 }, { seconds[2], seconds[3], seconds[4] }), bytes)
  row("1-40-40-1 tasks 100 to 1000", "memory", bytes, "bytes/task")
end

-- Seconds and record of an estimate of `rule` with so many steps of learning.
local function estimate(problem, rule)
  local record
  local seconds = best(5, function()
    problem:set_theta(problem:theta())
    record = select(2, problem:estimate(rule))
  end)
  return seconds, record
end

function parts.steps()
  local numbers, seconds = { 100, 200, 400, 800 }, {}
  for i, n in ipairs(numbers) do
    seconds[i] = estimate(new_problem(25, 40, n), nudge.rule("contrastive", { beta = 0.1 }))
    local case = ("1-40-40-1 tasks 25 contrastive steps %d"):format(n)
    say("%s, %d threads: %.2f ms", case, nudge.threads, 1e3 * seconds[i])
    row(case, "estimate", seconds[i], "s")
  end
  local p = exponent(numbers, seconds)
  say("    time grows with the number of steps to the power of %.2f", p)
  row("1-40-40-1 tasks 25 contrastive", "exponent in steps", p, "")
end

function parts.width()
  local numbers, seconds, parameters = { 10, 20, 40, 80 }, {}, {}
  for i, width in ipairs(numbers) do
    seconds[i] = step_seconds(100, width)
    parameters[i] = new_problem(1, width, 1):info().n_phi + width * (width + 1) + 2 * width
    report_step(("1-%d-%d-1 tasks 100"):format(width, width), 100, width, seconds[i])
  end
  local p = exponent(parameters, seconds)
  say("    time grows with the number of parameters, fast and slow, to the power of %.2f", p)
  row("1-10-10-1 to 1-80-80-1 tasks 100", "exponent in parameters", p, "")
end

function parts.memory()
  if nudge.threads > 1 then
    return -- as with one thread
  end
  for _, rule in ipairs { { "contrastive", { beta = 0.1 } }, { "unrolled", {} } } do
    local numbers, bytes = { 100, 200, 400, 800 }, {}
    for i, n in ipairs(numbers) do
      local _, record = estimate(new_problem(25, 40, n), nudge.rule(table.unpack(rule)))
      bytes[i] = record.bytes_held
      row(("1-40-40-1 tasks 25 %s steps %d"):format(rule[1], n), "memory", bytes[i], "bytes")
    end
    local p = exponent(numbers, bytes)
    say("%s: %.0f, %.0f, %.0f, %.0f KiB held at 100, 200, 400, 800 steps: steps to the power of "
      .. "%.2f", rule[1], bytes[1] / 1024, bytes[2] / 1024, bytes[3] / 1024, bytes[4] / 1024, p)
    row(("1-40-40-1 tasks 25 %s"):format(rule[1]), "exponent of memory in steps", p, "")
  end
end

-- As published: new tasks, 1000 free and 100 nudged steps, meta-gradient of the slow weights.
function parts.meta_step()
  local goal = 20e-3
  local problem = new_problem(25, 40, 1000)
  local rule = nudge.rule("contrastive", { variant = "forward", beta = 0.1, nudged_steps = 100 })
  local batches, record = {}, nil
  for i = 0, 9 do
    batches[i] = waves:tasks("train", 1 + 25 * i, 25)
  end
  local seconds = best(9, function(i)
    problem:set_tasks(batches[i])
    problem:set_theta(problem:theta())
    record = select(2, problem:estimate(rule))
  end)
  local steps = record.gradient_evaluations
  local rate = steps * 25 * operations(40) / seconds / 1e9
  local case = "meta-step 1-40-40-1 tasks 25 steps 1000 + 100"
  say("%s, %d threads: %.2f ms, %.2f us a step, %.1f GFLOP/s; peak %.0f, products %.0f; "
    .. "%.2f x floor%s", case, nudge.threads, 1e3 * seconds, 1e6 * seconds / steps, rate, set.peak,
    set.products, set.peak / rate, nudge.threads < 2 and "" or "; goal 20 ms: "
    .. (seconds <= goal and "met" or "MISSED"))
  row(case, "meta-step", seconds, "s")
  row(case, "rate", rate, "GFLOP/s")
  row(case, "limit of products", set.products, "GFLOP/s")
  row(case, "limit of multiply-adds", set.peak, "GFLOP/s")
  row(case, "times multiply-adds alone", set.peak / rate, "")
  single_thread(case, seconds)
end

-- The supervised study on MNIST as published: one strength per parameter, 2000 free steps of Adam
-- on minibatches of 500, 200 nudged ones, each with a minibatch of either kind. Everything around
-- a step is in it: drawing, labels, watching for divergence.
function parts.mnist_step()
  local free, nudged, beta, lr = 2000, 200, 3, 3e-4
  local problem = nudge.problem {
    learner = nudge.learner("complex_synapse", {
      layers = { 784, 256, 256, 256, 256, 256, 10 }, init = "uniform", bias_scale = 1,
      lambda = 1e-5, penalty_factor = 1,
    }),
    tasks = nudge.tasks.classification {
      data = nudge.data.mnist { n = 60000, fallback = nudge.data.synthetic_digits },
      learn = 30000, eval = 30000, standardise = "all",
    },
    inner = { optimizer = "adam", lr = lr, batch_size = 500, eval_batch_size = 500, steps = free,
      sampling = "epochs" },
    dtype = "float32", seed = 1,
  }
  local function seconds_of(free_steps, nudged_steps)
    local rule = nudge.rule("contrastive", {
      variant = "forward", beta = beta, nudged_lr = lr, past_radius = "report",
      free_steps = free_steps, nudged_steps = nudged_steps,
    })
    return best(3, function()
      problem:set_theta(problem:theta())
      problem:estimate(rule)
    end)
  end
  local around = seconds_of(0, 0)
  local step = (seconds_of(500, 0) - around) / 500
  local nudged_step = (seconds_of(0, 100) - around) / 100
  local whole = free * step + nudged * nudged_step + around
  local share = 100 * (free + 2 * nudged) * set.large / whole
  local case = "784-256x5-10 batch 500 Adam, a strength per parameter"
  say("%s, %d threads: free step %.0f us, nudged %.0f us, %.1f ms around; products alone %.0f and "
    .. "%.0f us; meta-gradient of %d + %d steps %.2f s, %.0f %% of the limit of products%s", case,
    nudge.threads, 1e6 * step, 1e6 * nudged_step, 1e3 * around, 1e6 * set.large, 2e6 * set.large,
    free, nudged, whole, share, nudge.threads < 2 and "" or "; goal 70 %: "
    .. (share >= 70 and "met" or "MISSED"))
  row(case, "free step", step, "s")
  row(case, "nudged step", nudged_step, "s")
  row(case, "around", around, "s")
  row(case, "products of a step", set.large, "s")
  row(case, "meta-gradient", whole, "s")
  row(case, "share of the limit", share, "%")
end

for _, name in ipairs { "tasks", "steps", "width", "memory", "meta_step", "mnist_step" } do
  if set.part == "all" or set.part == name then
    parts[name]()
  end
end
if table_file then
  assert(table_file:close())
end
