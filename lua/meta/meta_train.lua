---@meta _
-- SPDX-License-Identifier: MIT
-- Meta-training.
-- Theta is tuned over the tasks of a domain.

---@class nudge
local nudge = {}

---Meta-training: every meta-step takes the next tasks of the domain's `train` split, estimates the
---meta-gradient of each by the rule, and makes one step of theta along their mean. Validation on
---the way keeps the theta of the least evaluation loss, and a test at the end judges it. Runs that
---are stopped go on where they were (`nudge run --resume`).
---
---```lua
---local nudge = require "nudge"
---local result = nudge.meta_train {
---  learner = nudge.learner("modulated_net", { layers = { 1, 10, 1 }, meta = "initial", lambda = 0.1 }),
---  domain = nudge.domains.sinusoid { preset = "wide" },
---  inner = { lr = 0.02, steps = 20 },
---  rule = nudge.rule("contrastive", { beta = 0.1 }),
---  outer = { optimizer = "adam", lr = 0.01 },
---  steps = 10, meta_batch = 5, test = { tasks = 20 },
---}
---print(result:table())
---```
---@param given nudge.given.meta_train
---@return nudge.Training result
function nudge.meta_train(given) end

---@class nudge.given.meta_train
---@field learner nudge.Learner what learns each task
---@field domain nudge.Domain where the tasks come from
---@field inner nudge.given.inner how a task is learned, as for `nudge.problem`
---@field rule nudge.Rule what estimates meta-gradients
---@field outer nudge.given.meta_outer how theta moves
---@field steps integer meta-steps; 0: learning with the first theta is tested
---@field meta_batch integer tasks in each meta-step; no task is taken twice
---@field parts? integer a meta-batch is computed in so many parts, to the same bits in less memory (default: 1)
---@field dtype? "float32"|"float64"|"long_double" (default: `float64`)
---@field seed? integer draws the first theta and the initial phi; the domain has its own (default: 0)
---@field theta? nudge.Array where to start (default: as the learner draws it)
---@field validation? nudge.given.validation judges theta on the way (default: nothing does)
---@field test? nudge.given.test judges it at the end (default: nothing does)
---@field judge? table<string, nudge.given.tasks> tasks by name, of one task each: what is learned is also judged on their evaluation samples, without learning again; rows then have `NAME_loss` and `NAME_accuracy`
---@field losses? boolean also record the mean losses of each meta-batch after learning, which costs a phase unless the rule has run it (default: only with `judge`)
---@field on_divergence? "stop"|"skip" a task that diverges is an error (default), or the others go on without it, which is counted
---@field accept? ("not_converged"|"past_radius")[] statuses that are no errors
---@field on_step? fun(state: nudge.MetaStep): "stop"? called after each meta-step; `"stop"` ends there
---@field name? string for tables and the store (default: that of the domain)

---The outer optimiser of a meta-training.
---@class nudge.given.meta_outer: nudge.given.outer_fields
---@field schedule? "constant"|"cosine"|nudge.given.schedule|fun(step: integer): number the step size by meta-step, as a factor of `lr` (default: `constant`)

---A schedule with its numbers.
---@class nudge.given.schedule
---@field kind "constant"|"cosine"|"step" `cosine` falls to 0, `step` by a factor every so many meta-steps
---@field every? integer of `step`: meta-steps between two changes
---@field factor? number of `step`: what each change multiplies by

---What an outer optimiser is told.
---@class nudge.given.outer_fields
---@field optimizer? "sgd"|"momentum"|"adam"|"adamw" (default: `adam`)
---@field lr number step size
---@field momentum? number of all but `sgd`; beta1 of `adam` and `adamw` (default: 0.9)
---@field nesterov? boolean of `momentum` (default: false)
---@field beta2? number of `adam` and `adamw` (default: 0.999)
---@field epsilon? number of `adam` and `adamw` (default: 1e-8)
---@field weight_decay? number of `adamw`, apart from the gradient (default: 1e-4)
---@field clip_norm? number scale the mean gradient to at most this norm (default: never)
---@field clip_value? number then bound its elements (default: never)
---@field freeze? string|string[] groups of theta that stay, with `*` for anything

