---@meta nudge
-- SPDX-License-Identifier: MIT
-- The script and its run.
-- What a script is told about its run, the settings that it declares, and where its results go.

---What `require "nudge"` gives.
---@class nudge
---@field out string folder for results (`--out`)
---@field threads integer threads to compute with (`--threads`); results do not depend on it
---@field script string? path of the running script
---@field npy nudge.npy NumPy files
---@field data nudge.data data sets and files of data
---@field tasks nudge.tasks tasks made of data
---@field domains nudge.domains domains of tasks
---@field store nudge.store runs that are kept
---@field learned nudge.learned panels of what was learned
local nudge = {}

---Declares the settings of a script, which `--set name=value` changes, and gives their values. Each
---is a default value, or a table of the default and what is allowed. It is called once, at the top
---of a script. A setting that is given and not declared is an error.
---
---```lua
---local nudge = require "nudge"
---local set = nudge.settings {
---  steps = { 100, min = 1, doc = "meta-steps" },
---  preset = { "quick", choices = { "quick", "full" } },
---}
---assert(set.steps == 100)
---```
---@param declarations table<string, number|boolean|string|nudge.given.setting> by name
---@return table<string, number|boolean|string> values
function nudge.settings(declarations) end

---A setting with what is allowed.
---@class nudge.given.setting
---@field [1] number|boolean|string the default; a value given by `--set` is of its type
---@field choices? (number|string)[] the values that are allowed
---@field min? number the least value
---@field max? number the greatest value
---@field doc? string what it means

---A path inside the folder for results.
---@param name string
---@return string path
function nudge.result(name) end

---The largest resident set in bytes, since the process began or since it was last restarted.
---@param restart? boolean count anew from now on
---@return integer bytes # before that
---@return boolean restarted # false where the system cannot, or was not asked to
function nudge.peak_memory(restart) end

return nudge
