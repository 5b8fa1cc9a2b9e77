-- SPDX-License-Identifier: MIT
-- nudge.define_rule: the same numbers as the plugins, on any number of threads; what is refused;
-- and vectors that end with their estimate.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local problems = require "problems"
local tap = require "tap"
require "twins"

local waves = nudge.domains.sinusoid { seed = 3 }

local function open(fields)
  local p = { learner = nudge.learner("modulated_net", { layers = { 1, 6, 5, 1 }, lambda = 0.1 }),
    tasks = waves:tasks("train", 1, 3), inner = { lr = 0.02, steps = 20 }, seed = 5 }
  for name, value in pairs(fields or {}) do
    p[name] = value
  end
  return nudge.problem(p)
end

local n_rules = 0
-- A rule of the test's own, as an instance.
local function rule(estimate, fields)
  n_rules = n_rules + 1
  local d = { id = "test.rule" .. n_rules, title = "Of a test", estimate = estimate }
  for name, value in pairs(fields or {}) do
    d[name] = value
  end
  nudge.define_rule(d)
  return nudge.rule(d.id)
end

local function same(bundled, twin, p, tolerance)
  for _ = 1, 2 do -- the second time with what was kept
    local x, rx = p:estimate(bundled, { soft = true })
    local y, ry = p:estimate(twin, { soft = true })
    local error = nudge.compare(y, x).relative_error
    tap.ok(error <= tolerance, bundled:id() .. ": relative error " .. error)
    for _, name in ipairs { "learner_runs", "gradient_evaluations", "hessian_vector_products",
      "mixed_products", "status" } do
      tap.is(ry[name], rx[name], bundled:id() .. ": " .. name)
    end
    for name, used in pairs(rx.nonlocal) do
      tap.is(ry.nonlocal[name], used, name)
    end
  end
end

tap.test("they compute what the plugins compute, at the same cost", function()
  for dtype, epsilon in pairs { float32 = 1e-6, float64 = 1e-14, long_double = 1e-14 } do
    for _, inner in ipairs {
      { lr = 0.02, steps = 20 }, { optimizer = "adam", lr = 0.02, steps = 20 },
      { optimizer = "nesterov", lr = 0.02, steps = 9, batch_size = 4, eval_batch_size = 3 },
    } do
      local p <close> = open { dtype = dtype, inner = inner }
      same(nudge.rule("contrastive", { variant = "symmetric", beta = 0.1 }),
        nudge.rule("twin.symmetric", { beta = 0.1 }), p, 10 * epsilon)
      same(nudge.rule("implicit", { iterations = 5, warm_start = true }),
        nudge.rule("twin.implicit", { iterations = 5, warm_start = true }), p, 10 * epsilon)
      same(nudge.rule "unrolled", nudge.rule "twin.unrolled", p, 10 * epsilon)
    end
  end
end)

tap.test("the same bits on any number of threads", function()
  local p <close> = open()
  local rules, series = {}, {}
  for i = 1, 6 do
    rules[i] = nudge.rule("twin.symmetric", { beta = 0.02 * i })
    series[i] = p:estimate(rules[i])
  end
  local groups = { 1, 2, 3, 4, 5, 6 }
  local all = require("nudge.core").batch(p, rules, groups, "jobs")
  for i, result in ipairs(all) do
    tap.ok(series[i]:equals(result.gradient), "job " .. i)
  end
end)

tap.test("vectors are summed with numbers, complex numbers and numbers per task", function()
  local p <close> = open()
  local seen
  local r = rule(function(problem)
    local x, y = problem:draw("x", 1), problem:draw("x", 2)
    local xx, xy, yy = x:dot(x), x:dot(y), y:dot(y)
    local ratio = xy / xx
    local rest = y - x * ratio -- orthogonal to x in each task
    seen = {
      orthogonal = rest:dot(x):norm() / xx:norm(),
      pythagoras = (rest:dot(rest) + ratio * ratio * xx - yy):norm() / yy:norm(),
      norms = (x:norms() * x:norms() - xx):norm() / xx:norm(),
      norm = x:norm() - x:norms():max(),
      zero = (2 * x - x - x / 1):norm() + (-x + x):norm(),
      halves = (x / (xx / xx * 2) - 0.5 * x):norm(),
      turned = (x * { 0, 1 } * { 0, -1 } - x):norm(),
      set = (problem:vector("phi"):set(2, x, -3, y) - (2 * x - 3 * y)):norm(),
      copy = (x:copy() - x):norm(), again = (problem:draw("x", 1) - x):norm(),
      other = (problem:draw("z", 1) - x):norm(), mean = xx:mean() / problem:info().n_phi,
    }
    return problem:vector "theta"
  end)
  p:estimate(r)
  for _, name in ipairs { "orthogonal", "pythagoras", "norms", "norm", "zero", "halves", "turned",
    "set", "copy", "again" } do
    tap.ok(math.abs(seen[name]) < 1e-14, name .. ": " .. seen[name])
  end
  tap.ok(seen.other > 1, "another label is another stream")
  tap.ok(math.abs(seen.mean - 1) < 0.2, "variance " .. seen.mean)
end)

