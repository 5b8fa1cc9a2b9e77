-- SPDX-License-Identifier: MIT
-- nudge.define_learner: the same numbers as a plugin, every operation, and what is refused.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"
require "twins"

local waves = nudge.domains.sinusoid { seed = 3 }

local function open(id, fields)
  local p = { learner = nudge.learner(id, { layers = { 1, 6, 5, 1 }, lambda = 0.1 }),
    tasks = waves:tasks("train", 1, 3), inner = { lr = 0.02, steps = 20 }, seed = 5 }
  for name, value in pairs(fields or {}) do
    p[name] = value
  end
  return nudge.problem(p)
end

tap.test("it computes the bits of the plugin with the same graph", function()
  local rules = {
    nudge.rule("contrastive", { variant = "symmetric", beta = 0.1 }),
    nudge.rule("implicit", { solver = "dense" }), nudge.rule "unrolled",
  }
  for _, fields in ipairs {
    { dtype = "float32", inner = { optimizer = "adam", lr = 0.02, steps = 20 } },
    { dtype = "float64", inner = { optimizer = "nesterov", lr = 0.02, steps = 20 } },
    { dtype = "float64", inner = { lr = 0.02, steps = 9, batch_size = 4, eval_batch_size = 3 } },
    { dtype = "long_double" },
  } do
    local a <close> = open("modulated_net", fields)
    local b <close> = open("twin.modulated", fields)
    tap.ok(a:theta():equals(b:theta()), "theta")
    tap.ok(a:start(2):equals(b:start(2)), "start")
    tap.ok(a:learn().phi:equals(b:learn().phi), "phi")
    for _, rule in ipairs(rules) do
      local x, y = a:estimate(rule, { soft = true }), b:estimate(rule, { soft = true })
      tap.ok(x:equals(y), rule:id())
    end
  end
end)

