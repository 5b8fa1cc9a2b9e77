-- SPDX-License-Identifier: MIT
-- nudge.comparison: every method with every seed, folded over seeds; nudge.spread and nudge.fits.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

-- Errors 1, 2, 4 of "good" and twice these of "bad"; "none" has neither curve nor cost.
local function example(fields)
  local given = {
    methods = { { label = "good", scale = 1, color = "blue" }, { label = "bad", scale = 2 },
      { label = "none", scale = 10 } },
    seeds = { 0, 1, 2 },
    run = function(method, seed)
      local error = method.scale * 2 ^ seed
      local cost, curve
      if method.label ~= "none" then
        cost, curve = 7, { error, error / 2 }
      end
      return { error = error, cost = cost, curve = curve, steps = { 0, 10 },
        rows = { { part = "a", value = seed }, { part = "b", value = error } } }
    end,
  }
  for name, value in pairs(fields or {}) do
    given[name] = value
  end
  return nudge.comparison(given)
end

tap.test("a spread has the moments of its values", function()
  local s = nudge.spread { 1, 2, 4, 9 }
  tap.is(s.n, 4)
  tap.is(s.sum, 16)
  tap.is(s.mean, 4)
  tap.near(s.deviation, math.sqrt((9 + 4 + 0 + 25) / 3), 1e-15)
  tap.is(s.least, 1)
  tap.is(s.greatest, 9)
  tap.is(nudge.spread({ 5 }).deviation, nil, "deviation of one value")
end)

tap.test("what is no number spreads", function()
  local nan = 0 / 0
  for _, values in ipairs { { nan, 1, 2 }, { 1, nan, 2 }, { 1, 2, nan }, { nan } } do
    local s = nudge.spread(values)
    for _, name in ipairs { "mean", "least", "greatest", "sum" } do
      tap.ok(s[name] ~= s[name], name)
    end
  end
  tap.is(nudge.spread({ 1, math.huge }).greatest, math.huge)
  tap.raises(function() nudge.spread {} end, "the list is empty")
  tap.raises(function() nudge.spread { 1, "2" } end, "entry 2 of values must be a number")
end)