tap.test("what is drawn for a task depends on its number alone", function()
  local function rows(first, n)
    local p <close> = open { tasks = waves:tasks("train", first, n) }
    return (p:estimate(nudge.rule "test.drawn", { per_task = true }))
  end
  nudge.define_rule { id = "test.drawn", title = "Random", estimate = function(problem)
    return problem:draw("numbers", 7, "theta")
  end }
  local three, one = rows(1, 3), rows(3, 1)
  tap.ok(three[3]:equals(one[1]), "task 3")
  tap.ok(not three[1]:equals(three[2]))
end)

tap.test("vectors and the problem end with the estimate", function()
  local p <close> = open()
  local kept, handle, given_back
  local r = rule(function(problem)
    kept, handle = problem:relax {}, problem
    given_back = problem:vector "phi"
    given_back:release()
    given_back:release()
    do
      local closed <close> = problem:vector "phi"
      given_back = closed
    end
    tap.raises(function()
      return given_back:norm()
    end, "given back")
    return problem:vector "theta"
  end)
  p:estimate(r)
  for _, f in ipairs {
    function() local _ = kept:norm() end, function() return kept + kept end,
    function() return 2 * kept end, function() local _ = kept:dot(kept) end,
    function() local _ = kept:set(kept) end, function() local _ = kept:copy() end,
    function() local _ = handle:relax {} end, function() local _ = handle:vector "phi" end,
    function() local _ = handle:info() end,
  } do
    tap.raises(f, "test_define_rule%.lua:%d+: ", "ended")
  end
  kept:release()
  tap.matches(kept, "ended")
  local again = rule(function(problem)
    return problem:vector("theta"):set(kept)
  end)
  tap.raises(function()
    p:estimate(again)
  end, "ended")
  local failing = rule(function(problem)
    kept = problem:vector "phi"
    error "then it fails"
  end)
  tap.raises(function()
    p:estimate(failing)
  end, "then it fails")
  tap.raises(function()
    return kept:norm()
  end, "ended")
end)

tap.test("errors have the rule, the script and its line", function()
  local p <close> = open()
  local function fails(f, ...)
    local r = rule(f)
    for _ = 1, 2 do
      tap.raises(function()
        p:estimate(r)
      end, "^[^ ]*test_define_rule%.lua:%d+: rule test%.rule%d+: ", ...)
    end
  end
  local here <const> = ": .*test_define_rule%.lua:%d+: "
  fails(function() return nil + 1 end, here, "nil")
  fails(function() error("mine", 0) end, "mine")
  fails(function() error() end, "nil")
  fails(function() end, "no gradient")
  fails(function() return 1 end, "must be a vector", "number")
  fails(function(problem) return problem:vector "phi" end, "vector of theta")
  fails(function(problem) return problem:vector "psi" end, here, "psi")
  fails(function(problem) return problem:vector "phi" + problem:vector "theta" end, here,
    "phi and theta")
  fails(function(problem) return problem:vector "phi" * problem:vector "phi" end, here, "dot")
  fails(function(problem) return problem:vector "phi" * nudge.zeros(2) end, here,
    "one for each of 3")
  fails(function(problem) return problem:relax { stepps = 1 } end, here, "stepps")
  fails(function(problem) return problem:relax { steps = -1 } end, here, "steps is %-1")
  fails(function(problem) return problem:relax { steps = 1.5 } end, here, "1.5")
  fails(function(problem) return problem:relax { optimizer = "sgd" } end, here, "sgd")
  fails(function(problem) return problem:evaluate { phi = problem:relax {} } end, here, "want")
  fails(function(problem) return problem:evaluate { want = "value" } end, here, "phi is missing")
  fails(function(problem)
    return problem:evaluate { phi = problem:relax {}, want = { "value", "value" } }
  end, here, "twice")
  fails(function(problem) return problem:evaluate { phi = problem:relax {}, want = "hvp" } end,
    here, "direction")
  fails(function(problem) return problem:solve { phi = problem:relax {} } end, here, "rhs")
  fails(function(problem) return problem:relax { optimizer = "adam", state = true,
    into = problem:vector "theta" } end, here)
  fails(function(problem) return problem:vector "theta", { status = "fine" } end, "fine")
  fails(function(problem) return problem:vector "theta", { resid = 1 } end, "residual")
  fails(function() return p:learn() end, here, "another problem")
  fails(function() return open() end, here, "another problem")
  fails(function() nudge.define_rule { id = "test.inner", title = "No", estimate = print } end,
    here, "nor defines")
  fails(function() coroutine.yield() end, "yield")
  fails(function(problem)
    local co = coroutine.wrap(function() return problem:relax {} end)
    local phi = co()
    return phi
  end, "vector of theta")
  fails(function()
    local function deep(n) return deep(n + 1) + 1 end
    return deep(1)
  end, "stack overflow")
end)

