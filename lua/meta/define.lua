---@meta
-- SPDX-License-Identifier: MIT
-- Learners and rules in Lua.
-- A script can define learners and rules of its own, which then stand beside those of plugins.

---@class nudge
local nudge = {}

---Defines a learner: from then on `nudge.learner(id)` makes it. Its losses become a compiled graph,
---with all derivatives and element types.
---
---```lua
---local nudge = require "nudge"
---nudge.define_learner {
---  id = "lab.mean", title = "The mean of what is seen",
---  parameters = function()
---    return { phi = { { "m" } }, theta = { { "pull", constant = 0.1, nonnegative = true } } }
---  end,
---  loss = function(g, p, task)
---    return g.mean((task.learn.x - p.m) ^ 2) + p.pull * p.m ^ 2, g.mean((task.eval.x - p.m) ^ 2)
---  end,
---}
---print(nudge.learner("lab.mean"):id())
---```
---@param given nudge.given.define_learner
function nudge.define_learner(given) end

---@class nudge.given.define_learner
---@field id string with the prefix of its owner, `lab.ridge`
---@field title string one line
---@field parameters fun(o: table, task: table): { phi: table[], theta: table[] } groups of parameters, of option values and of what the tasks are: each `{ name, length, ..., normal = deviation }`
---@field loss fun(g: nudge.Graph, p: table<string, nudge.Node>, task: table, o: table): nudge.Node, nudge.Node, { predictions?: nudge.Node, accuracy?: nudge.Node }? the loss that learns and the loss that judges, of groups and arrays by name
---@field options? table by name: `{ default, doc = "...", min =, max =, above =, choices =, log =, unit = }`
---@field doc? string paragraphs (default: the title)
---@field version? string (default: `1.0.0`)
---@field cite? string reference of the method
---@field check? fun(o: table): string? what is wrong with options that do not go together
---@field example? table a small case to try it on, or a list of them, for `nudge check`: `{ options = { width = 3 }, arrays = { ["learn.x"] = { 4, 2 } } }`
---@field batch_invariant? boolean the order of samples does not matter

---Defines a rule: from then on `nudge.rule(id)` makes it.
---
---```lua
---local nudge = require "nudge"
---nudge.define_rule {
---  id = "lab.direct", title = "The direct part of the meta-gradient",
---  estimate = function(problem)
---    local phi = problem:relax {}
---    return problem:evaluate { phi = phi, loss = "eval", want = "grad_theta" }
---  end,
---}
---print(nudge.rule("lab.direct"):id())
---```
---@param given nudge.given.define_rule
function nudge.define_rule(given) end

---@class nudge.given.define_rule
---@field id string with the prefix of its owner, `lab.nystrom`
---@field title string one line
---@field estimate fun(problem: nudge.Estimate, o: table): nudge.Vector?, { residual?: number, stability_radius?: number, status?: string, note?: string }? a vector of theta; without one a record with a status
---@field needs? string[] of learners: `graph`, `nudge`, `second_order`, `transposed_step`, `complex`, `closed_form`, `meta_start`
---@field truncation? fun(o: table): integer?, number? order and factor of the error in the option `beta`
---@field estimand? "fixed_point"|"unrolled"|"biased"|fun(o: table): string, { damping?: number, window?: integer, steps?: integer }? what it estimates, which the checker holds it to
---@field options? table as of a learner
---@field doc? string paragraphs (default: the title)
---@field version? string (default: `1.0.0`)
---@field cite? string reference of the method
---@field check? fun(o: table): string? what is wrong with options that do not go together
---@field batch_invariant? boolean the order of samples does not matter