tap.test("groups are what parameters says", function()
  local p <close> = open "twin.modulated"
  local groups = p:groups()
  tap.is(#groups.phi, 6)
  tap.is(groups.phi[3].name, "gain2")
  tap.is(groups.theta[5].name, "initial.readout.w")
  tap.is(groups.theta[5].held, true)
  tap.is(table.concat(groups.theta[3].shape, "x"), "6x5")
  tap.ok(p:provides "nudge.learner.complex/1")
end)

tap.test("listed and described like a plugin's", function()
  local found = false
  for _, id in ipairs(nudge.learners()) do
    found = found or id == "twin.modulated"
  end
  tap.ok(found)
  local o = nudge.options "twin.modulated"
  tap.is(o.lambda.default, 0.0)
  tap.is(o.layers.required, true)
  tap.raises(function()
    nudge.learner("twin.modulated", { layers = { 1, 2, 1 }, lamda = 1 })
  end, "test_define_learner.lua:%d+: ", "did you mean 'lambda'")
  tap.raises(function()
    nudge.learner("twin.modulated", { layers = { 1, 0, 1 } })
  end, "layers", "0")
  tap.raises(function()
    nudge.learner "twin.modulated"
  end, "layers", "required")
end)

-- ---- operations ----

-- The value of eval_loss = f(g, x, ...), where x is a 2 x 3 array of the task and k two labels.
local X = { { 0.5, -1.5, 2 }, { 1.25, 0.75, -0.25 } }
local current
nudge.define_learner {
  id = "test.operation", title = "One operation",
  parameters = function()
    return { phi = { { "w" } }, theta = { { "t" } } }
  end,
  loss = function(g, p, task)
    return (p.w - p.t) ^ 2, g.sum(current(g, task.x, task.k, p.w)) + 0 * p.w
  end,
}

local function value(f)
  current = f
  local p <close> = nudge.problem {
    learner = nudge.learner "test.operation",
    tasks = nudge.tasks.arrays { x = nudge.array(X), k = nudge.array({ 2, 0 }, "index") },
    inner = { lr = 0.1, steps = 1 },
  }
  return p:losses(nudge.array { 0.5 }).eval_loss[1]
end

local function each(f)
  local total = 0
  for _, row in ipairs(X) do
    for _, x in ipairs(row) do
      total = total + f(x)
    end
  end
  return total
end

local exp, log, abs = math.exp, math.log, math.abs
local cases = {
  constant = { function(g) return g.constant(2, 3, 2) end, 12 },
  neg = { function(_, x) return -x end, each(function(x) return -x end) },
  square = { function(g, x) return g.square(x) end, each(function(x) return x * x end) },
  sqrt = { function(_, x) return (x ^ 2):sqrt() end, each(abs) },
  reciprocal = { function(g, x) return g.reciprocal(x) end, each(function(x) return 1 / x end) },
  exp = { function(_, x) return x:exp() end, each(exp) },
  log = { function(_, x) return (x * x):log() end, each(function(x) return log(x * x) end) },
  tanh = { function(_, x) return x:tanh() end,
    each(function(x) return (exp(2 * x) - 1) / (exp(2 * x) + 1) end) },
  sigmoid = { function(_, x) return x:sigmoid() end,
    each(function(x) return 1 / (1 + exp(-x)) end) },
  softplus = { function(_, x) return x:softplus() end,
    each(function(x) return log(1 + exp(x)) end) },
  sin = { function(_, x) return x:sin() end, each(math.sin) },
  cos = { function(_, x) return x:cos() end, each(math.cos) },
  power = { function(_, x) return x ^ 3 end, each(function(x) return x ^ 3 end) },
  step = { function(_, x) return x:step() end, 4 },
  relu = { function(_, x) return x:relu() end, 4.5 },
  abs = { function(_, x) return x:abs() end, each(abs) },
  sign = { function(_, x) return x:sign() end, 2 },
  stop_gradient = { function(_, x) return x:stop_gradient() end, 2.75 },
  add = { function(_, x) return 1 + x end, 8.75 },
  sub = { function(_, x) return 1 - x end, 3.25 },
  mul = { function(_, x) return x * 2 end, 5.5 },
  div = { function(_, x) return x / 4 end, 2.75 / 4 },
  max = { function(g, x) return g.max(x, 1) end, 7.25 },
  min = { function(g, x) return g.min(1, x) end, 1.5 },
  greater = { function(g, x) return g.greater(x, 0.5) end, 3 },
  select = { function(g, x) return g.select(g.step(x), x, 10) end, 24.5 },
  matmul = { function(g, x) return g.matmul(x, x, "right") + g.matmul(x, x, "left"):sum() end,
    (0.5 + 1.25) ^ 2 + (-1.5 + 0.75) ^ 2 + (2 - 0.25) ^ 2
      + 4 * ((0.5 - 1.5 + 2) ^ 2 + (1.25 + 0.75 - 0.25) ^ 2) },
  reshape = { function(_, x) return x:reshape(3, 2):slice(1, 2, 2) end, 3.25 },
  transpose = { function(_, x) return x:transpose():slice(1, 2, 3):slice(2, 1, 1) end, 0.5 },
  broadcast = { function(_, x) return x:broadcast(4, 2, 3) end, 11 },
  slice = { function(_, x) return x:slice(2, 3, 3) end, 1.75 },
  pad = { function(g, x) return g.exp(x:pad(1, 1, 2)) end, each(exp) + 9 },
  concat = { function(g, x) return g.concat({ x, x, x }, 2) end, 8.25 },
  gather = { function(_, x, k) return x:transpose():gather(k) end, 2 - 0.25 + 0.5 + 1.25 },
  scatter_add = { function(_, x, k) return x:scatter_add(k, 3):slice(1, 3, 3) end, 1 },
  pick = { function(_, x, k) return x:pick(k) end, 3.25 },
  place = { function(_, x, k) return x:slice(2, 1, 1):reshape(2):place(k, 4):slice(2, 3, 3) end,
    0.5 },
  sum = { function(_, x) return x:sum(1) ^ 2 end, 1.75 ^ 2 + 0.75 ^ 2 + 1.75 ^ 2 },
  log_sum_exp = { function(_, x) return x:log_sum_exp() end,
    log(exp(0.5) + exp(-1.5) + exp(2)) + log(exp(1.25) + exp(0.75) + exp(-0.25)) },
  sum_tasks = { function(_, x) return x:sum_tasks() end, 2.75 },
  spread = { function(g) return g.constant(3):spread() end, 3 },
  mean = { function(_, x) return x:mean() + x:mean(1):sum() end, 2.75 / 6 + 2.75 / 2 },
  squared_error = { function(g, x) return g.squared_error(x, x * 0) end,
    each(function(x) return x * x end) / 4 },
  cross_entropy = { function(_, x, k) return x:cross_entropy(k) end,
    (log(exp(0.5) + exp(-1.5) + exp(2)) - 2 + log(exp(1.25) + exp(0.75) + exp(-0.25)) - 1.25)
      / 2 },
  accuracy = { function(_, x, k) return x:accuracy(k) end, 1 },
}

tap.test("operations have the values of arithmetic", function()
  for name, case in pairs(cases) do
    tap.near(value(case[1]), case[2], 1e-14, name)
  end
end)

tap.test("every operation of nudge/graph.h is there and tried", function()
  local here = debug.getinfo(1, "S").source:match "^@(.*/)"
  local header, n = tap.read(here .. "../../core/include/nudge/graph.h"), 0
  for name in header:gmatch "%f[%w]NDG_OP_([%w_]+) = %d+" do
    if name ~= "NONE" and name ~= "INPUT" then
      n = n + 1
      tap.ok(cases[name:lower()], name)
    end
  end
  tap.ok(n >= 40, n)
end)

-- ---- errors ----

local function fails(f, ...)
  tap.raises(function()
    value(f)
  end, ...)
end

tap.test("errors name the node, both shapes and the line", function()
  local here <const> = "test_define_learner%.lua:%d+: .*test_define_learner%.lua:%d+: "
  fails(function(g, x)
    return g.tanh(x) + g.constant(1, 4)
  end, here, "tanh of line %d+ %[2x3%]", "constant of line %d+ %[4%]", "broadcast")
  fails(function(g, x)
    return g.matmul(x, x)
  end, here, "x %[2x3%], x %[2x3%]")
  fails(function(_, x, k)
    return x + k
  end, here, "index", "k %[2%]")
  fails(function(_, x)
    return x:reshape(7)
  end, here, "x %[2x3%]")
  fails(function(_, x)
    return x:slice(3, 1, 1)
  end, here, "axis 3", "has 2")
  fails(function(_, x)
    return x:slice(1, 2, 3)
  end, here, "slice")
  fails(function(_, x)
    return x:tahn()
  end, here, "tahn")
  fails(function(g, x)
    return g:tanh(x)
  end, here, "takes 1 operand")
  fails(function(_, x)
    return x + {}
  end, here, "node")
  fails(function(_, x)
    return x ^ x
  end, here, "exponent")
  fails(function(_, x)
    return x:undefined() .. 1
  end, here)
  fails(function()
    error "of the script's own"
  end, here, "of the script's own")
  fails(function()
    error { 1 }
  end, "table")
  fails(function()
    local function deep(n)
      return 1 + deep(n + 1)
    end
    return deep(1)
  end, "stack overflow")
  fails(function()
    coroutine.yield()
  end, "yield")
end)

tap.test("nodes end with their graph", function()
  local kept, graph
  value(function(g, x)
    kept, graph = x, g
    return x
  end)
  tap.raises(function()
    return kept + 1
  end, "has been built")
  tap.raises(function()
    return kept:tanh()
  end, "has been built")
  tap.raises(function()
    return graph.constant(1)
  end, "has been built")
  fails(function(_, x)
    return x + kept
  end, "has been built")
  fails(function(_, x)
    kept = x
    error "and then it fails"
  end, "and then it fails")
  tap.raises(function()
    return kept + 1
  end, "has been built")
  tap.matches(kept, "x %[ended%]")
end)

tap.test("losses must be scalars that depend on phi", function()
  fails(function(_, x)
    return x:sum_tasks():sum() + nil
  end, "nil")
  local function define(id, loss)
    nudge.define_learner { id = id, title = "Wrong", loss = loss,
      parameters = function()
        return { phi = { { "w", 2 } } }
      end }
    tap.raises(function()
      nudge.problem { learner = nudge.learner(id), inner = { lr = 1, steps = 1 },
        tasks = nudge.tasks.arrays { x = nudge.array { 1 } } }
    end, id:gsub("%.", "%%."))
  end
  define("test.vector_loss", function(_, p) return p.w, p.w:sum() end)
  define("test.one_loss", function(_, p) return p.w:sum() end)
  define("test.number_loss", function() return 1, 2 end)
  define("test.text_loss", function(_, p) return p.w:sum(), "no" end)
  define("test.bad_more", function(_, p) return p.w:sum(), p.w:sum(), { predictoins = p.w } end)
  define("test.no_group", function(_, p) return p.v:sum(), p.w:sum() end)
  define("test.no_array", function(_, p, task) return p.w:sum() * task.learn.inputs, p.w:sum() end)
end)

tap.test("parameters are checked", function()
  local n = 0
  local function refused(groups, ...)
    n = n + 1
    nudge.define_learner { id = "test.groups" .. n, title = "Wrong",
      parameters = function()
        return groups
      end,
      loss = function(g)
        return g.constant(1), g.constant(1)
      end }
    tap.raises(function()
      nudge.problem { learner = nudge.learner("test.groups" .. n), inner = { lr = 1, steps = 1 },
        tasks = nudge.tasks.arrays { x = nudge.array { 1 } } }
    end, ...)
  end
  refused(nil, "table")
  refused({ phi = { "w" } }, "entry 1 of phi")
  refused({ phi = { { "w", 0 } } }, "group w of phi", "length 1 is 0")
  refused({ phi = { { "w", 2.5 } } }, "2.5")
  refused({ phi = { { "w", 1, 2, 3, 4, 5 } } }, "5 axes")
  refused({ phi = { { "w", normal = 1, constant = 1 } } }, "both")
  refused({ phi = { { "w", mean = 1 } } }, "mean")
  refused({ phi = { { "w" }, { "w" } } }, "twice")
  refused({ phi = { { "w" } }, theta = { { "w" } } }, "twice")
  refused({ phi = { { "w", start = "t" } } }, "start = 't'")
  refused({ phi = { { "w", 3, start = "t" } }, theta = { { "t", 2 } } }, "%[3%]", "%[2%]")
  refused({ phi = { { "w", held = true } } }, "held")
  refused({ phi = { { "w", norml = 1 } } }, "did you mean 'normal'")
  refused({ phi = { { ("w"):rep(32) } } }, "31")
  refused({ phi = { { "w" } }, tehta = {} }, "did you mean 'theta'")
  refused({ phi = { { "w", uniform = { 1 } } } }, "uniform")
end)

tap.test("definitions are checked", function()
  local function definition(changes)
    local d = { id = "test.fine", title = "Fine", parameters = print, loss = print }
    for name, value_of in pairs(changes) do
      d[name] = value_of
    end
    return function()
      nudge.define_learner(d)
    end
  end
  local here <const> = "^[^ ]*test_define_learner%.lua:%d+: "
  tap.raises(definition { id = "fine" }, here, "prefix of its owner", "lab%.fine")
  tap.raises(definition { id = "test.Fine" }, here)
  tap.raises(definition { id = ("test.%s"):format(("x"):rep(80)) }, here, "at most")
  tap.raises(definition { title = "" }, here, "title")
  tap.raises(definition { los = print }, here, "did you mean 'loss'")
  tap.raises(definition { loss = 3 }, here, "loss must be a function")
  tap.raises(definition { options = { beta = 1 } }, here, "option beta")
  tap.raises(definition { options = { beta = { 1 } } }, here, "doc is missing")
  tap.raises(definition { options = { beta = { doc = "x" } } }, here, "default nor a type")
  tap.raises(definition { options = { beta = { 2, max = 1, doc = "x" } } }, here, "default 2")
  tap.raises(definition { options = { Beta = { 2, doc = "x" } } }, here, "Beta")
  tap.raises(definition { options = { a = { "c", choices = { "a", "b" }, doc = "x" } } }, here,
    "none of its choices")
  tap.raises(definition { options = { a = { true, min = 1, doc = "x" } } }, here, "for numbers")
  tap.raises(definition { options = { a = { 1, min = 0.5, doc = "x" } } }, here, "whole number")
  tap.raises(definition { options = { { 1, doc = "x" } } }, here, "named")
  definition {}() -- and all of that left nothing behind
  tap.raises(definition {}, here, "already defined by .*test_define_learner%.lua:%d+")
  tap.raises(definition { id = "test.operation" }, "already defined by")
end)

tap.test("check says what options do not go together", function()
  nudge.define_learner { id = "test.checked", title = "Checked", parameters = print, loss = print,
    options = { a = { 1, doc = "One." }, b = { 2.5, doc = "Two." }, c = { "x", doc = "Text." },
      d = { { 1, 2 }, doc = "List." }, e = { false, doc = "Yes or no." },
      f = { "left", choices = { left = "This side.", right = "The other." }, doc = "Side." } },
    check = function(o)
      if o.a > o.b then
        return string.format("a is %d, more than b, %g (%s %d %s %s)", o.a, o.b, o.c, #o.d,
          tostring(o.e), o.f)
      end
    end }
  nudge.learner "test.checked"
  tap.raises(function()
    nudge.learner("test.checked", { a = 3, f = "right" })
  end, "a is 3, more than b, 2.5 %(x 2 false right%)")
end)

tap.done()
