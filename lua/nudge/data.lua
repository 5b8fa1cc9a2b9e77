-- SPDX-License-Identifier: MIT
-- Data: files of the usual formats, and generators for machines where the files are absent. Every
-- result says in `origin` what it is.
local core = require "nudge.core"
local check = require "nudge.check"
local digits = require "nudge.digits"

local data = {}

data.idx = core.read_idx
data.find = core.find_data

-- Where a file is absent and the script named a fallback, that is called and says so; without one
-- it is an error that lists the places.
local function absent(message, fallback, arguments)
  if not fallback then
    core.raise("not_found", message)
  end
  local out = fallback(arguments)
  io.stderr:write(string.format("note: %s; using %s\n", message, out.origin))
  return out
end

-- Columns of a CSV file: target by name or number, all others are inputs.
function data.csv(given)
  local owner = "nudge.data.csv"
  local t = check.fields(owner, given, {
    path = "!string", target = "!string|integer", header = "boolean", origin = "string",
  })
  local csv = core.read_csv(t.path, t.header)
  local width = csv.values:shape()[2]
  local target = t.target
  if type(target) == "string" then
    target = nil
    for i, name in ipairs(csv.names or {}) do
      target = name == t.target and i or target
    end
    if not target then
      check.fail("%s: %s has no column '%s'; %s", owner, t.path, t.target,
        csv.names and check.suggestion(t.target, csv.names) or "it has no header")
    end
  end
  check.range(owner, "target", target, 1, width)
  if width < 2 then
    check.fail("%s: %s has no column beside the target", owner, t.path)
  end
  local inputs = core.zeros(#csv.values, width - 1)
  for i = 1, #csv.values do
    local row, out = csv.values[i], inputs[i]
    if target > 1 then
      out:rows(1, target - 1):copy_from(row:rows(1, target - 1))
    end
    if target < width then
      out:rows(target, width - 1):copy_from(row:rows(target + 1, width))
    end
  end
  return {
    inputs = inputs,
    targets = csv.values:columns(target):reshape(#csv.values),
    names = csv.names,
    origin = t.origin or t.path:match "[^/]+$",
  }
end

-- Boston housing: 506 rows, 13 features, target medv.
function data.housing(given)
  local t = check.fields("nudge.data.housing", given or {}, { fallback = "function" })
  local path, message = core.find_data "housing/boston.csv"
  if not path then
    return absent(message, t.fallback, {})
  end
  return data.csv { path = path, target = "medv", header = true, origin = "housing (real)" }
end

-- Handwritten digits in [0, 1]: the first n of the training (or test) set, made smaller by the
-- means of block x block pixels.
function data.mnist(given)
  local owner = "nudge.data.mnist"
  local t = check.fields(owner, given or {}, {
    n = "integer", part = "string", block = "integer", fallback = "function",
  })
  local part = check.choice(owner, "part", t.part or "train", { "train", "test" })
  part = part == "test" and "t10k" or part
  local n = t.n and check.range(owner, "n", t.n, 1, 60000) or 0
  local images_path, message = core.find_data("mnist/" .. part .. "-images-idx3-ubyte.gz")
  local labels_path, labels_message = core.find_data("mnist/" .. part .. "-labels-idx1-ubyte.gz")
  if not images_path or not labels_path then
    return absent(message or labels_message, t.fallback, { n = t.n, block = t.block })
  end
  local images, labels = core.read_idx(images_path, n), core.read_idx(labels_path, n)
  if #images:shape() ~= 3 or labels:kind() ~= "index" then
    check.fail("%s: %s and %s are not images and labels", owner, images_path, labels_path)
  end
  if #images ~= #labels or #images < n then
    check.fail("%s: %d images and %d labels where %s are wanted", owner, #images, #labels,
      n > 0 and tostring(n) or "equally many")
  end
  if t.block and t.block > 1 then
    local whole <close> = images
    images = whole:block_means(t.block)
  end
  return { inputs = images:standardise(0, 255), labels = labels, classes = 10,
    origin = "MNIST (real)" }
end

data.synthetic_digits = digits.generate

-- Samples chosen from data by a function of its arrays; what else is said of them stays.
local function chosen(given, choose)
  local out = {}
  for name, value in pairs(given) do
    local samples = name == "inputs" or name == "labels" or name == "targets"
    out[name] = samples and choose(value) or value
  end
  return out
end

local function check_data(owner, given)
  if type(given) ~= "table" or check.type_of(given.inputs) ~= "nudge.array" then
    check.fail("%s takes data: a table with inputs, and labels or targets", owner)
  end
end

-- The samples from first to last, read where they are.
function data.rows(samples, first, last)
  check_data("nudge.data.rows", samples)
  return chosen(samples, function(a)
    return a:rows(first, last)
  end)
end

-- The samples of an array of indices, frozen: problems read them where they are.
function data.take(samples, indices)
  check_data("nudge.data.take", samples)
  return chosen(samples, function(a)
    return a:take(indices):freeze()
  end)
end

-- Digits as rows of float32, frozen, standardised by mean and deviation of all of MNIST's; drawn
-- ones where MNIST is absent.
function data.digits(given)
  local t = check.fields("nudge.data.digits", given or {},
    { part = "string", n = "integer", block = "integer", seed = "integer" })
  local found = data.mnist { part = t.part, n = t.n, block = t.block, fallback = function()
    return data.synthetic_digits { n = t.n, block = t.block, seed = t.seed }
  end }
  local images <close> = found.inputs
  local shape = images:shape()
  found.inputs = images:standardise(0.1307, 0.3081):view(shape[1], shape[2] * shape[3]):single()
  found.labels:freeze()
  return found
end

-- Regression with correlated features: inputs share a few hidden causes, targets are linear in
-- them with noise.
function data.correlated_regression(given)
  local owner = "nudge.data.correlated_regression"
  local t = check.fields(owner, given or {}, {
    n = "integer", features = "integer", causes = "integer", noise = "number", seed = "integer",
  })
  local n = check.range(owner, "n", t.n or 506, 2, 10000000)
  local p = check.range(owner, "features", t.features or 13, 1, 10000)
  local causes = check.range(owner, "causes", t.causes or 4, 1, 1000)
  local random = core.random(t.seed or 0):stream("correlated_regression")
  local hidden = random:stream("hidden"):normal(n * causes):reshape(n, causes)
  local inputs = random:stream("own"):normal(n * p):reshape(n, p) * 0.5
  local mixing = random:stream("mixing"):normal(p * causes):reshape(p, causes)
  local weights = random:stream("weights"):normal(p)
  local noise = random:stream("noise"):normal(n)
  local targets = core.zeros(n)
  for i = 1, n do
    local row = inputs[i]
    row:copy_from(row + (mixing * hidden[i]):sum(2))
    targets:set(i, row:dot(weights) + (t.noise or 1) * noise[i])
  end
  return { inputs = inputs, targets = targets, origin = "correlated regression (synthetic)" }
end

return data
