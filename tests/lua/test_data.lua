-- SPDX-License-Identifier: MIT
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

local function idx(magic, ...)
  local text = string.pack(">I4", magic)
  for _, size in ipairs { ... } do
    text = text .. string.pack(">I4", size)
  end
  return text
end

tap.test("a CSV becomes inputs and targets", function()
  local file <close> = tap.file(".csv", 'a,"b",y\n1,2,3\n4,"5",6\n')
  local d = nudge.data.csv { path = file.path, target = "y" }
  tap.is(table.concat(d.inputs:shape(), "x"), "2x2")
  tap.is(d.inputs:get(2, 2), 5.0)
  tap.is(d.targets[2], 6.0)
  d = nudge.data.csv { path = file.path, target = 1 }
  tap.is(d.inputs:get(1, 1), 2.0)
  tap.is(d.targets[2], 4.0)
  d = nudge.data.csv { path = file.path, target = 2 }
  tap.is(d.inputs:get(2, 2), 6.0)
  tap.raises(function() nudge.data.csv { path = file.path, target = "z" } end,
    "no column 'z'", "a, b, y", "test_data.lua:%d+:")
  tap.raises(function() nudge.data.csv { path = file.path, target = 4 } end, "outside %[1, 3%]")
  tap.raises(function() nudge.data.csv { path = file.path } end, "target is missing")
  tap.raises(function() nudge.data.csv { pth = file.path, target = 1 } end,
    "no field 'pth'", "did you mean 'path'")
end)

tap.test("a CSV with a defect is refused with its place", function()
  local text <close> = tap.file(".csv", "a,b\n1,2\n3,x\n")
  tap.raises(function() nudge.data.csv { path = text.path, target = 1 } end, text.path, "3")
  local short <close> = tap.file(".csv", "a,b\n1,2\n3\n")
  tap.raises(function() nudge.data.csv { path = short.path, target = 1 } end, short.path)
  local one <close> = tap.file(".csv", "1\n2\n")
  tap.raises(function() nudge.data.csv { path = one.path, target = 1 } end, "beside the target")
  tap.raises(function() nudge.data.csv { path = "/nowhere.csv", target = 1 } end, "/nowhere.csv")
end)

