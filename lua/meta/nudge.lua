---@meta
-- SPDX-License-Identifier: MIT
-- The API of nudge for editors (LuaCATS annotations). Nothing here runs. Domains of tasks and
-- meta-training are in few_shot.lua.

---@class nudge
---@field out string Folder for results (`--out`).
---@field threads integer Threads to compute with (`--threads`); results do not depend on it.
---@field script string? Path of the running script.
---@field npy nudge.npy
---@field data nudge.data
---@field tasks nudge.tasks
---@field domains nudge.domains
---@field store nudge.store
local nudge = {}

---Numbers with a shape of one to four axes; real (double) or index (int32). `a[i]` is a number or a
---view of row i, `a[{i, j}]` a number. `+ - * /` work elementwise with numbers and with arrays of the
---shapes that agree from the last axis on; axes of length 1 and missing ones are repeated. Indices
---are 1-based.
---@class nudge.Array
---@operator add(nudge.Array|number): nudge.Array
---@operator sub(nudge.Array|number): nudge.Array
---@operator mul(nudge.Array|number): nudge.Array
---@operator div(nudge.Array|number): nudge.Array
---@operator unm: nudge.Array
---@operator len: integer
local Array = {}
---@return integer[] shape
function Array:shape() end
---@return "real"|"index"|"single"
function Array:kind() end
---View of rows first..last; shares the data, invalid once the array is closed.
---@param first integer
---@param last? integer
---@return nudge.Array
function Array:rows(first, last) end
---@param ... integer one index per axis
---@return number
function Array:get(...) end
---@param ... number one index per axis, then the value
function Array:set(...) end
---@param axis? integer sum over this axis only
---@return number|nudge.Array
function Array:sum(axis) end
---@param axis? integer mean over this axis only
---@return number|nudge.Array
function Array:mean(axis) end
---@return number
function Array:norm() end
---@param other nudge.Array
---@return number
function Array:dot(other) end
---@return number value
---@return integer position
function Array:max() end
---@return number value
---@return integer position
function Array:min() end
---@return nudge.Array
function Array:sqrt() end
---@return nudge.Array
function Array:square() end
---@return nudge.Array
function Array:abs() end
---@return nudge.Array
function Array:exp() end
---@return nudge.Array
function Array:log() end
---@return nudge.Array
function Array:tanh() end
---@return nudge.Array
function Array:sin() end
---@return nudge.Array
function Array:cos() end
---Same kind, shape and bits.
---@param other nudge.Array
---@return boolean
function Array:equals(other) end
---@return nudge.Array
function Array:copy() end
---Copy in half the memory, as float32, which cannot be changed; problems of float32 whose arrays are
---all frozen or of this kind read them where they are.
---@return nudge.Array
function Array:single() end
---Copy as real numbers.
---@return nudge.Array
function Array:real() end
---@return table nested lists
function Array:totable() end
---@param from nudge.Array|number[] of the same size
---@return nudge.Array self
function Array:copy_from(from) end
---@param value number
---@return nudge.Array self
function Array:fill(value) end
---Copy in another shape of the same size.
---@param ... integer
---@return nudge.Array
function Array:reshape(...) end
---The same numbers in another shape: a view, invalid once the array is closed.
---@param ... integer
---@return nudge.Array
function Array:view(...) end
---In place: (x - mean) / deviation.
---@param mean number
---@param deviation number
---@return nudge.Array self
function Array:standardise(mean, deviation) end
---Rows in the order of an index array.
---@param indices nudge.Array
---@return nudge.Array
function Array:take(indices) end
---Copy of columns first..last of a matrix.
---@param first integer
---@param last? integer
---@return nudge.Array
function Array:columns(first, last) end
---Images (samples x height x width) made smaller by the means of k x k blocks.
---@param k integer
---@return nudge.Array
function Array:block_means(k) end
---Nobody can change or close it, or its views, any more. Problems whose arrays are all frozen read
---them where they are instead of copying them.
---@return nudge.Array self
function Array:freeze() end
---Frees the numbers at once; views become invalid. A frozen array is freed when nothing refers to
---it.
function Array:close() end

---A named stream of random numbers.
---@class nudge.Random
local Random = {}
---Child stream; the parent does not advance.
---@param label string
---@param number? integer
---@return nudge.Random
function Random:stream(label, number) end
---@param n integer
---@return nudge.Array n numbers in [0, 1)
function Random:uniform(n) end
---@param n integer
---@return nudge.Array n standard normal numbers
function Random:normal(n) end
---@param n integer
---@return nudge.Array index array: 1..n in random order
function Random:permutation(n) end
---@param bound integer
---@return integer in 1..bound
function Random:integer(bound) end
function Random:close() end