---A node of a loss graph, inside of `loss`. Axes and positions count from 1, numbers stand for
---constants, and every operation is a function of the graph, too: `x:tanh()` is `g.tanh(x)`.
---@class nudge.Node
---@operator add(nudge.Node|number): nudge.Node
---@operator sub(nudge.Node|number): nudge.Node
---@operator mul(nudge.Node|number): nudge.Node
---@operator div(nudge.Node|number): nudge.Node
---@operator pow(number): nudge.Node
---@operator unm: nudge.Node
---@field shape integer[] lengths of its axes
---@field classes integer? of labels: their number
---@field constant fun(x: nudge.Node, value: number, ...: integer): nudge.Node
---@field neg fun(x: nudge.Node): nudge.Node
---@field square fun(x: nudge.Node): nudge.Node
---@field sqrt fun(x: nudge.Node): nudge.Node
---@field reciprocal fun(x: nudge.Node): nudge.Node
---@field exp fun(x: nudge.Node): nudge.Node
---@field log fun(x: nudge.Node): nudge.Node
---@field tanh fun(x: nudge.Node): nudge.Node
---@field sigmoid fun(x: nudge.Node): nudge.Node
---@field softplus fun(x: nudge.Node): nudge.Node
---@field sin fun(x: nudge.Node): nudge.Node
---@field cos fun(x: nudge.Node): nudge.Node
---@field power fun(x: nudge.Node, exponent: number): nudge.Node
---@field step fun(x: nudge.Node): nudge.Node 1 where x > 0, else 0
---@field relu fun(x: nudge.Node): nudge.Node
---@field abs fun(x: nudge.Node): nudge.Node
---@field sign fun(x: nudge.Node): nudge.Node
---@field stop_gradient fun(x: nudge.Node): nudge.Node
---@field add fun(x: nudge.Node|number, y: nudge.Node|number): nudge.Node
---@field sub fun(x: nudge.Node|number, y: nudge.Node|number): nudge.Node
---@field mul fun(x: nudge.Node|number, y: nudge.Node|number): nudge.Node
---@field div fun(x: nudge.Node|number, y: nudge.Node|number): nudge.Node
---@field max fun(x: nudge.Node|number, y: nudge.Node|number): nudge.Node
---@field min fun(x: nudge.Node|number, y: nudge.Node|number): nudge.Node
---@field greater fun(x: nudge.Node|number, y: nudge.Node|number): nudge.Node 1 where x > y, else 0
---@field select fun(c: nudge.Node, x: nudge.Node|number, y: nudge.Node|number): nudge.Node x where c is not 0, else y
---@field matmul fun(x: nudge.Node, y: nudge.Node, transposed?: "neither"|"left"|"right"|"both"): nudge.Node
---@field reshape fun(x: nudge.Node, ...: integer): nudge.Node
---@field broadcast fun(x: nudge.Node, ...: integer): nudge.Node
---@field transpose fun(x: nudge.Node, ...: integer): nudge.Node the last two axes change places unless all are given
---@field slice fun(x: nudge.Node, axis: integer, first: integer, last: integer): nudge.Node
---@field pad fun(x: nudge.Node, axis: integer, before: integer, after: integer): nudge.Node with zeros
---@field concat fun(x: nudge.Node[], axis: integer): nudge.Node
---@field gather fun(x: nudge.Node, index: nudge.Node): nudge.Node rows of x
---@field scatter_add fun(x: nudge.Node, index: nudge.Node, n: integer): nudge.Node its transpose, of n rows
---@field pick fun(x: nudge.Node, labels: nudge.Node): nudge.Node one element of each row
---@field place fun(x: nudge.Node, labels: nudge.Node, n: integer): nudge.Node its transpose, of n columns
---@field sum fun(x: nudge.Node, ...: integer): nudge.Node over the axes, which stay with length 1; a scalar without any
---@field mean fun(x: nudge.Node, ...: integer): nudge.Node likewise
---@field log_sum_exp fun(x: nudge.Node): nudge.Node over the last axis, which stays with length 1
---@field sum_tasks fun(x: nudge.Node): nudge.Node the same for all tasks
---@field spread fun(x: nudge.Node): nudge.Node its transpose
---@field squared_error fun(outputs: nudge.Node, targets: nudge.Node): nudge.Node half of it, summed over outputs, mean over samples
---@field cross_entropy fun(outputs: nudge.Node, labels: nudge.Node): nudge.Node
---@field accuracy fun(outputs: nudge.Node, labels: nudge.Node): nudge.Node


---The graph that `loss` builds: the operations of nodes as functions, and constants.
---@class nudge.Graph: nudge.Node
---@field constant fun(value: number, ...: integer): nudge.Node of these lengths; a scalar without any

---Numbers of a row for each task, of one estimate: they end with it.
---@class nudge.Vector
---@operator add(nudge.Vector): nudge.Vector
---@operator sub(nudge.Vector): nudge.Vector
---@operator mul(number|number[]|nudge.Array): nudge.Vector
---@operator div(number|nudge.Array): nudge.Vector
---@operator unm: nudge.Vector
local Vector = {}

---Becomes a vector, or a sum: `x:set(2, y, -1, z)`.
---@param ... number|nudge.Vector a vector, or pairs of a number and a vector
---@return self self
function Vector:set(...) end

---A vector with the same numbers.
---@return nudge.Vector vector
function Vector:copy() end

---The inner product in each task.
---@param other nudge.Vector
---@return nudge.Array products
function Vector:dot(other) end

---The Euclidean norm, the largest over tasks.
---@return number norm
function Vector:norm() end

---The Euclidean norm in each task.
---@return nudge.Array norms
function Vector:norms() end

---What it is of.
---@return "phi"|"theta"|"state" space
function Vector:space() end

---Gives its memory back before the estimate ends.
function Vector:release() end

---What a rule sees of the problem, inside of `estimate`.
---@class nudge.Estimate
local Estimate = {}

