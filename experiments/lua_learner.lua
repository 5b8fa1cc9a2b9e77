-- SPDX-License-Identifier: MIT
-- A learner and a rule that are not in the bundle, both defined in Lua, against the exact
-- meta-gradient: how good a meta-gradient how many products with the curvature buy.
--
--   nudge run experiments/lua_learner.lua [--set width=20] [--set tasks=5]
--   nudge check experiments/gated_fast_weights.lua
local nudge = require "nudge"
require "gated_fast_weights" -- the files beside this one
require "nystrom"

local set = nudge.settings {
  width = { 8, min = 1, doc = "units of each hidden layer" },
  tasks = { 3, min = 1, doc = "sinusoid tasks" },
  steps = { 30, min = 1, doc = "inner steps, of damped Newton" },
}

local problem = nudge.problem {
  name = "gated fast weights",
  learner = nudge.learner("examples.gated_fast_weights", { width = set.width, lambda = 0.1 }),
  tasks = nudge.domains.sinusoid { preset = "narrow", seed = 1 }:tasks("train", 1, set.tasks),
  inner = { optimizer = "newton", lr = 1, steps = set.steps },
}
local study = nudge.gradient_error {
  problem = problem,
  rules = {
    nudge.rule("contrastive", { variant = "symmetric", beta = 0.01 }),
    { nudge.rule("implicit", { solver = "cg" }), label = "cg" },
    { nudge.rule("examples.nystrom", { shift = 0.1 }), label = "Nystroem" },
    { nudge.rule("implicit", { solver = "dense" }), label = "dense" },
  },
}
print(study:table())

local dense = problem:estimate(nudge.rule("implicit", { solver = "dense" }))
local rows = {}
for i, products in ipairs { 1, 2, 4, 8, 16, 32, 64 } do
  local cg = problem:estimate(nudge.rule("implicit", { iterations = products }), { soft = true })
  local nystrom = problem:estimate(
    nudge.rule("examples.nystrom", { rank = products, shift = 0.1 }), { soft = true })
  rows[i] = { products = products, cg = nudge.compare(cg, dense).relative_error,
    nystrom = nudge.compare(nystrom, dense).relative_error }
end
print(nudge.rows { columns = { "products", { name = "cg", format = "%.1e" },
  { name = "nystrom", title = "Nystroem", format = "%.1e" } }, rows = rows }:table())