---A learner or rule with its checked options.
---@class nudge.Component
local Component = {}
---@return string
function Component:id() end
---@return table options as given by the script
function Component:given() end
---@return table every option with its value
function Component:options() end
function Component:close() end

---@class nudge.Learner: nudge.Component
---@class nudge.Rule: nudge.Component
local Rule = {}
---How the error of its estimates falls with beta, as far as the rule knows.
---@return integer? order
---@return number? factor of the coefficient of beta^(order + 1) in the expansion of G
function Rule:truncation() end

---@class nudge.Record
---@field learner_runs integer
---@field gradient_evaluations integer
---@field hessian_vector_products integer
---@field mixed_products integer
---@field bytes_held integer
---@field residual number
---@field gradient_norm number
---@field stability_radius number
---@field status string "ok", "diverged", "not_converged", "past_radius"
---@field note string
---@field nonlocal table<string, boolean>
---@field diverged integer[] positions of tasks without a number: diverged, or refused
---@field not_converged integer[] of tasks with one, though a phase or a solve was short of its tolerance
---@field past_radius integer[] of tasks with one, though nudged past the stability radius

---@class nudge.Exact
---@field gradient nudge.Array
---@field phi nudge.Array
---@field kind "fixed_point"|"unrolled"
---@field status string
---@field rung string the computation that is returned
---@field witness string the independent one it agrees with
---@field agreement number
---@field gradient_norm number
---@field condition number
---@field mu number smallest eigenvalue of the Hessian
---@field l number largest
---@field stability_radius number
---@field b_learn number
---@field b_eval number
---@field learn_loss number
---@field eval_loss number
---@field taylor number[] from index 0

---@class nudge.Problem
local Problem = {}
---@return table the description it was made of
function Problem:spec() end
---@return { n_tasks: integer, n_phi: integer, n_theta: integer, stability_radius: number }
function Problem:info() end
---@return { phi: table[], theta: table[] } groups with name, shape, first, last, nonnegative, held
function Problem:groups() end
---@return nudge.Array
function Problem:theta() end
---@param theta nudge.Array
---@return nudge.Problem self
function Problem:set_theta(theta) end
---Other data of the same names, shapes and number of tasks; nothing is compiled anew. Tasks of a
---domain carry domain, split and indices: they name tasks in messages and seed what is drawn;
---starts, where given, seed the initial phi instead.
---@param tasks { n_tasks: integer, arrays: table[], domain?: string, split?: string, indices?: integer[], starts?: integer[] }
---@return nudge.Problem self
function Problem:set_tasks(tasks) end
---@param task? integer
---@return nudge.Array the drawn initial phi
function Problem:start(task) end
---One free phase. Divergence and a missed tolerance are errors unless soft.
---@param options? { soft: boolean }
---@return { phi: nudge.Array, steps: integer, gradient_norm: number, learn_loss: number, eval_loss: number, eval_accuracy: number, status: string, diverged: integer[] }
function Problem:learn(options) end
---Learning after each of some numbers of inner steps, in ascending order; losses are n x n_tasks,
---phi n x n_tasks x P unless phi = false. eval_accuracy only where the learner has one. With soft,
---tasks that diverge give NaN from then on and stand in diverged.
---@param options { steps: integer[], phi?: boolean, soft?: boolean }
---@return { steps: integer[], learn_loss: nudge.Array, eval_loss: nudge.Array, eval_accuracy: nudge.Array?, phi: nudge.Array?, status: string, note: string, diverged: integer[] }
function Problem:adapt(options) end
---The learner's predictions on the evaluation inputs at phi (n_tasks x P): one row per sample of
---each task; no axis of tasks if there is one task.
---@param phi nudge.Array
---@return nudge.Array
function Problem:predict(phi) end
---Losses and accuracy of each task at phi (n_tasks x P), on all samples, without learning.
---@param phi nudge.Array
---@return { learn_loss: nudge.Array, eval_loss: nudge.Array, eval_accuracy: nudge.Array? }
function Problem:losses(phi) end
---@param rule nudge.Rule
---@param options? { soft: boolean, per_task: boolean }
---@return nudge.Array estimate
---@return nudge.Record record
function Problem:estimate(rule, options) end
---@param rule nudge.Rule
---@return boolean? accepted
---@return string? message
---@return string? code
function Problem:accepts(rule) end
---@param capability string
---@return boolean
---@return string? reason
function Problem:provides(capability) end
---@param options? { kind: "fixed_point"|"unrolled", rungs: string[], soft: boolean }
---@return nudge.Exact
function Problem:exact(options) end
function Problem:close() end

