---@meta
-- SPDX-License-Identifier: MIT
-- The part of the API for runs that are kept; see nudge.lua.

---@class nudge
local nudge = {}

---Numbers of one step of a series, in the run that is kept. Metrics of an earlier call for that step
---stay or are replaced; true and false count as 1 and 0.
---@param series string
---@param step integer
---@param values table<string, number|boolean>
function nudge.log(series, step, values) end
---Rows that this run has kept of a series so far; nil where nothing is kept (`--no-store`).
---@param series string
---@return table[]?
function nudge.kept(series) end

---What `f` gives, computed once: a run that is stopped and goes on gets it as it was. Numbers, texts,
---booleans, arrays and tables of them can be kept.
---@generic T
---@param name string
---@param f fun(): T
---@return T
function nudge.keep(name, f) end

---@class nudge.StoredRun
---@field id integer
---@field name string of the script, without its ending
---@field status "running"|"done"|"failed"|"interrupted"|"killed"
---@field script string
---@field script_sha256 string
---@field started number seconds since 1970
---@field updated number
---@field finished number?
---@field message string? the error that ended it
---@field set string what `--set` gave: "seeds=5 preset=quick"
---@field host string
---@field pid integer

---@class nudge.StoredSeries
---@field name string
---@field steps integer
---@field last_step integer
---@field metrics { name: string, volatile: boolean }[]

---@class nudge.StoredRunInFull: nudge.StoredRun
---@field settings table<string, any>
---@field manifest table
---@field series nudge.StoredSeries[]
---@field artefacts { name: string, path: string, kind: string, bytes: integer, sha256: string, written: number }[]
---@field tables table<string, table[]>

---The runs that a folder keeps, for reading.
---@class nudge.Store
local Store = {}
---The newest first.
---@param filter? { status?: string, script?: string, name?: string, limit?: integer }
---@return nudge.StoredRun[]
function Store:runs(filter) end
---@param id integer|"last"
---@return nudge.StoredRunInFull
function Store:run(id) end
---Rows in order of step.
---@param id integer|"last"
---@param series string
---@param options? { after_step?: integer }
---@return { step: integer, [string]: number }[]
function Store:rows(id, series, options) end
---What became of each metric of a series.
---@param id integer|"last"
---@param series string
---@return { name: string, volatile: boolean, n: integer, first: number, first_step: integer, last: number, last_step: integer, lowest: number, lowest_step: integer, highest: number, highest_step: integer }[]
function Store:summary(id, series) end
function Store:close() end

---@class nudge.store
local store = {}
---@param folder? string default: that of `--out`
---@return nudge.Store
function store.open(folder) end

return nudge
