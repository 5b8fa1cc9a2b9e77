-- SPDX-License-Identifier: MIT
-- A learner in Lua against the plugin that builds the same graph, modulated_net, and rules in Lua
-- against the plugins that do the same: inner steps and estimates, timed in turns in one run, the
-- best of several. The ratio is to be below 1.05 for learners.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "../lua/?.lua;" .. package.path
local nudge = require "nudge"
local core = require "nudge.core"
require "twins"

local set = nudge.settings {
  rounds = { 9, min = 1, doc = "times each is timed; the best counts" },
  csv = { os.getenv "NUDGE_BENCH_CSV" or "", doc = "table that rows are added to" },
}

local waves = nudge.domains.sinusoid { preset = "wide", shots = 10, seed = 1 }

local function open(id, case)
  return nudge.problem {
    learner = nudge.learner(id, { layers = case.layers, lambda = 0.1 }), dtype = case.dtype,
    tasks = waves:tasks("train", 1, case.tasks), seed = 1,
    inner = { optimizer = "adam", lr = 0.001, steps = case.steps },
  }
end

local function seconds(f)
  local began = core.clock()
  f()
  return core.clock() - began
end

-- Best times of both, measured in turns.
local function compare(f, g)
  local a, b = math.huge, math.huge
  f()
  g()
  for _ = 1, set.rounds do
    a, b = math.min(a, seconds(f)), math.min(b, seconds(g))
  end
  return a, b
end

local rows, worst = {}, 0
local function row(what, case, n, a, b, judged)
  rows[#rows + 1] = { what = what, case = case.name, plugin = a / n * 1e6, lua = b / n * 1e6,
    ratio = b / a }
  worst = judged and math.max(worst, b / a) or worst
end

for _, case in ipairs {
  { name = "1 task, 1-40-40-1", layers = { 1, 40, 40, 1 }, tasks = 1, steps = 3000 },
  { name = "25 tasks, 1-40-40-1, float32", layers = { 1, 40, 40, 1 }, tasks = 25, steps = 300,
    dtype = "float32" },
} do
  local plugin, own = open("modulated_net", case), open("twin.modulated", case)
  local theta = plugin:theta()
  local function learn(p)
    return function()
      p:set_theta(theta) -- forgets the phase
      p:learn()
    end
  end
  local a, b = compare(learn(plugin), learn(own))
  row("inner step", case, case.steps, a, b, true)
  local function estimate(p, rule)
    return function()
      p:set_theta(theta)
      p:estimate(rule, { soft = true })
    end
  end
  local symmetric = nudge.rule("contrastive", { variant = "symmetric", beta = 0.1 })
  a, b = compare(estimate(plugin, symmetric), estimate(own, symmetric))
  row("estimate, contrastive", case, 1, a, b, true)
  a, b = compare(estimate(plugin, symmetric),
    estimate(plugin, nudge.rule("twin.symmetric", { beta = 0.1 })))
  row("estimate, rule in Lua", case, 1, a, b)
end

print(nudge.rows { columns = { "what", "case", { name = "plugin", title = "plugin us",
  format = "%.2f" }, { name = "lua", title = "Lua us", format = "%.2f" },
  { name = "ratio", format = "%.3f" } }, rows = rows }:table())
if set.csv ~= "" then
  local file <close> = assert(io.open(set.csv, "a"))
  if file:seek "end" == 0 then
    file:write "time,benchmark,case,quantity,value,unit\n"
  end
  for _, r in ipairs(rows) do
    file:write(("%s,lua_learner,%s,%s,%.9g,ratio\n"):format(os.date "!%Y-%m-%dT%H:%M:%SZ",
      (r.case:gsub(",", "")), (r.what:gsub(",", "")), r.ratio))
  end
end
print(("worst ratio of a learner in Lua: %.3f"):format(worst))
assert(worst < 1.05, "a learner in Lua is more than 5 % slower than the plugin")
