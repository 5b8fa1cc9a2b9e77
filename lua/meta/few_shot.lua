---@meta
-- SPDX-License-Identifier: MIT
-- The part of the API for domains of tasks and for meta-training; see nudge.lua.

---@class nudge
local nudge = {}

---Draws tasks; a task depends on seed, split and index (from 1) alone.
---@class nudge.Domain
---@field name string
---@field n_inputs integer?
---@field n_outputs integer?
local Domain = {}
---@param split "train"|"valid"|"test"
---@param first integer
---@param n? integer
---@param override? { eval_grid?: nudge.Array } points to evaluate at instead of drawn ones
---@return table tasks for nudge.problem, with domain, split and indices
function Domain:tasks(split, first, n, override) end
---What a task is made of.
---@param split "train"|"valid"|"test"
---@param index integer
---@return table
function Domain:task(split, index) end
---True targets at chosen points, without noise.
---@param split "train"|"valid"|"test"
---@param index integer
---@param points nudge.Array
---@return nudge.Array
function Domain:truth(split, index, points) end

---@class nudge.domains
local domains = {}
---@param fields? { preset?: "wide"|"narrow", amplitude?: number[]|number, phase?: number[]|number, frequency?: number[]|number, inputs?: number[]|number, shots?: integer, eval_shots?: integer, noise?: number, seed?: integer, name?: string }
---@return nudge.Domain
function domains.sinusoid(fields) end
---@param fields? { features?: integer, weight?: number[]|number, bias?: number[]|number, inputs?: number[]|number, shots?: integer, eval_shots?: integer, noise?: number, seed?: integer, name?: string }
---@return nudge.Domain
function domains.linear(fields) end
---@param fields? { degree?: integer, coefficient?: number[]|number, inputs?: number[]|number, shots?: integer, eval_shots?: integer, noise?: number, seed?: integer, name?: string }
---@return nudge.Domain
function domains.polynomial(fields) end
---@param fields? { ways?: integer, classes?: integer, shots?: integer, eval_shots?: integer, features?: integer, spread?: number, deviation?: number, shared?: boolean, seed?: integer, name?: string }
---@return nudge.Domain
function domains.clusters(fields) end
---One problem (n_tasks = 1) as the task at every index, which decides on minibatches; its arrays are
---frozen. start: the same initial phi for all indices, or each its own.
---@param fields { tasks: table, start?: "same"|"own", name?: string }
---@return nudge.Domain
function domains.fixed(fields) end

---An outer optimiser: meta-gradients are added row by row, then a step makes the next theta.
---@class nudge.Outer
local Outer = {}
---Adds meta-gradients, one row per task; those at positions of `skip` are left out.
---@param rows nudge.Array n x Q, or Q
---@param skip? table<integer, boolean>
---@return integer[] positions of rows that were not finite, which are left out too
function Outer:add(rows, skip) end
---Forgets what was added since the last step.
---@return nudge.Outer self
function Outer:clear() end
---@param theta nudge.Array
---@param factor? number of the step size, 1
---@return nudge.Array theta the next one
---@return { tasks: integer, gradient_norm: number, update_norm: number, norm_clipped: boolean, clipped: integer, projected: integer }
function Outer:step(theta, factor) end
---@return { steps: integer, slots: nudge.Array? }
function Outer:state() end
---@param state { steps: integer, slots: nudge.Array? }
---@return nudge.Outer self
function Outer:set_state(state) end
function Outer:close() end

---What meta-training reached.
---@class nudge.Training
---@field name string
---@field theta nudge.Array the last
---@field best { theta: nudge.Array, step: integer, eval_loss: number }? by validation
---@field steps table[] one per meta-step: step, gradient_norm, update_norm, factor, tasks, diverged, left_out, softly, gradient_evaluations, seconds, learn_loss, eval_loss, ...
---@field validation table[] step, inner_steps, tasks, diverged, learn_loss, eval_loss, eval_accuracy, each with `_error`; adaptation
---@field test { step: integer, tasks: integer, steps: integer[], rows: table[], learn_loss: nudge.Array, eval_loss: nudge.Array, eval_accuracy: nudge.Array?, diverged: integer[] }?
---@field cost { gradient_evaluations: number, seconds: number, evaluation_seconds: number } gradient evaluations are per task
---@field stopped string? why before the last meta-step
---@field outer_state { steps: integer, slots: nudge.Array? }
---@field made_of table
local Training = {}
---@return string
function Training:table() end
---@param path string
---@return nudge.Training self
function Training:csv(path) end
---@param path string
---@return nudge.Training self
function Training:json(path) end

---A domain whose tasks a function makes, from a random stream of the task's own and its index.
---@param fields { name: string, task: fun(random: nudge.Random, index: integer): table, truth?: fun(random: nudge.Random, index: integer, points: nudge.Array): nudge.Array, classes?: integer, arrays?: string[], seed?: integer }
---@return nudge.Domain
function nudge.domain(fields) end
---Meta-batches of tasks, a meta-gradient of each, steps of theta; validation and test. With judge,
---tasks by name, rows have NAME_loss and NAME_accuracy: what is learned, judged on their evaluation
---samples.
---@param fields { learner: nudge.Learner, domain: nudge.Domain, inner: table, rule: nudge.Rule, outer: table, steps: integer, meta_batch: integer, parts?: integer, dtype?: string, seed?: integer, theta?: nudge.Array, validation?: { every: integer, tasks: integer, steps?: integer|integer[] }, test?: { tasks: integer, steps?: integer|integer[] }, losses?: boolean, on_divergence?: "stop"|"skip", accept?: string[], on_step?: fun(state: table): "stop"?, judge?: table<string, table>, name?: string }
---@return nudge.Training
function nudge.meta_train(fields) end
---Runs that differ in their seed as one: means, with the deviation of x as x_deviation.
---@param results nudge.Training[]
---@return { n: integer, steps: table[], validation: table[], test: table[] }
function nudge.curves(results) end
---@param fields { problem: nudge.Problem, optimizer?: "sgd"|"momentum"|"adam"|"adamw", nesterov?: boolean, lr: number, momentum?: number, beta2?: number, epsilon?: number, weight_decay?: number, clip_norm?: number, clip_value?: number, freeze?: string|string[] }
---@return nudge.Outer
function nudge.outer(fields) end

return nudge
