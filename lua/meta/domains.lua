---@meta _
-- SPDX-License-Identifier: MIT
-- Domains of tasks.
-- A domain draws as many tasks as are wanted. A task depends on the domain's seed, the split and
-- its index alone. Ranges are `{ lowest, highest }` or one number, and what is drawn from them is
-- uniform.

---@class nudge
local nudge = {}

---Domains that nudge brings.
---@class nudge.domains
local domains = {}

---Sinusoid regression: y = amplitude sin(frequency x + phase).
---@param given? nudge.given.sinusoid
---@return nudge.Domain domain
function domains.sinusoid(given) end

---@class nudge.given.sinusoid: nudge.given.regression_domain
---@field preset? "wide"|"narrow" amplitudes of 0.1 to 5 (default) or 0.1 to 0.5; with both, phases of 0 to pi, inputs of -5 to 5 and 10 shots
---@field amplitude? number[]|number range (default: that of the preset)
---@field phase? number[]|number range (default: that of the preset)
---@field frequency? number[]|number range (default: 1)

---Linear regression: y = weights . x + bias.
---@param given? nudge.given.linear
---@return nudge.Domain domain
function domains.linear(given) end

---@class nudge.given.linear: nudge.given.regression_domain
---@field features? integer inputs (default: 1)
---@field weight? number[]|number range (default: -1 to 1)
---@field bias? number[]|number range (default: -1 to 1)

---Polynomial regression: y = c_0 + c_1 x + ... + c_degree x^degree.
---@param given? nudge.given.polynomial
---@return nudge.Domain domain
function domains.polynomial(given) end

---@class nudge.given.polynomial: nudge.given.regression_domain
---@field degree? integer (default: 3)
---@field coefficient? number[]|number range (default: -1 to 1)

---What every regression domain takes.
---@class nudge.given.regression_domain
---@field inputs? number[]|number range (default: that of the preset, or -1 to 1)
---@field shots? integer samples to learn from (default: 10)
---@field eval_shots? integer samples to judge by (default: as `shots`)
---@field noise? number standard deviation (default: 0)
---@field seed? integer (default: 0)
---@field name? string (default: that of the function)

---Classification of Gaussian clusters. So many classes exist, each split's own unless they are
---shared; a task draws some of them in random order as labels 0, 1, ...
---@param given? nudge.given.clusters
---@return nudge.Domain domain
function domains.clusters(given) end

---@class nudge.given.clusters
---@field ways? integer classes of a task (default: 5)
---@field classes? integer classes that exist (default: 20, or as `ways`)
---@field shots? integer samples of each class to learn from (default: 5)
---@field eval_shots? integer samples of each class to judge by (default: 15)
---@field features? integer (default: 2)
---@field spread? number deviation of the centres (default: 1)
---@field deviation? number deviation around a centre (default: 0.2)
---@field shared? boolean all splits have the same classes (default: false)
---@field seed? integer (default: 0)
---@field name? string (default: `clusters`)

---One problem as the task at every index, which decides on minibatches alone: meta-learning tunes
---learning on it. Its arrays are frozen, so that problems read them without a copy.
---@param given nudge.given.fixed
---@return nudge.Domain domain
function domains.fixed(given) end

---@class nudge.given.fixed
---@field tasks nudge.given.tasks of one task, from `nudge.tasks`
---@field start? "same"|"own" the same initial phi for all indices (default), or each its own
---@field name? string (default: `fixed`)

---A domain whose tasks a function makes. It gives arrays by name: inputs as samples x inputs,
---targets as samples x outputs or as labels from 0 (an index array).
---
---```lua
---local nudge = require "nudge"
---local ramps = nudge.domain {
---  name = "ramps",
---  task = function(random, index)
---    local x = random:stream("points"):uniform(20):reshape(20, 1)
---    local y = x * random:stream("slope"):normal(1)[1]
---    return {
---      ["learn.inputs"] = x:rows(1, 5), ["learn.targets"] = y:rows(1, 5),
---      ["eval.inputs"] = x:rows(6, 20), ["eval.targets"] = y:rows(6, 20),
---    }
---  end,
---}
---assert(ramps:tasks("valid", 1, 8).n_tasks == 8)
---```
---@param given nudge.given.domain
---@return nudge.Domain domain
function nudge.domain(given) end

---@class nudge.given.domain
---@field name string for tables and messages
---@field task fun(random: nudge.Random, index: integer): table<string, nudge.Array> makes a task from a random stream of its own and its index
---@field truth? fun(random: nudge.Random, index: integer, points: nudge.Array): nudge.Array true targets at points
---@field classes? integer number of labels, where targets are labels
---@field arrays? string[] names of the arrays (default: `learn.inputs`, `learn.targets`, `eval.inputs`, `eval.targets`)
---@field seed? integer (default: 0)

---Draws tasks.
---@class nudge.Domain
---@field name string for tables and messages
---@field n_inputs integer? unless it is made of a function
---@field n_outputs integer? unless it is made of a function
local Domain = {}

---Tasks for `nudge.problem`: n of them, from index `first` on. With `eval_grid` (points x inputs)
---they are judged at these points, without noise.
---@param split "train"|"valid"|"test"
---@param first integer from 1 on
---@param n? integer (default: 1)
---@param override? { eval_grid?: nudge.Array }
---@return nudge.given.tasks tasks # with domain, split and indices
function Domain:tasks(split, first, n, override) end

---What a task is made of: `amplitude` and `phase`, say.
---@param split "train"|"valid"|"test"
---@param index integer from 1 on
---@return table<string, number|nudge.Array> parameters
function Domain:task(split, index) end

---True targets at chosen points, without noise.
---@param split "train"|"valid"|"test"
---@param index integer from 1 on
---@param points nudge.Array points x inputs
---@return nudge.Array targets
function Domain:truth(split, index, points) end

return nudge