---Errors of every rule over swept options, against the exact meta-gradient.
---@class nudge.Study
---@field name string
---@field exact nudge.Exact
---@field rows table[] one per estimate: values, relative_error, cosine, cost, record, gradient, ...
---@field families table[] one per rule: label, rows, best, series
local Study = {}
---@return string
function Study:table() end
---@param path string
---@return nudge.Study self
function Study:csv(path) end
---@param path string
---@return nudge.Study self
function Study:json(path) end
---SVG or PNG by the ending of the path.
---@param path string
---@return nudge.Study self
function Study:plot(path) end

---@param values table nested lists of numbers
---@param kind? "real"|"index"
---@return nudge.Array
function nudge.array(values, kind) end
---@param ... integer axis lengths
---@return nudge.Array
function nudge.zeros(...) end
---@param first number
---@param last number
---@param n integer
---@return nudge.Array
function nudge.linspace(first, last, n) end
---@param first number
---@param last number
---@param n integer
---@return nudge.Array
function nudge.logspace(first, last, n) end
---@param seed integer
---@return nudge.Random
function nudge.random(seed) end
---@param id string
---@param options? table
---@return nudge.Learner
function nudge.learner(id, options) end
---@param id string
---@param options? table
---@return nudge.Rule
function nudge.rule(id, options) end
---@return string[] ids
function nudge.learners() end
---@return string[] ids
function nudge.rules() end
---The option table of a learner or rule: a list, also by name.
---@param id string
---@return table? options
---@return string? message
---@return string? code
function nudge.options(id) end
---Settings that `--set name=value` changes: a default, or { default, choices =, min =, max =, doc = }.
---@param declarations table
---@return table values
function nudge.settings(declarations) end
---@param fields { learner: nudge.Learner, tasks: table, inner: table, dtype?: string, seed?: integer, name?: string }
---@return nudge.Problem
function nudge.problem(fields) end
---@param estimate nudge.Array
---@param exact nudge.Array
---@return { relative_error: number, cosine: number, sign_agreement: number, norm_ratio: number }
function nudge.compare(estimate, exact) end
---@param beta nudge.Array ascending
---@param error nudge.Array
---@param beta_max? number
---@return { order: number, constant: number, beta_low: number, beta_high: number, n: integer }?
function nudge.fit_order(beta, error, beta_max) end
---@param fields { problem: nudge.Problem, rules: table, sweep?: table, exact?: string|table, name?: string }
---@return nudge.Study
function nudge.gradient_error(fields) end
---@param studies nudge.Study|(nudge.Study|nudge.Study[])[] a list in the list shares a row
---@param path string
function nudge.csv(studies, path) end
---@param studies nudge.Study|(nudge.Study|nudge.Study[])[] a list in the list shares a row
---@param path string
function nudge.json(studies, path) end
---@param studies nudge.Study|(nudge.Study|nudge.Study[])[] a list in the list shares a row
---@param path string
function nudge.plot_studies(studies, path) end
---The largest resident set in bytes, since the process began or since it was last restarted.
---@param restart? boolean count anew from now on
---@return integer bytes before that
---@return boolean restarted false where the system cannot, or was not asked to
function nudge.peak_memory(restart) end
---A path inside the folder for results.
---@param name string
---@return string
function nudge.result(name) end

---@class nudge.npy
local npy = {}
---@param path string
---@return nudge.Array
function npy.read(path) end
---@param path string
---@param array nudge.Array
function npy.write(path, array) end

---@class nudge.data
local data = {}
---@param relative string
---@return string? path
---@return string? message
---@return string? code
function data.find(relative) end
---@param path string
---@param limit? integer
---@return nudge.Array
function data.idx(path, limit) end
---@param fields { path: string, target: string|integer, header?: boolean, origin?: string }
---@return table
function data.csv(fields) end
---@param fields? { fallback?: function }
---@return table
function data.housing(fields) end
---@param fields? { n?: integer, part?: "train"|"test", block?: integer, fallback?: function }
---@return table
function data.mnist(fields) end
---@param fields? { n?: integer, seed?: integer, block?: integer }
---@return table
function data.synthetic_digits(fields) end
---@param fields? { n?: integer, features?: integer, causes?: integer, noise?: number, seed?: integer }
---@return table
function data.correlated_regression(fields) end

---@class nudge.tasks
local tasks = {}
---learn and eval: numbers of samples, or shares below 1. standardise: "features", "all", "none".
---@param fields { data: table, learn?: number, eval?: number, seed?: integer, standardise?: string }
---@return table
function tasks.classification(fields) end
---@param fields { data: table, learn?: number, eval?: number, seed?: integer, standardise?: string }
---@return table
function tasks.regression(fields) end
---@param fields table arrays by name; n_tasks, origin
---@return table
function tasks.arrays(fields) end

return nudge
