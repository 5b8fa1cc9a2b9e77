---@meta
-- SPDX-License-Identifier: MIT
-- Learners and rules of a script's own (LuaCATS annotations). Nothing here runs.

---A node of a loss graph, inside of `loss`. Axes and positions count from 1; numbers stand for
---constants; operations are functions of the graph, too: `g.tanh(x)`.
---@class nudge.Node
---@field shape integer[]
---@field classes integer? of labels
---@operator add(nudge.Node|number): nudge.Node
---@operator sub(nudge.Node|number): nudge.Node
---@operator mul(nudge.Node|number): nudge.Node
---@operator div(nudge.Node|number): nudge.Node
---@operator pow(number): nudge.Node
---@operator unm: nudge.Node
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

---The graph: the operations of its nodes, as functions, and `constant(value, length, …)`.
---@class nudge.Graph: nudge.Node
---@field constant fun(value: number, ...: integer): nudge.Node

---A row for each task; ends with its estimate.
---@class nudge.Vector
---@operator add(nudge.Vector): nudge.Vector
---@operator sub(nudge.Vector): nudge.Vector
---@operator mul(number|number[]|nudge.Array): nudge.Vector
---@operator div(number|nudge.Array): nudge.Vector
---@operator unm: nudge.Vector
local Vector = {}
---Becomes a vector, or a sum: `x:set(2, y, -1, z)`.
---@param ... number|nudge.Vector
---@return nudge.Vector self
function Vector:set(...) end
---@return nudge.Vector
function Vector:copy() end
---@param other nudge.Vector
---@return nudge.Array inner product in each task
function Vector:dot(other) end
---@return number largest over tasks
function Vector:norm() end
---@return nudge.Array
function Vector:norms() end
---@return "phi"|"theta"|"state"
function Vector:space() end
function Vector:release() end

---What a rule sees of the problem, inside of `estimate`.
---@class nudge.Estimate
local Estimate = {}
---@return { n_tasks: integer, n_phi: integer, n_theta: integer, n_start: integer, steps: integer, tolerance: number, stability_radius: number, dtype: string, optimizer: string, lr: number }
function Estimate:info() end
---@param space "phi"|"theta"|"state"
---@param fields? { complex?: boolean, optimizer?: string|table }
---@return nudge.Vector zeros
function Estimate:vector(space, fields) end
---@param name string
---@param space "phi"|"theta"|"state"
---@return nudge.Vector
---@return boolean fresh made, as zeros, by this call
function Estimate:keep(name, space) end
---Standard normal numbers: of each task's own, the same in every estimate.
---@param label string
---@param index? integer
---@param space? "phi"|"theta"|"state"
---@return nudge.Vector
function Estimate:draw(label, index, space) end
---@param fields? { start?: nudge.Vector, into?: nudge.Vector, state?: boolean, beta?: number|number[], optimizer?: string|table, steps?: integer, tolerance?: number, first_step?: integer, growth?: "ignored"|"reported"|"refused", record?: boolean, soft?: boolean }
---@return nudge.Vector end_of_phase
---@return { steps_taken: integer, gradient_norm: number, contraction: number, status: string, states?: nudge.Vector[] }
function Estimate:relax(fields) end
---@param fields { phi: nudge.Vector, loss?: "learn"|"eval"|"augmented", beta?: number|number[], want: string|string[], direction?: nudge.Vector, soft?: boolean }
---@return any ... what is wanted: value, grad_phi, grad_theta, hvp, mixed, mixed_forward
function Estimate:evaluate(fields) end
---@param fields { phi: nudge.Vector, rhs: nudge.Vector, x?: nudge.Vector, solver?: "cg"|"dense"|"neumann", iterations?: integer, tolerance?: number, damping?: number, alpha?: number, soft?: boolean }
---@return nudge.Vector
---@return { iterations_taken: integer, residual: number, status: string }
function Estimate:solve(fields) end
---@param fields { state: nudge.Vector, step: integer, adjoint: nudge.Vector, theta_adjoint: nudge.Vector, optimizer?: string|table, soft?: boolean }
---@return nudge.Vector adjoint
---@return nudge.Vector theta_adjoint
function Estimate:step_transposed(fields) end
---@param phi_adjoint nudge.Vector
---@param theta_adjoint nudge.Vector
---@return nudge.Vector theta_adjoint
function Estimate:start_transposed(phi_adjoint, theta_adjoint) end
---@return nudge.Array
function Estimate:radii() end
---@return boolean
function Estimate:cancelled() end
---@param task integer
function Estimate:refuse(task) end
---@param task integer
function Estimate:report(task) end

---@class nudge
local nudge = {}
---@param fields { id: string, title: string, parameters: fun(o: table, task: table): table, loss: (fun(g: nudge.Graph, p: table<string, nudge.Node>, task: table, o: table): nudge.Node, nudge.Node, table?), options?: table, doc?: string, version?: string, cite?: string, check?: (fun(o: table): string?), example?: table, batch_invariant?: boolean }
function nudge.define_learner(fields) end
---@param fields { id: string, title: string, estimate: (fun(problem: nudge.Estimate, o: table): nudge.Vector?, table?), needs?: string[], truncation?: (fun(o: table): integer?, number?), options?: table, doc?: string, version?: string, cite?: string, check?: (fun(o: table): string?), batch_invariant?: boolean }
function nudge.define_rule(fields) end
