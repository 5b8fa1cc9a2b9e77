---@meta _
-- SPDX-License-Identifier: MIT
-- Problems.
-- A problem is a learner with tasks and an inner optimiser, compiled. It learns, estimates
-- meta-gradients by any rule, and computes the exact one.

---@class nudge
local nudge = {}

---A problem: learner, tasks and inner optimiser, compiled.
---
---```lua
---local nudge = require "nudge"
---local problem <close> = nudge.problem {
---  learner = nudge.learner("quadratic", { form = "ridge", lambda = 0.1 }),
---  tasks = nudge.tasks.regression { data = nudge.data.correlated_regression { n = 100 } },
---  inner = { optimizer = "nesterov", lr = 0.1, momentum = 0.8, steps = 500 },
---}
---print(problem:learn().eval_loss)
---```
---@param given nudge.given.problem
---@return nudge.Problem problem
function nudge.problem(given) end

---@class nudge.given.problem
---@field learner nudge.Learner what learns
---@field tasks nudge.given.tasks what it learns: from `nudge.tasks`, or `tasks` of a domain
---@field inner nudge.given.inner how it learns
---@field dtype? "float32"|"float64"|"long_double" what is computed in (default: `float64`)
---@field seed? integer draws the first theta and the initial phi (default: 0)
---@field name? string for tables and files (default: the id of the learner)

---Tasks of a problem, as `nudge.tasks` and domains give them.
---@class nudge.given.tasks
---@field n_tasks integer number of tasks
---@field arrays table[] each with `name`, `values`, `role` and, of labels, `classes`
---@field origin? string where the data come from, for people
---@field domain? string the name of their domain, for messages
---@field split? string the split of their domain, for messages
---@field indices? integer[] their numbers, which name them in messages and seed what is drawn
---@field starts? integer[] numbers that seed the initial phi instead of `indices`

---The inner optimiser.
---@class nudge.given.inner
---@field optimizer? "gradient_descent"|"heavy_ball"|"nesterov"|"adam"|"newton" (default: `gradient_descent`)
---@field lr number step size
---@field steps integer most inner steps
---@field momentum? number of `heavy_ball`, `nesterov` and `adam`, where it is beta1 (default: 0.9)
---@field beta2? number of `adam` (default: 0.999)
---@field epsilon? number of `adam` (default: 1e-8)
---@field tolerance? number relative gradient norm at which learning stops (default: 0, never)
---@field batch_size? integer samples that a step learns from (default: 0, all)
---@field eval_batch_size? integer evaluation samples that pull a nudged step (default: 0, all)
---@field sampling? "independent"|"epochs" minibatches drawn anew for each step (default), or in epochs

---Learner, tasks and inner optimiser, compiled.
---@class nudge.Problem
local Problem = {}

---What it was made of: the table given to `nudge.problem` with defaults filled in.
---@return table spec
function Problem:spec() end

---Sizes, and the stability radius where it is known.
---@return { n_tasks: integer, n_phi: integer, n_theta: integer, stability_radius: number } info
function Problem:info() end

---The groups of phi and theta, each with name, shape, first and last number, whether it is
---`nonnegative`, and whether it is `held`: stored in theta, but never learned.
---@return { phi: nudge.Group[], theta: nudge.Group[] } groups
function Problem:groups() end

---A group of parameters.
---@class nudge.Group
---@field name string such as `omega.w1`
---@field shape integer[] lengths of its axes
---@field first integer position of its first number
---@field last integer position of its last number
---@field nonnegative boolean it is projected to be so after each outer step
---@field held boolean stored in theta, but never learned

---The meta-parameters.
---@return nudge.Array theta
function Problem:theta() end

---Changes the meta-parameters.
---@param theta nudge.Array
---@return nudge.Problem self
function Problem:set_theta(theta) end

---Other data of the same names, shapes and number of tasks; nothing is compiled anew, and what it
---knew about the old ones is forgotten. Tasks of a domain carry `domain`, `split` and `indices`:
---they name tasks in messages and seed what is drawn; `starts`, where given, seed the initial phi
---instead.
---@param tasks nudge.given.tasks
---@return nudge.Problem self
function Problem:set_tasks(tasks) end

---The point where learning begins.
---@param task? integer position of the task (default: 1)
---@return nudge.Array phi # as it is drawn
function Problem:start(task) end

---One free phase. Divergence and a missed tolerance are errors unless `soft`.
---@param options? { soft?: boolean }
---@return nudge.Learned learned
function Problem:learn(options) end