tap.test("every method runs with every seed, in order", function()
  local order = {}
  local c = nudge.comparison { methods = { { label = "x" }, { label = "y" } }, seeds = 2,
    run = function(method, seed)
      order[#order + 1] = method.label .. seed
      return {}
    end }
  tap.is(table.concat(order, " "), "x1 x2 y1 y2")
  tap.matches(tostring(c), "2 methods, 2 seeds")
  tap.is(#c.methods[2].runs, 2)
end)

tap.test("seeds can begin anywhere", function()
  local c = example { seeds = 2, first_seed = 7 }
  tap.is(table.concat(c.seeds, " "), "7 8")
  tap.raises(function() example { first_seed = 7 } end, "first_seed goes with a number of seeds")
end)

tap.test("wins are counted seed by seed", function()
  local c = example { run = function(method, seed)
    return { error = method.label == "good" and 2 or seed, note = "x" }
  end }
  local n, of = c:wins("good", "bad", "error")
  tap.is(n, 0)
  tap.is(of, 3)
  tap.is(c:wins("bad", "good", "error"), 2, "an equal value is no win")
  tap.is(c:wins("good", "bad", function(run, method) return run.error * method.scale end), 1)
  tap.raises(function() c:wins("good", "worse", "error") end, "no method 'worse'")
  tap.raises(function() c:wins("good", "bad", "cost") end, "have no cost")
end)

tap.test("a column can have its deviation behind it", function()
  local function columns(column)
    return nudge.summary { comparisons = { example() }, columns = {
      { name = "method", of = "label" }, column } }
  end
  local text = columns({ name = "error", format = "%.2f", deviation = true }):table()
  tap.matches(text, "good +2%.33 ± 1%.53\n")
  tap.raises(function() columns { name = "error", deviation = true, over = "bad" } end,
    "column 2: deviation = true is that of a mean")
  tap.raises(function() columns { name = "error", deviation = true, fold = "sum" } end,
    "is that of a mean")
end)

tap.test("entries are chosen by name", function()
  local list = { { id = "a" }, { id = "b" }, { id = "c" } }
  local function ids(names)
    local out = {}
    for i, entry in ipairs(nudge.chosen(list, names)) do
      out[i] = entry.id
    end
    return table.concat(out, " ")
  end
  tap.is(ids "all", "a b c")
  tap.is(ids "c, a", "a c")
  tap.is(ids "b,b", "b")
  tap.is(ids "a, all", "a b c")
  tap.raises(function() ids "a, d" end, "there is no 'd'; there are: all, a, b, c")
  tap.raises(function() ids " , " end, "chooses nothing")
  tap.raises(function() nudge.chosen({ { name = "a" } }, "all") end, "entry 1 has no id")
end)

tap.test("a summary folds over seeds, and divides by another method", function()
  local text = nudge.summary { comparisons = { example() }, columns = {
    { name = "method", of = "label" }, { name = "error", format = "%.2f", deviation = "spread" },
    { name = "spread", of = "error", fold = "deviation", hidden = true },
    { name = "least", of = "error", fold = "least" },
    { name = "greatest", of = "error", fold = "greatest" },
    { name = "total", of = "error", fold = "sum", format = "%.0f" },
    { name = "one", of = "error", fold = "first" },
    { name = "ratio", of = "error", over = "bad", format = "%.2f" },
    { name = "square", of = function(run, method) return (run.error * method.scale) ^ 2 end,
      fold = "first", format = "%.0f" },
    { name = "cost" },
  } }:table()
  tap.is(text, [[
  method          error  least  greatest  total  one  ratio  square  cost
  good      2.33 ± 1.53      1         4      7    1   0.50       1     7
  bad       4.67 ± 3.06      2         8     14    2   1.00      16     7
  none    23.33 ± 15.28     10        40     70   10   5.00   10000     -
]])
end)

tap.test("curves are bands over seeds, of the methods that have them", function()
  local bands = example():bands { x = "steps", y = "curve" }
  tap.is(#bands, 2)
  tap.is(bands[1].label, "good")
  tap.is(bands[1].color, "blue")
  for _, at in ipairs { { 1, 0, 7 / 3, 1, 4 }, { 2, 10, 7 / 6, 0.5, 2 } } do
    local i = at[1]
    tap.is(bands[1].x[i], at[2])
    tap.near(bands[1].y[i], at[3], 1e-15)
    tap.is(bands[1].low[i], at[4])
    tap.is(bands[1].high[i], at[5])
  end
  local own = example():bands { x = nudge.array { 3, 4 }, points = false,
    y = function(run) return nudge.array { run.error, 0 } end }
  tap.is(#own, 3)
  tap.is(own[3].x[2], 4)
  tap.is(own[3].high[1], 40)
end)

tap.test("rows of all runs become one list", function()
  local rows = example():collect "rows"
  tap.is(#rows, 18)
  tap.is(rows[8].method, "bad")
  tap.is(rows[8].seed, 0)
  tap.is(rows[8].value, 2.0)
  tap.is(example():spread("bad", "error").greatest, 8.0)
end)

tap.test("what is not right is named", function()
  local function refused(fields, ...)
    tap.raises(function() example(fields) end, "nudge.comparison", ...)
  end
  refused({ methods = {} }, "no methods")
  refused({ methods = { { label = "a" }, { label = "a" } } }, "two methods are 'a'")
  refused({ methods = { {} } }, "label of method 1 must be a string, got nil")
  refused({ methods = { { label = "a\nb" } } }, "label of method 1 must be one line")
  refused({ methods = { { label = "a", runs = {} } } }, "a field runs")
  refused({ seeds = 0 }, "seeds = 0")
  refused({ seeds = {} }, "number of seeds = 0")
  refused({ run = function() end }, "run gave nothing for 'good', seed 0")
  local c = example()
  tap.raises(function() c:spread("goof", "error") end, "no method 'goof'", "good")
  tap.raises(function() c:spread("none", "cost") end, "'none' have no cost")
  tap.raises(function() c:bands { x = { 1 }, y = "curve" } end, "run 1 of 'good' has 2 points")
  local function summary(column)
    return function() nudge.summary { comparisons = { c }, columns = { column } } end
  end
  tap.raises(summary { name = "error", fold = "median" }, "column 1: fold = 'median'", "mean")
  tap.raises(summary { name = "error", over = "best" }, "no method 'best'")
  tap.raises(summary { name = "error", deviation = "spread" }, "no column")
  tap.raises(function() nudge.summary { comparisons = { {} }, columns = { "a" } } end,
    "entry 1 of comparisons")
  local uneven = nudge.comparison { methods = { { label = "x" } }, seeds = 2,
    run = function(_, seed) return { odd = seed == 1 and 1 or nil } end }
  tap.raises(function() nudge.summary { comparisons = { uneven }, columns = { "odd" } } end,
    "1 of 2 runs of 'x' have no odd")
end)

local function fits(fields)
  local given = {
    learner = nudge.learner("modulated_net", { layers = { 1, 3, 1 }, meta = "initial" }),
    domain = nudge.domains.sinusoid { seed = 2, shots = 4 }, grid = nudge.linspace(-1, 1, 5),
    inner = { lr = 0.01, steps = 3 }, steps = { 0, 3 }, seed = 1,
  }
  for name, value in pairs(fields or {}) do
    given[name] = value
  end
  return nudge.fits(given)
end

tap.test("fits show the truth, what was answered and the samples", function()
  local domain = nudge.domains.sinusoid { seed = 2, shots = 4 }
  local p <close> = nudge.problem { seed = 1, inner = { lr = 0.01, steps = 3 },
    learner = nudge.learner("modulated_net", { layers = { 1, 3, 1 }, meta = "initial" }),
    tasks = domain:tasks("test", 1, 2, { eval_grid = nudge.linspace(-1, 1, 5) }) }
  local answer = p:predict(p:adapt({ steps = { 3 } }).phi[1])
  local samples = domain:tasks("test", 1, 2).arrays
  local panels = fits { tasks = 2 }
  tap.is(#panels, 2)
  for i, panel in ipairs(panels) do
    tap.is(#panel.series, 4)
    tap.ok(panel.series[1].y:equals(domain:truth("test", i, nudge.linspace(-1, 1, 5))), "truth")
    tap.ok(panel.series[3].y:equals(answer[i]:reshape(5)), "answer")
    tap.ok(panel.series[4].x:equals(samples[1].values[i]:reshape(4)), "samples")
  end
  local one = fits()
  for k = 1, 4 do
    local a, b = one[1].series[k].y, panels[1].series[k].y
    tap.ok(a:reshape(#a):equals(b:reshape(#b)), "series " .. k .. " of one task")
  end
  nudge.figure { panels = one } -- it takes what it gets
end)

tap.test("tasks that cannot be drawn are refused", function()
  tap.raises(function() fits { domain = nudge.domains.linear { features = 2 } } end, "inputs")
  tap.raises(function() fits { steps = {} } end, "number of steps = 0")
  tap.raises(function() fits { tasks = 0 } end, "tasks = 0")
  tap.raises(function() fits { domain = "sinusoid" } end, "domain must be one")
end)

tap.done()
