-- SPDX-License-Identifier: MIT
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local problems = require "problems"
local tap = require "tap"

tap.test("the scalar problem has its reference meta-gradient", function()
  local p <close> = problems.scalar()
  local exact = p:exact()
  tap.near(exact.gradient[1], 2 / 9, 1e-15)
  tap.near(exact.mu, 1.8, 1e-12)
  tap.near(exact.stability_radius, 1.8 / 0.8, 1e-9)
  tap.is(exact.status, "ok")
  tap.ok(exact.agreement < 1e-12)
end)

tap.test("forward and symmetric err as theory says", function()
  local p <close> = problems.scalar()
  local wanted = {
    forward = { [1] = -0.3077, [0.3] = -0.1176, [0.1] = -0.04255, [0.01] = -0.004425 },
    symmetric = { [1] = 0.2462, [0.3] = 0.01810, [0.1] = 0.001979, [0.01] = 1.9754e-5 },
  }
  for variant, errors in pairs(wanted) do
    for beta, error in pairs(errors) do
      local g, record = p:estimate(nudge.rule("contrastive", { variant = variant, beta = beta }))
      tap.near(g[1] / (2 / 9) - 1, error, math.abs(error) * 2e-3, variant .. " " .. beta)
      tap.is(record.status, "ok")
    end
  end
end)

