---@meta _
-- SPDX-License-Identifier: MIT
-- Tables and figures.
-- A script's own results, as text, CSV, JSON, SVG and PNG.

---@class nudge
local nudge = {}

---A table of a script's own results: rows of values by column name.
---@param given nudge.given.rows
---@return nudge.Rows rows
function nudge.rows(given) end

---@class nudge.given.rows
---@field columns (string|nudge.given.column)[] a column is its name, or a table
---@field rows table[] values by the names of columns; a name that no column has is an error

---A column of a table.
---@class nudge.given.column
---@field name string of the values in each row
---@field title? string heading for people (default: its name)
---@field format? string of numbers for people, as `%.3g`
---@field hidden? boolean only in files
---@field deviation? string the column that stands behind a +- in the text

---Rows of values under columns.
---@class nudge.Rows
---@field columns table[] as given
---@field rows table[] as given
local Rows = {}

---The columns that are not hidden, as text.
---@return string text
function Rows:table() end

---Writes every column as CSV.
---@param path string
---@return nudge.Rows self
function Rows:csv(path) end

---Writes every column as JSON.
---@param path string
---@return nudge.Rows self
function Rows:json(path) end

---A figure of panels. gnuplot draws it.
---@param given nudge.given.figure
---@return nudge.Figure figure
function nudge.figure(given) end

---@class nudge.given.figure
---@field panels nudge.Panel[] in the order of reading
---@field title? string above all of them
---@field columns? integer panels in a row (default: 3 at most)
---@field same_axes? boolean all panels have one range, with numbers only at the margin (default: false)
---@field legend? "each"|"common"|"none" below every panel (default), one for all, or none
---@field width? integer of a panel's plot in pixels (default: by the columns)
---@field height? integer of a panel's plot in pixels (default: by the columns)

---A panel of a figure: curves over axes, or a matrix as a picture.
---@class nudge.Panel
---@field series? nudge.Series[] its curves
---@field image? nudge.Array a matrix as a picture, row 1 at the top, instead of series
---@field title? string above it
---@field xlabel? string below the axis
---@field ylabel? string beside the axis
---@field logx? boolean a logarithmic axis, with 0 left of a cut
---@field logy? boolean a logarithmic axis
---@field xrange? number[] lowest and highest
---@field yrange? number[] lowest and highest
---@field verticals? nudge.Line[] lines at an `x`
---@field horizontals? nudge.Line[] lines at a `y`

---A curve of a panel, with `y`, or `low` and `high` of a band, or all three.
---@class nudge.Series
---@field x number[]|nudge.Array positions
---@field y? number[]|nudge.Array values at these positions
---@field low? number[]|nudge.Array lower edge of a band
---@field high? number[]|nudge.Array upper edge of a band
---@field label? string in the legend; curves of one label look the same in all panels
---@field points? boolean|"both" true: points without a line; "both"; few points are marked anyway
---@field dashed? boolean instead of a plain line
---@field dotted? boolean instead of a plain line
---@field color? string|integer `#rrggbb`, a number or a name: blue, vermilion, green, pink, amber, black, sky, red, brown, grey, blue1 to blue4 (default: in turn)
---@field width? number of the line

---A line across a panel.
---@class nudge.Line
---@field x? number where a vertical one stands
---@field y? number where a horizontal one lies
---@field label? string in the legend
---@field color? string|integer as of a series (default: grey)
---@field dashed? boolean (default: unless it is dotted)
---@field dotted? boolean instead of dashes
---@field width? number of the line

---A figure.
---@class nudge.Figure
local Figure = {}

---Draws it as SVG or PNG, by the ending of the path; the file appears whole or not at all.
---@param path string
---@return nudge.Figure self
function Figure:save(path) end

---A histogram over powers of ten, as a curve for a logarithmic axis: middles of bins and shares of
---all numbers. The first bin, at 0, has what is not above 0; the next and the last have also what
---lies below `from` and above `to`.
---@param given nudge.given.decades
---@return number[] x
---@return number[] y
function nudge.decades(given) end

---@class nudge.given.decades
---@field values number[]|nudge.Array what is counted
---@field from number lower edge of the first bin above 0
---@field to number upper edge of the last bin
---@field per_decade? integer bins (default: 4)

---Panels of what a meta-training has learned.
---@class nudge.learned
local learned = {}

---How the numbers of each group of theta spread over powers of ten, as by `nudge.decades`.
---@param given nudge.given.learned_histogram
---@return nudge.Panel panel
function learned.histogram(given) end

---@class nudge.given.learned_histogram
---@field of nudge.Training what `nudge.meta_train` gave
---@field from number lower edge of the first bin above 0
---@field to number upper edge of the last bin
---@field per_decade? integer bins (default: 4)
---@field pattern? string Lua pattern of the groups' names (default: all)
---@field label? string stands in the stead of what the pattern matches (default: it stays)
---@field start? number where a line says "at the start"
---@field title? string above it
---@field xlabel? string below the axis

---Means over the synapses of each input, for inputs that are a picture.
---@param given nudge.given.learned_map
---@return nudge.Panel panel
function learned.map(given) end

---@class nudge.given.learned_map
---@field of nudge.Training what `nudge.meta_train` gave
---@field group string synapses of a first layer
---@field inputs integer how many the layer has
---@field rows? integer of the picture (default: a square)
---@field title? string above it

return nudge
