---@meta
-- SPDX-License-Identifier: MIT
-- The part of the API that compares methods over seeds; see nudge.lua.

---@class nudge
local nudge = {}

---@class nudge.Spread
---@field n integer
---@field sum number
---@field mean number
---@field deviation number? of more than one value
---@field least number
---@field greatest number

---Moments of a list of numbers; what is no number makes the mean none.
---@param values number[]
---@return nudge.Spread
function nudge.spread(values) end

---Methods tried with the same seeds.
---@class nudge.Comparison
---@field methods table[] as given, each with its runs in the order of the seeds
---@field seeds integer[]
local Comparison = {}
---Over the seeds of one method.
---@param label string
---@param of string|fun(run: table, method: table): number a field of the runs, or a function of them
---@return nudge.Spread
function Comparison:spread(label, of) end
---Series of a panel of nudge.figure: a band over seeds of each method that has the curve.
---@param fields { x: string|number[]|nudge.Array, y: string|fun(run: table, method: table), points?: boolean }
---@return nudge.Series[]
function Comparison:bands(fields) end
---Lists of rows that the runs have, as one list; each row has its method and seed.
---@param of string|fun(run: table, method: table): table[]
---@return table[]
function Comparison:collect(of) end

---Calls run(method, seed) for every method and seed; what it gives is a table of values and curves.
---@param fields { methods: table[], seeds: integer|integer[], run: fun(method: table, seed: integer): table }
---@return nudge.Comparison
function nudge.comparison(fields) end
---A table with a row of each method, values folded over seeds.
---@param fields { comparisons: nudge.Comparison[], columns: (string|{ name: string, of?: string|function, fold?: "mean"|"deviation"|"least"|"greatest"|"sum"|"first", over?: string, title?: string, format?: string, hidden?: boolean, deviation?: string })[] }
---@return nudge.Rows
function nudge.summary(fields) end
---How a learner fits tasks of one input and one output: a panel of nudge.figure per task.
---@param fields { learner: nudge.Learner, domain: nudge.Domain, inner: table, grid: nudge.Array, steps: integer[], tasks?: integer, split?: string, theta?: nudge.Array, seed?: integer, dtype?: string, yrange?: number[] }
---@return nudge.Panel[]
function nudge.fits(fields) end

return nudge
