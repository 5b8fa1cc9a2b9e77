---@meta _
-- SPDX-License-Identifier: MIT
-- Arrays and random numbers.
-- Positions count from 1.

---@class nudge
local nudge = {}

---An array of nested lists of numbers.
---@param values table nested lists of numbers
---@param kind? "real"|"index" real numbers (default) or whole ones
---@return nudge.Array array
function nudge.array(values, kind) end

---An array of zeros.
---@param ... integer lengths of one to four axes
---@return nudge.Array array
function nudge.zeros(...) end

---Numbers at equal distances; both ends belong to it.
---@param first number
---@param last number
---@param n integer
---@return nudge.Array array
function nudge.linspace(first, last, n) end

---Numbers at equal ratios; both ends belong to it.
---@param first number
---@param last number
---@param n integer
---@return nudge.Array array
function nudge.logspace(first, last, n) end

---A stream of random numbers. The same seed gives the same numbers everywhere.
---@param seed integer
---@return nudge.Random random
function nudge.random(seed) end

---Numbers with a shape of one to four axes; real (double) or index (int32). `a[i]` is a number or a
---view of row i, `a[{ i, j }]` a number, `#a` the length of the first axis. `+ - * /` work
---elementwise with numbers and with arrays of the shapes that agree from the last axis on; axes of
---length 1 and missing ones are repeated.
---@class nudge.Array
---@operator add(nudge.Array|number): nudge.Array
---@operator sub(nudge.Array|number): nudge.Array
---@operator mul(nudge.Array|number): nudge.Array
---@operator div(nudge.Array|number): nudge.Array
---@operator unm: nudge.Array
---@operator len: integer
local Array = {}

---Lengths of the axes.
---@return integer[] shape
function Array:shape() end

---What it holds: double, int32 or float32.
---@return "real"|"index"|"single" kind
function Array:kind() end

---View of rows first..last; shares the numbers, invalid once the array is closed.
---@param first integer
---@param last? integer (default: `first`)
---@return nudge.Array view
function Array:rows(first, last) end

---One number.
---@param ... integer one index per axis
---@return number value
function Array:get(...) end

---Changes one number.
---@param ... number one index per axis, then the value
function Array:set(...) end

---Sum of all numbers, or over one axis, which falls away.
---@param axis? integer sum over this axis only
---@return number|nudge.Array sum
function Array:sum(axis) end

---Mean of all numbers, or over one axis, which falls away.
---@param axis? integer mean over this axis only
---@return number|nudge.Array mean
function Array:mean(axis) end

---Root of the sum of squares.
---@return number norm
function Array:norm() end

---Sum of products with an array of the same size.
---@param other nudge.Array
---@return number product
function Array:dot(other) end

---The greatest number, and its position in row-major order.
---@return number value
---@return integer position
function Array:max() end

---The least number, and its position in row-major order.
---@return number value
---@return integer position
function Array:min() end

---Square root of each number.
---@return nudge.Array array
function Array:sqrt() end

---Square of each number.
---@return nudge.Array array
function Array:square() end

---Absolute value of each number.
---@return nudge.Array array
function Array:abs() end

---Exponential of each number.
---@return nudge.Array array
function Array:exp() end

---Natural logarithm of each number.
---@return nudge.Array array
function Array:log() end

---Hyperbolic tangent of each number.
---@return nudge.Array array
function Array:tanh() end

---Sine of each number.
---@return nudge.Array array
function Array:sin() end

---Cosine of each number.
---@return nudge.Array array
function Array:cos() end

---Has the other one the same kind, shape and bits?
---@param other nudge.Array
---@return boolean equal
function Array:equals(other) end

---A copy of the same kind.
---@return nudge.Array copy
function Array:copy() end

---Copy in half the memory, as float32, which cannot be changed; problems of float32 whose arrays are
---all frozen or of this kind read them where they are.
---@return nudge.Array copy
function Array:single() end

---Copy as real numbers.
---@return nudge.Array copy
function Array:real() end

---As nested lists.
---@return table lists
function Array:totable() end

---Takes the numbers of another array, or a list, of the same size.
---@param from nudge.Array|number[]
---@return nudge.Array self
function Array:copy_from(from) end

---Sets all numbers to one.
---@param value number
---@return nudge.Array self
function Array:fill(value) end

---Copy in another shape of the same size.
---@param ... integer lengths of the axes
---@return nudge.Array copy
function Array:reshape(...) end

---The same numbers in another shape: a view, invalid once the array is closed.
---@param ... integer lengths of the axes
---@return nudge.Array view
function Array:view(...) end

---In place: (x - mean) / deviation.
---@param mean number
---@param deviation number
---@return nudge.Array self
function Array:standardise(mean, deviation) end

---Rows in the order of an index array.
---@param indices nudge.Array
---@return nudge.Array rows
function Array:take(indices) end

---Copy of columns first..last of a matrix.
---@param first integer
---@param last? integer (default: `first`)
---@return nudge.Array columns
function Array:columns(first, last) end

---Images (samples x height x width) made smaller by the means of k x k blocks.
---@param k integer
---@return nudge.Array images
function Array:block_means(k) end

---Nobody can change or close it, or its views, any more. Problems whose arrays are all frozen read
---them where they are instead of copying them.
---@return nudge.Array self
function Array:freeze() end

---Frees the numbers at once; views become invalid. A frozen array is freed when nothing refers to
---it.
function Array:close() end

---A named stream of random numbers.
---@class nudge.Random
local Random = {}

---An independent stream for a purpose; the parent does not advance.
---@param label string
---@param number? integer one of many for that purpose (default: 0)
---@return nudge.Random child
function Random:stream(label, number) end

---Uniform numbers in [0, 1).
---@param n integer
---@return nudge.Array numbers
function Random:uniform(n) end

---Standard normal numbers.
---@param n integer
---@return nudge.Array numbers
function Random:normal(n) end

---1..n in random order, as an index array.
---@param n integer
---@return nudge.Array indices
function Random:permutation(n) end

---One whole number from 1 to the bound.
---@param bound integer
---@return integer number
function Random:integer(bound) end

---Frees it at once.
function Random:close() end

---NumPy files.
---@class nudge.npy
local npy = {}

---Reads a NumPy file.
---@param path string
---@return nudge.Array array
function npy.read(path) end

---Writes a NumPy file, whole or not at all.
---@param path string
---@param array nudge.Array
function npy.write(path, array) end

return nudge
