---@meta
-- SPDX-License-Identifier: MIT
-- The part of the API for tables and figures of a script's own; see nudge.lua.

---@class nudge
local nudge = {}

---@class nudge.Rows
---@field columns table[]
---@field rows table[]
local Rows = {}
---The columns that are not hidden, as text.
---@return string
function Rows:table() end
---@param path string
---@return nudge.Rows
function Rows:csv(path) end
---@param path string
---@return nudge.Rows
function Rows:json(path) end
---A script's own results: rows of values by column name. A column is a name, or a table.
---@param fields { columns: (string|{ name: string, title?: string, format?: string, hidden?: boolean, deviation?: string })[], rows: table[] }
---@return nudge.Rows
function nudge.rows(fields) end

---@class nudge.Series
---@field x number[]|nudge.Array
---@field y? number[]|nudge.Array
---@field low? number[]|nudge.Array lower edge of a band
---@field high? number[]|nudge.Array
---@field label? string
---@field points? boolean|"both" true: points without a line
---@field dashed? boolean
---@field dotted? boolean
---@field color? string|integer
---@field width? number

---@class nudge.Panel
---@field series? nudge.Series[]
---@field image? nudge.Array a matrix as a picture, row 1 at the top, instead of series
---@field title? string
---@field xlabel? string
---@field ylabel? string
---@field logx? boolean
---@field logy? boolean
---@field xrange? number[]
---@field yrange? number[]
---@field verticals? { x: number, label?: string, color?: string|integer, dashed?: boolean, dotted?: boolean, width?: number }[]
---@field horizontals? { y: number, label?: string, color?: string|integer, dashed?: boolean, dotted?: boolean, width?: number }[]

---@class nudge.Figure
local Figure = {}
---SVG or PNG by the ending of the path.
---@param path string
---@return nudge.Figure self
function Figure:save(path) end
---@param fields { panels: nudge.Panel[], title?: string, columns?: integer, same_axes?: boolean, legend?: "each"|"common"|"none", width?: integer, height?: integer }
---@return nudge.Figure
function nudge.figure(fields) end

return nudge