tap.test("soft statuses are those of the phases", function()
  local p <close> = open { inner = { lr = 50, steps = 200 }, tasks = waves:tasks("train", 1, 1) }
  local r = rule(function(problem)
    problem:relax {}
    return problem:vector "theta"
  end)
  tap.raises(function()
    p:estimate(r)
  end, "lr")
  local _, record = p:estimate(r, { soft = true })
  tap.is(record.status, "diverged")
  local q <close> = open { inner = { lr = 0.01, steps = 2 } }
  local short = rule(function(problem)
    local _, run = problem:relax { tolerance = 1e-9 }
    tap.is(run.status, "not_converged")
    tap.is(run.steps_taken, 2)
    return problem:vector "theta"
  end)
  _, record = q:estimate(short, { soft = true })
  tap.is(record.status, "not_converged")
  local own = rule(function()
    return nil, { status = "past_radius", note = "too far", residual = 0.5, stability_radius = 2 }
  end)
  local gradient
  gradient, record = q:estimate(own, { soft = true })
  tap.ok(gradient[1] ~= gradient[1], "NaN")
  tap.is(record.status, "past_radius")
  tap.is(record.note, "too far")
  tap.is(record.residual, 0.5)
  tap.is(record.stability_radius, 2.0)
end)

tap.test("needs decide what a rule accepts", function()
  local p <close> = open { dtype = "float32" }
  local r = rule(print, { needs = { "complex" } })
  local good, message = p:accepts(r)
  tap.is(good, nil)
  tap.matches(message, "nudge.learner.complex/1")
  tap.ok(p:accepts(rule(print, { needs = { "nudge.learner.nudge/1" } })))
  tap.raises(function()
    rule(print, { needs = { "second" } })
  end, "second")
end)

tap.test("complex phases", function()
  local p <close> = problems.scalar()
  local r = rule(function(problem)
    local phi = problem:relax { beta = { 0, 1e-8 } }
    local g = problem:evaluate { phi = phi, loss = "augmented", beta = { 0, 1e-8 },
      want = "grad_theta" }
    return g * { 0, -1e8 }
  end, { needs = { "complex" } })
  tap.ok(nudge.compare(p:estimate(r), p:exact().gradient).relative_error < 1e-10)
  local _, record = p:estimate(r)
  tap.is(record.nonlocal.complex_state, true)
end)

tap.test("the theory of the error is the rule's", function()
  local order, factor = nudge.rule("twin.symmetric"):truncation()
  tap.is(order, 2)
  tap.is(factor, 1.0)
  tap.is(nudge.rule("twin.unrolled"):truncation(), nil)
  tap.is(rule(print, { truncation = function() error "no" end }):truncation(), nil)
end)

tap.test("what it estimates is what the rule says", function()
  tap.is(nudge.rule("twin.symmetric"):estimand(), "fixed_point")
  tap.is(nudge.rule("twin.unrolled"):estimand(), "unrolled")
  tap.is(rule(print):estimand(), nil)
  tap.is(nudge.rule("fomaml"):estimand(), "biased")
  tap.is(nudge.rule("implicit", { solver = "t1t2" }):estimand(), "biased")
  local kind, details = nudge.rule("implicit", { damping = 0.5 }):estimand()
  tap.is(kind, "fixed_point")
  tap.is(details.damping, 0.5)
  local function last(n) return "unrolled", { window = n, steps = 2 * n } end
  kind, details = rule(print, { estimand = function() return last(3) end }):estimand()
  tap.is(kind, "unrolled")
  tap.is(details.window, 3)
  tap.is(details.steps, 6)
  tap.is(rule(print, { estimand = function() return "all of it" end }):estimand(), nil)
  tap.raises(function() rule(print, { estimand = "all of it" }) end,
    "estimand = 'all of it' is not one of: fixed_point, unrolled, biased")
end)

tap.done()
