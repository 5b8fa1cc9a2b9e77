-- SPDX-License-Identifier: MIT
-- One large task: evaluations on all samples, timed in a script, and the memory they take.
--
--   NUDGE_DATA=... nudge run --threads 2 tests/bench/samples.lua --set part=products
--
-- Digits, half of them to learn from, a network 784-256x5-10 with one strength per parameter.
local nudge = require "nudge"
local core = require "nudge.core"

local set = nudge.settings {
  part = { "all", choices = { "all", "none", "learn", "gradient", "products", "unrolled" } },
  n = { 30000, doc = "samples to learn from, and as many to judge by" },
  products = { 10, doc = "Hessian-vector products" },
  dtype = { "float32", choices = { "float32", "float64" } },
}

local function peak()
  local status = io.open "/proc/self/status":read "a"
  return tonumber(status:match "VmHWM:%s*(%d+)") / 1024,
    tonumber(status:match "VmRSS:%s*(%d+)") / 1024
end

local function say(what, seconds)
  print(("%-44s %8.3f s   %5.0f MB now, %5.0f at most"):format(what, seconds, select(2, peak()),
    (peak())))
end

local function timed(what, call)
  local began = core.clock()
  local out = call()
  local seconds = core.clock() - began
  say(what, seconds)
  return seconds, out
end

local images, labels
timed("data", function()
  local data = nudge.data.mnist { n = 2 * set.n, fallback = nudge.data.synthetic_digits }
  local pixels = data.inputs:view(2 * set.n, 784)
  images = set.dtype == "float32" and pixels:single() or pixels:freeze()
  labels = data.labels:freeze()
end)
collectgarbage()
local tasks = nudge.tasks.arrays {
  ["learn.inputs"] = images:rows(1, set.n),
  ["learn.targets"] = { values = labels:rows(1, set.n), classes = 10 },
  ["eval.inputs"] = images:rows(set.n + 1, 2 * set.n),
  ["eval.targets"] = { values = labels:rows(set.n + 1, 2 * set.n), classes = 10 },
}
collectgarbage()
local _, problem = timed("problem", function()
  return nudge.problem {
    learner = nudge.learner("complex_synapse", {
      layers = { 784, 256, 256, 256, 256, 256, 10 }, activation = "tanh", loss = "cross_entropy",
      lambda_per = "synapse", lambda = 1e-5,
    }),
    tasks = tasks, dtype = set.dtype, seed = 1,
    inner = { optimizer = "adam", lr = 1e-4, steps = 5, batch_size = 500 },
  }
end)

local function wants(part)
  return set.part == "all" or set.part == part
end

local function implicit(iterations, name)
  return timed(name, function()
    return problem:estimate(nudge.rule("implicit",
      { solver = "neumann", iterations = iterations, alpha = 1e-3 }), { soft = true })
  end)
end

if wants "learn" then
  timed("learning, and its losses", function() return problem:learn { soft = true } end)
  timed("the same again", function() return problem:learn { soft = true } end)
end
if wants "gradient" then
  implicit(0, "implicit, no product")
  implicit(0, "the same again")
end
if wants "products" then
  implicit(1, "implicit, 1 product")
  local few = implicit(1, "implicit, 1 product")
  local many = implicit(1 + set.products, ("implicit, %d products"):format(1 + set.products))
  print(("a Hessian-vector product: %.4f s"):format((many - few) / set.products))
end
if wants "unrolled" then
  for _, window in ipairs { 20, 200 } do
    timed(("unrolled, window %d"):format(window), function()
      return problem:estimate(nudge.rule("unrolled", { window = window, steps = 200 }),
        { soft = true })
    end)
  end
end
