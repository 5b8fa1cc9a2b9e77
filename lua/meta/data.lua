---@meta _
-- SPDX-License-Identifier: MIT
-- Data and tasks.
-- Files of the usual formats, generators for machines where the files are absent, and how data are
-- cut into what is learned from and what learning is judged by.

---Data sets and files of data.
---@class nudge.data
local data = {}

---Where a data file lies, below `NUDGE_DATA` or `data/`; nil, a message and a code where it is not.
---@param relative string such as "housing/boston.csv"
---@return string? path
---@return string? message
---@return string? code
function data.find(relative) end

---Reads an IDX file, also a compressed one (`.gz`).
---@param path string
---@param limit? integer the first so many entries (default: all)
---@return nudge.Array array
function data.idx(path, limit) end

---Reads columns of a CSV file: one is the target, all others are inputs.
---@param given nudge.given.csv
---@return nudge.Samples samples
function data.csv(given) end

---@class nudge.given.csv
---@field path string of the file
---@field target string|integer name or number of the target's column
---@field header? boolean the first line has names (default: if it is not all numbers)
---@field origin? string what the data are, for people (default: the name of the file)

---Boston housing: 506 rows, 13 features, target `medv`.
---@param given? nudge.given.housing
---@return nudge.Samples samples
function data.housing(given) end

---@class nudge.given.housing
---@field fallback? fun(given: table): nudge.Samples called where the file is absent, which else is an error

---Handwritten digits in [0, 1].
---@param given? nudge.given.mnist
---@return nudge.Samples samples
function data.mnist(given) end

---@class nudge.given.mnist
---@field n? integer the first so many (default: all)
---@field part? "train"|"test" (default: `train`)
---@field block? integer images made smaller by means of so many pixels each way (default: 1)
---@field fallback? fun(given: table): nudge.Samples called with `n` and `block` where the files are absent, which else is an error

---Digits drawn by strokes, in [0, 1]; digit i depends on seed and i only.
---@param given? nudge.given.synthetic_digits
---@return nudge.Samples samples
function data.synthetic_digits(given) end

---Digits as rows of float32, standardised by the mean and deviation of all of MNIST's; drawn ones
---where MNIST is absent.
---@param given? nudge.given.digits
---@return nudge.Samples samples
function data.digits(given) end

---@class nudge.given.digits
---@field part? "train"|"test" (default: `train`)
---@field n? integer the first so many (default: all; 1000 drawn ones)
---@field block? integer images made smaller by means of so many pixels each way (default: 1)
---@field seed? integer of drawn ones (default: 0)

---@class nudge.given.synthetic_digits
---@field n? integer (default: 1000)
---@field seed? integer (default: 0)
---@field block? integer images made smaller by means of so many pixels each way (default: 1)

---Regression with correlated features: inputs share a few hidden causes, targets are linear in them
---with noise.
---@param given? nudge.given.correlated_regression
---@return nudge.Samples samples
function data.correlated_regression(given) end

---@class nudge.given.correlated_regression
---@field n? integer samples (default: 506)
---@field features? integer (default: 13)
---@field causes? integer (default: 4)
---@field noise? number standard deviation (default: 1)
---@field seed? integer (default: 0)

---The samples from first to last, read where they are.
---@param samples nudge.Samples
---@param first integer
---@param last integer
---@return nudge.Samples part
function data.rows(samples, first, last) end

---Chosen samples as a copy, which is frozen.
---@param samples nudge.Samples
---@param indices nudge.Array index array
---@return nudge.Samples part
function data.take(samples, indices) end

---Samples to make tasks of; a table of a script's own will do.
---@class nudge.Samples
---@field inputs nudge.Array samples along the first axis
---@field targets nudge.Array? real targets
---@field labels nudge.Array? an index array from 0, in place of targets
---@field classes integer? number of labels (default: the largest + 1)
---@field names string[]? of the columns of a file
---@field origin string? what the data are, for people

---Tasks made of data.
---@class nudge.tasks
local tasks = {}

---One task of labelled samples.
---@param given nudge.given.supervised
---@return nudge.given.tasks tasks
function tasks.classification(given) end

---One task of samples with real targets, which are standardised with the inputs, by the samples to
---learn from.
---@param given nudge.given.supervised
---@return nudge.given.tasks tasks
function tasks.regression(given) end

---@class nudge.given.supervised
---@field data nudge.Samples from `nudge.data`, or a table like it
---@field learn? number samples to learn from: how many, or below 1 their share (default: 0.5)
---@field eval? number samples to judge by (default: the rest)
---@field seed? integer draws which are which (default: 0)
---@field standardise? "features"|"all"|"none" each feature, or all by one mean and deviation (default: `features` for regression, `none` for classification)

---One task of labelled samples that are cut already.
---@param given nudge.given.labelled
---@return nudge.given.tasks tasks
function tasks.labelled(given) end

---@class nudge.given.labelled
---@field learn nudge.Samples to learn from, with labels
---@field eval nudge.Samples to judge by, with labels
---@field classes? integer (default: the largest label + 1)

---Any arrays by name. Those named `learn.*` and `eval.*` are samples. With `n_tasks` above 1 the
---first axis of each runs over tasks.
---@param given table<string, nudge.Array|nudge.given.task_array|integer|string> arrays by name; also `n_tasks` (default: 1) and `origin`
---@return nudge.given.tasks tasks
function tasks.arrays(given) end

---An array of tasks with what is to be known of it.
---@class nudge.given.task_array
---@field values nudge.Array its numbers
---@field role? "samples"|"whole" the first axis runs over samples, or it is one thing (default: by its name)
---@field classes? integer of an index array (default: the largest + 1)

return data
