---@meta _
-- SPDX-License-Identifier: MIT
-- Comparing methods.
-- Methods tried with the same seeds, as curves of a figure and folded over seeds as a table.

---@class nudge
local nudge = {}

---Calls `run(method, seed)` for every method and seed, and keeps the tables that it gives. A name
---then means that field of each run, or of the method where its runs have none.
---@param given nudge.given.comparison
---@return nudge.Comparison comparison
function nudge.comparison(given) end

---@class nudge.given.comparison
---@field methods table[] each with a `label` and what `run` wants to know; `color`, `dashed` and `dotted` are those of its curve
---@field seeds integer|integer[] a list, or how many
---@field first_seed? integer where `seeds` says how many (default: 1)
---@field run fun(method: table, seed: integer): table gives values and curves

---Methods tried with the same seeds.
---@class nudge.Comparison
---@field methods table[] as given, each with its runs in the order of the seeds
---@field seeds integer[] as a list
local Comparison = {}

---Moments over the seeds of one method.
---@param label string
---@param of string|fun(run: table, method: table): number a field of the runs, or a function of them
---@return nudge.Spread spread
function Comparison:spread(label, of) end

---Series of a panel of `nudge.figure`: a band over seeds of each method that has the curve.
---@param given nudge.given.bands
---@return nudge.Series[] series
function Comparison:bands(given) end

---@class nudge.given.bands
---@field x string|number[]|nudge.Array a field of the runs, or the same for all
---@field y string|fun(run: table, method: table): number[] a field of the runs, or a function of them
---@field points? boolean mark every value (default: few are)

---Lists of rows that the runs have, as one list; each row has its `method` and `seed`.
---@param of string|fun(run: table, method: table): table[]
---@return table[] rows
function Comparison:collect(of) end

---On how many seeds a method has the lower value than another; and how many seeds there are.
---@param label string
---@param other string label of the other method
---@param of string|fun(run: table, method: table): number a field of the runs, or a function of them
---@return integer wins
---@return integer seeds
function Comparison:wins(label, other, of) end

---A table with a row of each method, values folded over seeds.
---@param given nudge.given.summary
---@return nudge.Rows rows
function nudge.summary(given) end

---@class nudge.given.summary
---@field comparisons nudge.Comparison[] whose methods are the rows
---@field columns (string|nudge.given.summary_column)[] names of fields, or tables

---A column of `nudge.summary`.
---@class nudge.given.summary_column: nudge.given.column
---@field of? string|fun(run: table, method: table): any what is folded (default: its `name`)
---@field fold? "mean"|"deviation"|"least"|"greatest"|"sum"|"first" (default: `mean`; texts are those of the first run)
---@field over? string divided by what the method of that label has
---@field deviation? string|boolean the column that stands behind a +- in the text; true: the deviation over seeds, in a hidden column of its own

---Entries of a list whose `id` is among names, in the order of the list: for a setting that
---chooses methods. A name that no entry has is an error.
---@generic T
---@param list T[] tables with an `id`
---@param names string as "cg, none", or "all"
---@return T[] entries
function nudge.chosen(list, names) end

---Moments of a list of numbers; what is no number makes the mean none.
---@param values number[]
---@return nudge.Spread spread
function nudge.spread(values) end

---Moments of a list of numbers.
---@class nudge.Spread
---@field n integer how many there are
---@field sum number of all
---@field mean number of all
---@field deviation number? of more than one value
---@field least number of all
---@field greatest number of all

---How a learner fits tasks of one input and one output: a panel of `nudge.figure` per task, with
---the true function, what was learned after each number of steps, and the samples.
---@param given nudge.given.fits
---@return nudge.Panel[] panels
function nudge.fits(given) end

---@class nudge.given.fits
---@field learner nudge.Learner what learns
---@field domain nudge.Domain whose tasks are learned
---@field inner nudge.given.inner how they are learned
---@field grid nudge.Array points where the functions are drawn
---@field steps integer[] up to four numbers of inner steps, ascending
---@field tasks? integer (default: 1)
---@field split? "train"|"valid"|"test" (default: `test`)
---@field theta? nudge.Array (default: as the learner draws it)
---@field seed? integer (default: 0)
---@field dtype? "float32"|"float64"|"long_double" (default: `float64`)
---@field yrange? number[] of the panels: lowest and highest

return nudge