tap.test("learning, theta and groups", function()
  local p <close> = problems.ridge()
  local info, groups = p:info(), p:groups()
  tap.is(info.n_phi, 3)
  tap.is(info.n_theta, 3)
  tap.is(groups.theta[1].last, 3)
  tap.is(groups.theta[1].nonnegative, true)
  local learned = p:learn()
  tap.ok(learned.gradient_norm < 1e-10)
  tap.is(#learned.phi, 3)
  tap.is(p:theta()[2], 0.1)
  p:set_theta(nudge.array { 1, 2, 3 })
  tap.is(p:theta()[3], 3.0)
  tap.ok(p:learn().phi:norm() < learned.phi:norm(), "stronger penalty, smaller weights")
  tap.raises(function() p:set_theta(nudge.array { 1, -2, 3 }) end, "%-2")
  tap.raises(function() p:set_theta(nudge.array { 1, 0 / 0, 3 }) end, "[Nn]a[Nn]")
  tap.raises(function() p:set_theta(nudge.array { 1 }) end, "3 real numbers")
  tap.is(p:theta()[2], 2.0, "a refused theta changes nothing")
end)

tap.test("estimates agree with the exact gradient", function()
  local p <close> = problems.ridge()
  local exact = p:exact().gradient
  for _, case in ipairs {
    { "contrastive", { variant = "symmetric", beta = 1e-4 }, 1e-7 },
    { "contrastive", { variant = "holomorphic", points = 8, beta = 1e-2 }, 1e-10 },
    { "implicit", { solver = "dense" }, 1e-10 },
    { "implicit", { solver = "cg", iterations = 3 }, 1e-10 },
    { "unrolled", {}, 1e-10 },
  } do
    local g, record = p:estimate(nudge.rule(case[1], case[2]))
    local c = nudge.compare(g, exact)
    tap.ok(c.relative_error < case[3], case[1] .. " error " .. c.relative_error)
    tap.near(c.cosine, 1, 1e-12)
    tap.ok(record.gradient_evaluations > 0)
  end
end)

tap.test("several tasks: per task and their mean", function()
  local n = 3
  local p <close> = nudge.problem {
    learner = nudge.learner("quadratic", { form = "linear_quadratic", l = 0.5 }),
    tasks = nudge.tasks.arrays {
      n_tasks = n, H0 = nudge.array { { { 1 } }, { { 2 } }, { { 3 } } },
      a = nudge.array { { 1 }, { 2 }, { 3 } }, M = nudge.array { { { 1 } }, { { 1 } }, { { 1 } } },
      c = nudge.array { { 0 }, { 0 }, { 0 } },
    },
    inner = { optimizer = "newton", lr = 1, steps = 20 },
  }
  local rule = nudge.rule("implicit", { solver = "dense" })
  local each, mean = p:estimate(rule, { per_task = true }), p:estimate(rule)
  tap.is(table.concat(each:shape(), "x"), "3x1")
  local sum = 0
  for i = 1, n do
    -- l A^-1 M (phi* - c), A = H0 + l, phi* = A^-1 H0 a
    local a = i + 0.5
    tap.near(each:get(i, 1), 0.5 / a * (i / a * i), 1e-14)
    sum = sum + each:get(i, 1)
  end
  tap.near(mean[1], sum / n, 1e-15)
end)

local function lines(n, slope)
  local random, diagonal = nudge.random(slope), nudge.array { { 1, 0 }, { 0, 1 } }
  return nudge.tasks.arrays {
    n_tasks = n, H0 = random:uniform(n * 4):reshape(n, 2, 2) * 0.1 + diagonal,
    a = random:normal(n * 2):reshape(n, 2), M = random:uniform(n * 4):reshape(n, 2, 2),
    c = random:normal(n * 2):reshape(n, 2),
  }
end

local function open_lines(tasks)
  return nudge.problem {
    learner = nudge.learner("quadratic", { form = "linear_quadratic", l = 0.5 }), tasks = tasks,
    inner = { optimizer = "newton", lr = 1, steps = 20 },
  }
end

tap.test("other tasks in the same problem", function()
  local one, two = lines(3, 1), lines(3, 2)
  two.domain, two.split, two.indices = "lines", "train", { 136, 137, 138 }
  local rule = nudge.rule("implicit", { solver = "dense" })
  local p <close> = open_lines(one)
  local fresh <close> = open_lines(two)
  local before = p:estimate(rule, { per_task = true })
  tap.ok(p:set_tasks(two) == p, "returns the problem")
  tap.ok(p:estimate(rule, { per_task = true }):equals(fresh:estimate(rule, { per_task = true })))
  tap.ok(not p:estimate(rule, { per_task = true }):equals(before))
  tap.is(p:spec().tasks, two)
  tap.ok(p:set_tasks(one):estimate(rule, { per_task = true }):equals(before))
  tap.raises(function() p:set_tasks(lines(2, 1)) end, "test_problem.lua:%d+:",
    "2 tasks for a problem of 3")
  two.arrays[1].values:set(2, 1, 2, 0 / 0)
  tap.raises(function() p:set_tasks(two) end,
    "task 137 of lines %(train%), array 'H0', row 1, element 2 is NaN", "leave this one out")
  two.indices[2] = 1.5
  tap.raises(function() p:set_tasks(two) end, "indices of tasks: number 2 is 1.5")
  two.indices = { 1 }
  tap.raises(function() p:set_tasks(two) end, "list of 3 whole numbers")
  tap.raises(function() p:set_tasks {} end, "n_tasks")
  tap.ok(p:estimate(rule, { per_task = true }):equals(before), "a refusal changes nothing")
end)

tap.test("learning looked at on its way", function()
  local p <close> = problems.network()
  local a = p:adapt { steps = { 0, 1, 400 } }
  tap.is(table.concat(a.eval_loss:shape(), "x"), "3x1")
  tap.is(table.concat(a.phi:shape(), "x"), "3x1x" .. p:info().n_phi)
  tap.is(a.steps[3], 400)
  tap.is(a.status, "ok")
  tap.is(#a.diverged, 0)
  local learned = p:learn()
  tap.is(a.eval_loss:get(3, 1), learned.eval_loss)
  tap.is(a.eval_accuracy:get(3, 1), learned.eval_accuracy)
  tap.ok(a.phi[3][1]:equals(learned.phi))
  tap.ok(a.phi[1][1]:equals(p:start()))
  tap.ok(a.learn_loss:get(3, 1) < a.learn_loss:get(1, 1))
  tap.is(p:adapt({ steps = { 2 }, phi = false }).phi, nil)
  local answers = p:predict(learned.phi)
  tap.is(table.concat(answers:shape(), "x"), "10x2")
  tap.raises(function() p:predict(nudge.zeros(3)) end, "real numbers")
  tap.raises(function() p:adapt { steps = {} } end, "test_problem.lua:%d+:", "list of numbers")
  tap.raises(function() p:adapt { steps = { 1.5 } } end, "1.5, not a whole number")
  tap.raises(function() p:adapt { steps = { 3, 2 } } end, "must ascend; 2 comes after 3")
  tap.raises(function() p:adapt { step = { 3 } } end, "no field 'step'")
  local plain <close> = problems.ridge()
  tap.is(plain:adapt({ steps = { 1 } }).eval_accuracy, nil)
  tap.raises(function() plain:predict(plain:start()) end, "quadratic has no predictions")
end)

tap.test("a diverging task is named, and can be taken", function()
  local tasks = lines(3, 1)
  tasks.domain, tasks.indices = "lines", { 7, 8, 9 }
  for i = 1, 2 do tasks.arrays[1].values:set(2, i, i, -90) end
  local p <close> = nudge.problem {
    learner = nudge.learner("quadratic", { form = "linear_quadratic", l = 0.5 }), tasks = tasks,
    inner = { lr = 0.1, steps = 200 },
  }
  tap.is(tasks.arrays[1].name, "H0")
  tap.raises(function() p:adapt { steps = { 200 } } end, "in task 8 of lines", "smaller lr")
  local a = p:adapt { steps = { 0, 200 }, soft = true }
  tap.is(a.status, "diverged")
  tap.is(table.concat(a.diverged, ","), "2")
  tap.ok(a.eval_loss:get(2, 2) ~= a.eval_loss:get(2, 2), "NaN")
  tap.ok(a.learn_loss:get(2, 1) < a.learn_loss:get(1, 1))
  tap.is(p:learn({ soft = true }).diverged[1], 2)
end)

tap.test("soft statuses are errors that say what to change, unless taken", function()
  local p <close> = problems.ridge { optimizer = "gradient_descent", lr = 50, steps = 500 }
  tap.raises(function() p:learn() end, "test_problem.lua:%d+:",
    "the free phase diverged by step %d+ in task 1", "use a smaller lr")
  tap.is(p:learn({ soft = true }).status, "diverged")
  local slow <close> = problems.ridge {
    optimizer = "gradient_descent", lr = 1e-4, steps = 5, tolerance = 1e-12,
  }
  local e = tap.raises(function() slow:learn() end, "the free phase stopped after 5 steps",
    "more steps")
  tap.is(e.code, "not_converged")
  local scalar <close> = problems.scalar()
  scalar:exact()
  e = tap.raises(function()
    scalar:estimate(nudge.rule("contrastive", { variant = "symmetric", beta = 3 }))
  end, "radius")
  tap.is(e.code, "past_radius")
end)

tap.test("mistakes in composing are found before any step", function()
  local good = function()
    return {
      learner = nudge.learner("quadratic", {}),
      tasks = nudge.tasks.regression { data = nudge.data.correlated_regression { n = 20 } },
      inner = { optimizer = "nesterov", lr = 0.1, steps = 10 },
    }
  end
  local function with(change)
    return function()
      local spec = good()
      change(spec)
      nudge.problem(spec)
    end
  end
  tap.raises(with(function(s) s.learner = nil end), "test_problem.lua:%d+:", "learner is missing")
  tap.raises(with(function(s) s.taks = s.tasks end), "no field 'taks'", "did you mean 'tasks'")
  tap.raises(with(function(s) s.inner.optimizer = "sgd" end), "gradient_descent")
  tap.raises(with(function(s) s.inner.lr = 0 / 0 end), "lr")
  tap.raises(with(function(s) s.inner.lr = -1 end), "lr")
  tap.raises(with(function(s) s.inner.steps = 1.5 end), "steps must be a integer")
  tap.raises(with(function(s) s.inner.steps = nil end), "steps is missing")
  tap.raises(with(function(s) s.dtype = "double" end), "float64")
  tap.raises(with(function(s) s.tasks = {} end), "nudge.tasks")
  tap.raises(with(function(s) s.inner.optimizer, s.inner.momentum = "gradient_descent", 0.5 end),
    "inner.momentum has no effect with gradient_descent; remove it")
  tap.raises(with(function(s) s.inner.optimizer, s.inner.beta2 = "nesterov", 0.9 end),
    "inner.beta2 has no effect with nesterov")
  tap.raises(function() nudge.tasks.arrays { n_tasks = 1 << 62 } end,
    "n_tasks = 4611686018427387904", "from 1 to 4294967295")
  tap.raises(with(function(s) s.inner.momentum = 1.5 end), "momentum")
  tap.raises(with(function(s)
    s.learner = nudge.learner("complex_synapse", { layers = { 5, 2 }, loss = "mse" })
  end), "complex_synapse")
end)

tap.test("a closed problem or learner is noticed", function()
  local p = problems.ridge()
  p:close()
  p:close()
  tap.raises(function() p:learn() end, "closed")
  tap.matches(tostring(p), "closed")
  local q <close> = problems.ridge()
  q:spec().learner:close()
  tap.raises(function() q:learn() end, "learner is closed")
end)

tap.test("a problem keeps what it needs", function()
  local p <close> = problems.network()
  collectgarbage()
  collectgarbage()
  tap.ok(p:learn().gradient_norm < 1e-6)
  local a = p:estimate(nudge.rule("implicit", { solver = "cg", iterations = 50 }))
  collectgarbage()
  tap.ok(a:norm() > 0)
  tap.is(p:provides "nudge.learner.complex/1", true)
end)

tap.test("a rule that needs what a learner lacks is refused, both named", function()
  local p <close> = nudge.problem {
    learner = nudge.learner("complex_synapse", { layers = { 4, 3, 2 }, activation = "relu" }),
    tasks = problems.network():spec().tasks,
    inner = { lr = 0.1, steps = 5 },
  }
  local rule = nudge.rule("contrastive", { variant = "holomorphic", points = 8 })
  local accepted, message, code = p:accepts(rule)
  tap.is(accepted, nil)
  tap.is(code, "capability")
  tap.matches(message, "contrastive")
  tap.matches(message, "complex_synapse")
  tap.raises(function() p:estimate(rule) end, "relu")
end)

tap.done()