---What a free phase came to.
---@class nudge.Learned
---@field phi nudge.Array n_tasks x P, or P of one task
---@field steps integer that were taken
---@field gradient_norm number where learning ended, the largest over tasks
---@field learn_loss number mean over tasks
---@field eval_loss number mean over tasks
---@field eval_accuracy number? of a learner that has one
---@field status "ok"|"diverged"|"not_converged" the worst of all tasks
---@field diverged integer[] positions of tasks that diverged

---Learning after each of some numbers of inner steps. Losses are n x n_tasks, phi is
---n x n_tasks x P. With `soft`, tasks that diverge give NaN from then on and stand in `diverged`.
---@param options nudge.given.adapt
---@return nudge.Adapted adapted
function Problem:adapt(options) end

---@class nudge.given.adapt
---@field steps integer[] numbers of inner steps in ascending order
---@field phi? boolean keep phi after each of them (default: true)
---@field soft? boolean divergence is a status and no error (default: false)

---Learning after each of some numbers of inner steps.
---@class nudge.Adapted
---@field steps integer[] as given
---@field learn_loss nudge.Array n x n_tasks
---@field eval_loss nudge.Array n x n_tasks
---@field eval_accuracy nudge.Array? n x n_tasks, of a learner that has one
---@field phi nudge.Array? n x n_tasks x P
---@field status string the worst of all tasks
---@field note string what went wrong, if anything
---@field diverged integer[] positions of tasks that diverged

---The learner's predictions on the evaluation inputs: one row per sample of each task; no axis of
---tasks if there is one task.
---@param phi nudge.Array n_tasks x P
---@return nudge.Array predictions
function Problem:predict(phi) end

---Losses and accuracy of each task on all samples, without learning.
---@param phi nudge.Array n_tasks x P
---@return { learn_loss: nudge.Array, eval_loss: nudge.Array, eval_accuracy: nudge.Array? } losses
function Problem:losses(phi) end

---The meta-gradient by a rule, and the record of what it cost. Divergence, a tolerance that is not
---reached and a nudge past the stability radius are errors unless `soft`. With `per_task` the
---estimate has a row for each task; rows of tasks without a number are NaN.
---@param rule nudge.Rule
---@param options? { soft?: boolean, per_task?: boolean }
---@return nudge.Array estimate
---@return nudge.Record record
function Problem:estimate(rule, options) end

---What an estimate cost, as the engine counted it, and how it went.
---@class nudge.Record
---@field learner_runs integer phases
---@field gradient_evaluations integer per task
---@field hessian_vector_products integer products with second derivatives in phi, and steps taken backwards
---@field mixed_products integer products with second derivatives in phi and theta
---@field bytes_held integer most memory of its vectors at once
---@field residual number of a linear solve
---@field gradient_norm number where learning ended
---@field stability_radius number NaN where it is not known
---@field status "ok"|"diverged"|"not_converged"|"past_radius" the worst of all tasks
---@field note string what the rule has to say
---@field nonlocal table<string, boolean> resources that no synapse has
---@field diverged integer[] positions of tasks without a number: diverged, or refused
---@field not_converged integer[] of tasks with one, though a phase or a solve was short of its tolerance
---@field past_radius integer[] of tasks with one, though nudged past the stability radius

---Can a rule work with this problem? Else it gives why not.
---@param rule nudge.Rule
---@return boolean accepted
---@return string? message
---@return string? code
function Problem:accepts(rule) end

---Has the learner a capability? Else it gives why not.
---@param capability string as `nudge info` lists them
---@return boolean provided
---@return string? reason
function Problem:provides(capability) end

---The exact meta-gradient with its evidence: two independent computations that agree.
---@param options? nudge.given.exact
---@return nudge.Exact exact
function Problem:exact(options) end

---@class nudge.given.exact
---@field kind? "fixed_point"|"unrolled" of learning to its end (default), or of the steps taken
---@field rungs? string[] computations to choose from (default: what suits the problem)
---@field soft? boolean disagreement is a status and no error (default: false)

---The exact meta-gradient.
---@class nudge.Exact
---@field gradient nudge.Array of all meta-parameters
---@field phi nudge.Array what was learned
---@field kind "fixed_point"|"unrolled" as asked for
---@field status string `ok`, or why it is not to be trusted
---@field rung string the computation that is returned
---@field witness string the independent one it agrees with
---@field agreement number relative difference of the two
---@field gradient_norm number where learning ended
---@field condition number of the Hessian
---@field mu number smallest eigenvalue of the Hessian
---@field l number largest
---@field stability_radius number in beta
---@field b_learn number constant of the bound on the error of finite learning
---@field b_eval number constant of the same, of the evaluation loss
---@field learn_loss number at phi
---@field eval_loss number at phi
---@field taylor number[] norms of the coefficients of beta^k, from index 0

---Frees it at once.
function Problem:close() end

return nudge
