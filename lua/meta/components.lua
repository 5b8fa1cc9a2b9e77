---@meta _
-- SPDX-License-Identifier: MIT
-- Learners and rules.
-- Components of plugins, with options that are checked against the option table of each.

---@class nudge
local nudge = {}

---A learner with checked options. The reference has a page for each with its options.
---@param id string as `nudge list` has it
---@param options? table by name; what is left out has its default
---@return nudge.Learner learner
function nudge.learner(id, options) end

---A meta-rule with checked options. The reference has a page for each with its options.
---@param id string as `nudge list` has it
---@param options? table by name; what is left out has its default
---@return nudge.Rule rule
function nudge.rule(id, options) end

---The learners that there are.
---@return string[] ids
function nudge.learners() end

---The rules that there are.
---@return string[] ids
function nudge.rules() end

---The option table of a learner or rule: a list, also by name. Where there is no such component it
---gives nil, a message and a code.
---@param id string
---@return nudge.Option[]? options
---@return string? message
---@return string? code
function nudge.options(id) end

---An option of a component.
---@class nudge.Option
---@field name string as the script gives it
---@field doc string what it does
---@field type "boolean"|"integer"|"number"|"enum"|"string"|"integer list"|"number list" of its values
---@field range string type, bounds and default as text
---@field unit string? of its values, for people
---@field default any nil where it is required
---@field required boolean it has no default
---@field min number? least value
---@field max number? greatest value
---@field exclusive_min boolean the least value itself is not allowed
---@field logarithmic boolean sweeps of it are logarithmic
---@field choices string[]? of an enum

---A learner or rule with its checked options.
---@class nudge.Component
local Component = {}

---Its id.
---@return string id
function Component:id() end

---Options as the script gave them.
---@return table options
function Component:given() end

---Every option with its value.
---@return table options
function Component:options() end

---Frees it at once; problems that were made of it can no longer be used.
function Component:close() end

---A learner, from `nudge.learner`.
---@class nudge.Learner: nudge.Component

---A meta-rule, from `nudge.rule`.
---@class nudge.Rule: nudge.Component
local Rule = {}

---How the error of its estimates falls with beta, as far as the rule knows: its order, and the
---factor of the coefficient of beta^(order + 1) in the expansion of G. Nil where it knows none.
---@return integer? order
---@return number? factor
function Rule:truncation() end

---What its estimates are of: the gradient where learning has converged, that of the steps that were
---taken, or, on purpose, neither. Nil where the rule does not say.
---@return "fixed_point"|"unrolled"|"biased"|nil kind
---@return { damping?: number, window?: integer, steps?: integer }? details # where they are not the default: what is added to the curvature; through how many of the last steps; how many steps, if not the problem's
function Rule:estimand() end

return nudge
