---@meta _
-- SPDX-License-Identifier: MIT
-- Studies.
-- How wrong meta-gradients are: every rule over swept options, against the exact one.

---@class nudge
local nudge = {}

---A study: estimates of every rule at every combination of the swept options that it has, compared
---with the exact meta-gradient.
---@param given nudge.given.gradient_error
---@return nudge.Study study
function nudge.gradient_error(given) end

---@class nudge.given.gradient_error
---@field problem nudge.Problem what the gradients are of
---@field rules (nudge.Rule|nudge.given.study_rule)[] what is compared
---@field sweep? table<string, number[]|string[]|nudge.Array> values by option; a name also means all options that end in it: `steps` moves `free_steps` and `nudged_steps` together
---@field exact? "fixed_point"|"unrolled"|table what is compared with: a kind for `problem:exact`, or what that gave
---@field name? string for tables and files (default: that of the problem)

---A rule of a study with a label of its own.
---@class nudge.given.study_rule
---@field [1] nudge.Rule the rule
---@field label? string in tables and figures (default: of its id and options)
---@field alone? boolean it has a panel of its own

---Errors of every rule over swept options, against the exact meta-gradient.
---@class nudge.Study
---@field name string for tables and files
---@field exact nudge.Exact what was compared with
---@field rows table[] one per estimate: values, relative_error, cosine, cost, record, gradient, ...
---@field families table[] one per rule: label, rows, best, series
local Study = {}

---The table for people.
---@return string text
function Study:table() end

---Writes every row as CSV.
---@param path string
---@return nudge.Study self
function Study:csv(path) end

---Writes the exact gradient's evidence and every row as JSON.
---@param path string
---@return nudge.Study self
function Study:json(path) end

---Draws it as SVG or PNG, by the ending of the path.
---@param path string
---@return nudge.Study self
function Study:plot(path) end

---Writes every row of several studies as CSV.
---@param studies nudge.Study|(nudge.Study|nudge.Study[])[] studies in a list of the list share a row of a figure
---@param path string
function nudge.csv(studies, path) end

---Writes several studies as JSON.
---@param studies nudge.Study|(nudge.Study|nudge.Study[])[] studies in a list of the list share a row of a figure
---@param path string
function nudge.json(studies, path) end

---Draws several studies in one figure: a row of panels each; studies in a list of their own share
---one, as in `{ a, { b, c } }`.
---@param studies nudge.Study|(nudge.Study|nudge.Study[])[] studies in a list of the list share a row
---@param path string
function nudge.plot_studies(studies, path) end

---How far an estimate is from the exact gradient.
---@param estimate nudge.Array
---@param exact nudge.Array
---@return nudge.Measures measures
function nudge.compare(estimate, exact) end

---Measures of an estimate against the exact gradient.
---@class nudge.Measures
---@field relative_error number norm of the difference over the norm of the exact gradient
---@field cosine number of the angle between the two
---@field sign_agreement number share of elements with the right sign
---@field norm_ratio number norm of the estimate over that of the exact gradient

---The slope of an error in beta, and where it was fitted; nil where no stretch is straight.
---@param beta nudge.Array ascending
---@param error nudge.Array
---@param beta_max? number look only below it
---@return { order: number, constant: number, beta_low: number, beta_high: number, n: integer }? fit
function nudge.fit_order(beta, error, beta_max) end

return nudge