---Learning of tasks of the `valid` split, before the first meta-step, every so many, and after the
---last.
---@class nudge.given.validation
---@field every integer meta-steps from one to the next
---@field tasks integer how many
---@field steps? integer|integer[] numbers of inner steps, ascending, the last of which judges (default: those of `inner`)

---Learning of tasks of the `test` split at the end, with the best theta, or the last one where there
---is no validation.
---@class nudge.given.test
---@field tasks integer how many
---@field steps? integer|integer[] numbers of inner steps, ascending (default: 0 and those of `inner`)

---What `on_step` sees. Arrays are copies.
---@class nudge.MetaStep
---@field step integer its number
---@field steps integer of how many
---@field row table what `result.steps` has of it
---@field validation table? where there was one
---@field theta nudge.Array after it
---@field best table? by validation so far

---What meta-training reached.
---@class nudge.Training
---@field name string for tables and the store
---@field theta nudge.Array the last
---@field best { theta: nudge.Array, step: integer, eval_loss: number }? by validation
---@field steps table[] one per meta-step: step, gradient_norm, update_norm, factor, tasks, diverged, left_out, softly, gradient_evaluations, seconds, learn_loss, eval_loss, ...
---@field validation table[] step, inner_steps, tasks, diverged, learn_loss, eval_loss, eval_accuracy, each with `_error`; adaptation
---@field test nudge.TestResult? where one was asked for
---@field cost { gradient_evaluations: number, seconds: number, evaluation_seconds: number } gradient evaluations are per task
---@field stopped string? why before the last meta-step
---@field outer_state { steps: integer, slots: nudge.Array? } for `set_state` of `nudge.outer`
---@field made_of table what it was given, with defaults filled in
local Training = {}

---The test of a meta-training.
---@class nudge.TestResult
---@field step integer meta-step of the theta that was tested
---@field tasks integer how many
---@field steps integer[] numbers of inner steps
---@field rows table[] means over tasks, with standard errors as `eval_loss_error`, ...
---@field learn_loss nudge.Array of every task
---@field eval_loss nudge.Array of every task
---@field eval_accuracy nudge.Array? of every task
---@field diverged integer[] tasks that did

---The table for people.
---@return string text
function Training:table() end

---Writes every row as CSV.
---@param path string
---@return nudge.Training self
function Training:csv(path) end

---Writes all of it as JSON.
---@param path string
---@return nudge.Training self
function Training:json(path) end

---Runs that differ in their seed as one: mean rows, with the deviation of x as `x_deviation`.
---@param results nudge.Training[]
---@return { n: integer, steps: table[], validation: table[], test: table[] } curves
function nudge.curves(results) end

---An outer optimiser by itself, for a loop of the script's own: meta-gradients are added row by
---row, then a step makes the next theta.
---@param given nudge.given.outer
---@return nudge.Outer outer
function nudge.outer(given) end

---@class nudge.given.outer: nudge.given.outer_fields
---@field problem nudge.Problem whose theta it moves

---An outer optimiser.
---@class nudge.Outer
local Outer = {}

---Adds meta-gradients, one row per task; those at positions of `skip` are left out.
---@param rows nudge.Array n x Q, or Q
---@param skip? table<integer, boolean>
---@return integer[] left_out # positions of rows that were not finite, which are left out too
function Outer:add(rows, skip) end

---Forgets what was added since the last step.
---@return nudge.Outer self
function Outer:clear() end

---A step along the mean of what was added.
---@param theta nudge.Array
---@param factor? number of the step size (default: 1)
---@return nudge.Array theta # the next one
---@return nudge.OuterStep done
function Outer:step(theta, factor) end

---What a step of an outer optimiser did.
---@class nudge.OuterStep
---@field tasks integer rows that were added
---@field gradient_norm number of their mean, before clipping
---@field update_norm number of the step of theta
---@field norm_clipped boolean the norm was above `clip_norm`
---@field clipped integer elements
---@field projected integer elements that a constraint moved

---Its state, to be kept for later.
---@return { steps: integer, slots: nudge.Array? } state
function Outer:state() end

---Goes on from a state.
---@param state { steps: integer, slots: nudge.Array? }
---@return nudge.Outer self
function Outer:set_state(state) end

---Frees it at once.
function Outer:close() end

return nudge