---Sizes, and the inner optimiser of the problem.
---@return { n_tasks: integer, n_phi: integer, n_theta: integer, n_start: integer, steps: integer, tolerance: number, stability_radius: number, dtype: string, optimizer: string, lr: number } info
function Estimate:info() end

---A vector of zeros.
---@param space "phi"|"theta"|"state"
---@param given? { complex?: boolean, optimizer?: string|table } complex numbers; the optimiser of a state
---@return nudge.Vector vector
function Estimate:vector(space, given) end

---A vector that stays from one estimate of this rule to the next.
---@param name string
---@param space "phi"|"theta"|"state"
---@return nudge.Vector vector
---@return boolean fresh # made, as zeros, by this call
function Estimate:keep(name, space) end

---Standard normal numbers of each task's own, the same in every estimate.
---@param label string name of the stream
---@param index? integer number of the stream (default: 0)
---@param space? "phi"|"theta"|"state" (default: `phi`)
---@return nudge.Vector vector
function Estimate:draw(label, index, space) end

---Learning, on learn_loss + beta eval_loss.
---@param given? nudge.given.relax
---@return nudge.Vector phi # where it ended
---@return { steps_taken: integer, gradient_norm: number, contraction: number, status: string, states?: nudge.Vector[] } run # with `record`: the states before each step, and at the end
function Estimate:relax(given) end

---@class nudge.given.relax
---@field start? nudge.Vector a phi or a state (default: the initial point)
---@field into? nudge.Vector where the end goes (default: a new vector)
---@field state? boolean the end with the optimiser's state behind it
---@field beta? number|number[] a number or `{ real, imaginary }` (default: 0)
---@field optimizer? string|table a name, or `{ optimizer =, lr =, momentum =, beta2 =, epsilon = }` (default: the problem's)
---@field steps? integer (default: the problem's)
---@field tolerance? number (default: the problem's)
---@field first_step? integer steps that were taken before (default: 0)
---@field growth? "ignored"|"reported"|"refused" what becomes of tasks that run away slowly
---@field record? boolean keep all states
---@field soft? boolean the rule looks at the status by itself

---Loss, gradients and products with second derivatives at a point.
---@param given nudge.given.evaluate
---@return any first # what is wanted: as many results as names, in their order
function Estimate:evaluate(given) end

---@class nudge.given.evaluate
---@field phi nudge.Vector where
---@field want string|string[] `value`, `grad_phi`, `grad_theta`, `hvp`, `mixed`, `mixed_forward`
---@field loss? "learn"|"eval"|"augmented" of what (default: `learn`)
---@field beta? number|number[] of the augmented loss (default: 0)
---@field direction? nudge.Vector for products
---@field soft? boolean the rule looks at the status by itself

---The solution of (H + damping) x = rhs, with the curvature H of learn_loss at phi.
---@param given nudge.given.solve
---@return nudge.Vector x
---@return { iterations_taken: integer, residual: number, status: string } run
function Estimate:solve(given) end

---@class nudge.given.solve
---@field phi nudge.Vector where
---@field rhs nudge.Vector the right-hand side
---@field x? nudge.Vector where to start; it becomes the solution
---@field solver? "cg"|"dense"|"neumann" (default: `cg`)
---@field iterations? integer (default: 20)
---@field tolerance? number relative residual at which to stop (default: 0, after all iterations)
---@field damping? number (default: 0)
---@field alpha? number step of `neumann` (default: found by the host)
---@field soft? boolean the rule looks at the status by itself

---One step backwards: both adjoints are changed in place.
---@param given nudge.given.step_transposed
---@return nudge.Vector adjoint
---@return nudge.Vector theta_adjoint
function Estimate:step_transposed(given) end

---@class nudge.given.step_transposed
---@field state nudge.Vector before the step
---@field step integer its number, from 0
---@field adjoint nudge.Vector a state: of the state behind the step, then of that before it
---@field theta_adjoint nudge.Vector added to
---@field optimizer? string|table (default: the problem's)
---@field soft? boolean the rule looks at the status by itself

---Adds what the initial point passes on to theta.
---@param phi_adjoint nudge.Vector
---@param theta_adjoint nudge.Vector added to
---@return nudge.Vector theta_adjoint
function Estimate:start_transposed(phi_adjoint, theta_adjoint) end

---Stability radii of the tasks, in beta; NaN where they are not known.
---@return nudge.Array radii
function Estimate:radii() end

---Whether the user asked to stop.
---@return boolean cancelled
function Estimate:cancelled() end

---A task that is nudged past its radius, and gets no number.
---@param task integer
function Estimate:refuse(task) end

---A task that is nudged past its radius, and keeps its number.
---@param task integer
function Estimate:report(task) end