tap.test("IDX: images, labels, and every way of being broken", function()
  local images <close> = tap.file("", idx(0x803, 2, 1, 2) .. "\0\1\2\255")
  local a = nudge.data.idx(images.path)
  tap.is(table.concat(a:shape(), "x"), "2x1x2")
  tap.is(a:get(2, 1, 2), 255.0)
  tap.is(#nudge.data.idx(images.path, 1), 1)
  local labels <close> = tap.file("", idx(0x801, 3) .. "\7\0\9")
  tap.is(nudge.data.idx(labels.path):kind(), "index")
  local magic <close> = tap.file("", idx(0x12345678, 1) .. "\0")
  tap.raises(function() nudge.data.idx(magic.path) end, magic.path)
  local short <close> = tap.file("", idx(0x801, 5) .. "\0\1")
  tap.raises(function() nudge.data.idx(short.path) end, short.path)
  local long <close> = tap.file("", idx(0x801, 1) .. "\0\1")
  tap.raises(function() nudge.data.idx(long.path) end, long.path)
  tap.raises(function() nudge.data.idx "/nowhere.gz" end, "/nowhere.gz")
end)

tap.test("a truncated gzip is refused", function()
  local plain <close> = tap.file("", idx(0x801, 1000) .. string.rep("\1\2\3\4\5\6\7\8", 125))
  local zipped <close> = tap.file ".gz"
  if not os.execute(string.format("gzip -c '%s' > '%s'", plain.path, zipped.path)) then
    return
  end
  tap.is(#nudge.data.idx(zipped.path), 1000)
  local bytes = tap.read(zipped.path)
  local cut <close> = tap.file(".gz", bytes:sub(1, #bytes - 10))
  tap.raises(function() nudge.data.idx(cut.path) end, cut.path)
end)

tap.test("absent data: an error with the places, or the fallback that the script names", function()
  local missing, message, code = nudge.data.find "no/such/file.csv"
  tap.is(missing, nil)
  tap.matches(message, "no/such/file.csv")
  tap.is(code, "not_found")
end)

tap.test("synthetic digits: labelled, in [0, 1], the same for the same seed", function()
  local a = nudge.data.synthetic_digits { n = 12, seed = 3 }
  local b = nudge.data.synthetic_digits { n = 20, seed = 3 }
  tap.is(table.concat(a.inputs:shape(), "x"), "12x28x28")
  tap.ok(a.inputs:equals(b.inputs:rows(1, 12):copy()))
  tap.ok(a.inputs:min() >= 0 and a.inputs:max() <= 1)
  tap.ok(a.inputs:mean() > 0.02 and a.inputs:mean() < 0.4)
  tap.is(a.origin, "synthetic digits")
  local small = nudge.data.synthetic_digits { n = 2, block = 4 }
  tap.is(table.concat(small.inputs:shape(), "x"), "2x7x7")
end)

tap.test("synthetic regression has correlated features", function()
  local d = nudge.data.correlated_regression { n = 400, features = 6 }
  local x = d.inputs - d.inputs:mean(1)
  local strongest = 0
  for i = 1, 6 do
    for j = 1, i - 1 do
      local a, b = x:columns(i), x:columns(j)
      strongest = math.max(strongest, math.abs(a:dot(b)) / (a:norm() * b:norm()))
    end
  end
  tap.ok(strongest > 0.5, "strongest correlation " .. strongest)
end)

tap.test("regression tasks split and standardise by the learning half", function()
  local data = nudge.data.correlated_regression { n = 100, features = 3 }
  local t = nudge.tasks.regression { data = data, learn = 0.4 }
  tap.is(t.n_learn, 40)
  tap.is(t.n_eval, 60)
  local learn = t.arrays[1].values
  tap.near(learn:mean(1):norm(), 0, 1e-12)
  tap.near(learn:square():mean(1):mean(), 1, 1e-12)
  tap.near(t.arrays[2].values:square():mean(), 1, 1e-12)
  local few = nudge.tasks.regression { data = data, learn = 40, eval = 10 }
  tap.ok(few.arrays[1].values:equals(learn), "the split does not depend on what is used")
  tap.is(few.n_eval, 10)
  tap.raises(function() nudge.tasks.regression { data = data, learn = 1000 } end, "learn = 1000")
  tap.raises(function() nudge.tasks.regression { data = data, learn = 100 } end, "leaves nothing")
  tap.raises(function()
    nudge.tasks.regression { data = data, standardise = "x" }
  end, "features, all")
  tap.raises(function() nudge.tasks.regression {} end, "data is missing")
  tap.raises(function() nudge.tasks.regression { data = { inputs = 3 } } end, "nudge.data")
end)

tap.test("a constant feature is named", function()
  local data = { inputs = nudge.array { { 1, 2 }, { 1, 3 }, { 1, 4 }, { 1, 9 } },
    targets = nudge.array { 1, 2, 3, 4 } }
  tap.raises(function() nudge.tasks.regression { data = data } end, "feature 1 is constant")
end)

tap.test("classification tasks want a label for each input", function()
  local data = { inputs = nudge.zeros(4, 2), labels = nudge.array({ 0, 1, 1, 0 }, "index") }
  local t = nudge.tasks.classification { data = data, learn = 2 }
  tap.is(t.arrays[2].classes, 2)
  data.labels = nudge.array({ 0, 1 }, "index")
  tap.raises(function() nudge.tasks.classification { data = data } end, "label")
end)

tap.test("some samples of data keep what else is said of them", function()
  local data = { inputs = nudge.array { { 1, 2 }, { 3, 4 }, { 5, 6 } }, classes = 2, origin = "own",
    labels = nudge.array({ 0, 1, 0 }, "index") }
  local part = nudge.data.rows(data, 2, 3)
  tap.is(part.inputs:get(1, 1), 3.0)
  tap.is(part.labels[2], 0)
  tap.is(part.origin .. part.classes, "own2")
  data.inputs:set(2, 1, 7)
  tap.is(part.inputs:get(1, 1), 7.0, "read where it is")
  local taken = nudge.data.take(data, nudge.array({ 3, 1 }, "index"))
  tap.is(taken.inputs:get(1, 2), 6.0)
  tap.is(taken.labels[1], 0)
  tap.raises(function() taken.inputs:set(1, 1, 0) end, "frozen")
  tap.raises(function() nudge.data.rows(data.inputs, 1, 2) end, "data.rows takes data")
  tap.raises(function() nudge.data.take({}, nudge.array({ 1 }, "index")) end, "take takes data")
  tap.raises(function() nudge.data.rows(data, 2, 4) end, "4")
end)

tap.test("labelled data become tasks", function()
  local function data(n, first)
    return { inputs = nudge.zeros(n, 2), labels = nudge.array(first, "index") }
  end
  local t = nudge.tasks.labelled { learn = data(2, { 0, 1 }), eval = data(1, { 0 }), classes = 3 }
  local names = {}
  for i, a in ipairs(t.arrays) do
    names[i] = a.name .. ":" .. a.role .. ":" .. tostring(a.classes)
  end
  tap.is(table.concat(names, " "), "eval.inputs:samples:nil eval.targets:samples:3 "
    .. "learn.inputs:samples:nil learn.targets:samples:3")
  tap.raises(function()
    nudge.tasks.labelled { learn = data(2, { 0, 1 }), eval = data(2, { 0 }) }
  end, "eval must have inputs, and a label")
  tap.raises(function() nudge.tasks.labelled { learn = data(1, { 0 }) } end, "eval is missing")
end)

tap.test("digits are standardised rows of single precision", function()
  local plain = nudge.data.synthetic_digits { n = 3, block = 4, seed = 2 }
  local found = nudge.data.digits { part = "test", n = 3, block = 4, seed = 2 }
  tap.is(table.concat(found.inputs:shape(), "x"), "3x49")
  tap.is(found.inputs:kind(), "single")
  tap.raises(function() found.labels:set(1, 0) end, "frozen")
  if found.origin == plain.origin then -- no MNIST here
    local value = plain.inputs:view(3, 49):get(2, 25)
    tap.near(found.inputs:get(2, 25), (value - 0.1307) / 0.3081, 1e-6)
  end
end)

tap.done()
