---@meta _
-- SPDX-License-Identifier: MIT
-- Runs that are kept.
-- What a script computes stands in `nudge.db` in the folder of `--out`, with what it was made with.

---@class nudge
local nudge = {}

---Keeps numbers of one step of a series. Metrics of an earlier call for that step stay or are
---replaced; true and false count as 1 and 0.
---@param series string
---@param step integer
---@param values table<string, number|boolean>
function nudge.log(series, step, values) end

---Rows that this run has kept of a series so far; nil where nothing is kept (`--no-store`).
---@param series string
---@return nudge.StoredRow[]? rows
function nudge.kept(series) end

---What a function gives, computed once: a run that is stopped and goes on gets it as it was.
---Numbers, texts, booleans, arrays and tables of them can be kept.
---@generic T
---@param name string
---@param f fun(): T
---@return T value
function nudge.keep(name, f) end

---A run whose rows a script shows instead of learning anew, if it is asked to: its settings take
---the place of the script's.
---@param from integer|string number of a run, "last", or "" for the run that goes on
---@param settings table what `nudge.settings` gave; changed
---@return nudge.Earlier earlier
function nudge.earlier(from, settings) end

---Where rows come from: an earlier run of the folder, or the run that goes on.
---@class nudge.Earlier
---@field id integer? number of the earlier run
local Earlier = {}

---Rows of a series in order of their step.
---@param series string
---@param made? table[] given where nothing is kept (`--no-store`)
---@return nudge.StoredRow[] rows
function Earlier:rows(series, made) end

---The last of the rows; that there are none is an error.
---@param series string
---@param made? table[] as of `rows`
---@return nudge.StoredRow row
function Earlier:last(series, made) end

---Runs that are kept.
---@class nudge.store
local store = {}

---The runs that a folder keeps, for reading. `local s <close> = nudge.store.open()` closes it.
---@param folder? string (default: that of `--out`)
---@return nudge.Store store
function store.open(folder) end

---The runs that a folder keeps, for reading.
---@class nudge.Store
local Store = {}

---A list of runs, the newest first.
---@param filter? nudge.given.runs
---@return nudge.StoredRun[] runs
function Store:runs(filter) end

---@class nudge.given.runs
---@field status? "running"|"done"|"failed"|"interrupted"|"killed" only these
---@field script? string its path, or the end of it
---@field name? string only those of this name
---@field limit? integer the newest so many (default: all)

---A run with its settings, series, tables and files.
---@param id integer|"last"
---@return nudge.StoredRunInFull run
function Store:run(id) end

---Rows of a series in order of their step. Numbers come back to the bit.
---@param id integer|"last"
---@param series string
---@param options? nudge.given.stored_rows
---@return nudge.StoredRow[] rows
function Store:rows(id, series, options) end

---@class nudge.given.stored_rows
---@field after_step? integer only later ones

---A row of a series: metrics by name.
---@class nudge.StoredRow
---@field step integer its number
---@field [string] number metrics by name

---What became of each metric of a series: first, last, lowest and highest value with their steps.
---@param id integer|"last"
---@param series string
---@return nudge.StoredMetric[] metrics
function Store:summary(id, series) end

---Closes it.
function Store:close() end

---A run.
---@class nudge.StoredRun
---@field id integer its number
---@field name string of the script, without its ending
---@field status "running"|"done"|"failed"|"interrupted"|"killed" killed: its process is gone
---@field script string its path
---@field script_sha256 string of its text
---@field started number seconds since 1970
---@field updated number when it last wrote
---@field finished number? when it ended
---@field message string? the error that ended it
---@field set string what `--set` gave: "seeds=5 preset=quick"
---@field host string where it ran
---@field pid integer of its process

---A run with what it has kept.
---@class nudge.StoredRunInFull: nudge.StoredRun
---@field settings table<string, any> of the script
---@field manifest table all that is known about how it was made
---@field series nudge.StoredSeries[] what it has kept step by step
---@field artefacts nudge.StoredFile[] files that it has written
---@field tables table<string, table[]> rows by the name of the table

---A series of a run.
---@class nudge.StoredSeries
---@field name string such as `sinusoid/train`
---@field steps integer how many rows it has
---@field last_step integer number of its last step
---@field metrics { name: string, volatile: boolean }[] volatile: differs between equal runs

---A file that a run has written.
---@class nudge.StoredFile
---@field name string without its folder
---@field path string in the folder of the store, or from the root
---@field kind "csv"|"json"|"figure"|"array"|string what it holds
---@field bytes integer its size
---@field sha256 string of its contents
---@field written number seconds since 1970

---What became of a metric.
---@class nudge.StoredMetric
---@field name string of the metric
---@field volatile boolean it differs between equal runs
---@field n integer how many values it has
---@field first number its first value
---@field first_step integer step of that
---@field last number its last value
---@field last_step integer step of that
---@field lowest number least value
---@field lowest_step integer step of that
---@field highest number greatest value
---@field highest_step integer step of that

return nudge
