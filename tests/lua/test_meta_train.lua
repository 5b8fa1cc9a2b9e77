-- SPDX-License-Identifier: MIT
-- The outer loop: closed-form optima, the same bits however a meta-batch is cut, and what it says
-- of wrong fields.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local pulls = require "pulls"
local tap = require "tap"

local function train(other)
  return nudge.meta_train(pulls.description(other))
end

tap.test("gradient descent reaches the optimum of theory as theory says", function()
  local optimum, curvature = pulls.optimum()
  local r = train { steps = 60, outer = { optimizer = "sgd", lr = 1 } }
  tap.is(#r.steps, 60)
  tap.near(r.steps[1].gradient_norm, math.abs(select(2, pulls.mean(0))), 1e-12)
  for k = 1, 60 do
    tap.near(r.steps[k].gradient_norm, math.abs(curvature * optimum) * (1 - curvature) ^ (k - 1),
      1e-9, "gradient of step " .. k)
    tap.is(r.steps[k].step, k)
    tap.is(r.steps[k].tasks, pulls.N)
    tap.is(r.steps[k].diverged, 0)
  end
  tap.near(r.theta[1], optimum * (1 - (1 - curvature) ^ 60), 1e-9)
end)

for _, outer in ipairs {
  { optimizer = "momentum", lr = 0.5, momentum = 0.8 },
  { optimizer = "momentum", lr = 0.5, momentum = 0.8, nesterov = true },
  { optimizer = "adam", lr = 0.3, schedule = "cosine" },
  { optimizer = "adamw", lr = 0.3, weight_decay = 0, schedule = "cosine" },
} do
  tap.test("every optimizer reaches it: " .. outer.optimizer, function()
    tap.near(train({ steps = 300, outer = outer }).theta[1], pulls.optimum(), 1e-6)
  end)
end

tap.test("rules without second derivatives reach it", function()
  local r = train { steps = 200,
    rule = nudge.rule("contrastive", { variant = "symmetric", beta = 1e-4 }) }
  tap.near(r.theta[1], pulls.optimum(), 1e-7)
end)

tap.test("validation finds the best theta, and the test is of that one", function()
  local optimum = pulls.optimum()
  -- Past the optimum from the third step on: the best lies in between.
  local r = train { steps = 6, outer = { optimizer = "adam", lr = math.abs(optimum) / 2.5 },
    validation = { every = 1, tasks = pulls.N }, test = { tasks = pulls.N, steps = { 0, 200 } } }
  tap.is(#r.validation, 7)
  tap.is(r.validation[7].gradient_evaluations, r.steps[6].gradient_evaluations)
  local least = math.huge
  for i, row in ipairs(r.validation) do
    tap.is(row.step, i - 1)
    least = math.min(least, row.eval_loss)
  end
  tap.is(r.best.eval_loss, least)
  tap.is(r.best.eval_loss, r.validation[r.best.step + 1].eval_loss)
  tap.ok(r.best.step > 0 and r.best.step < 6, "the best lies in between")
  tap.ok(not r.best.theta:equals(r.theta), "and is not the last")
  local theta, test = r.best.theta[1], r.test
  tap.near(r.best.eval_loss, (pulls.mean(theta)), 1e-12)
  tap.is(test.step, r.best.step)
  local mean, squares = pulls.mean(theta), 0
  for k = 1, pulls.N do
    tap.near(test.eval_loss:get(1, k), pulls.loss_at_start(k), 1e-14)
    tap.near(test.eval_loss:get(2, k), (pulls.loss(k, theta)), 1e-12)
    squares = squares + (pulls.loss(k, theta) - mean) ^ 2
  end
  tap.is(test.rows[1].inner_steps, 0)
  tap.near(test.rows[2].eval_loss, mean, 1e-12)
  tap.near(test.rows[2].eval_loss_error, math.sqrt(squares / (pulls.N - 1) / pulls.N), 1e-12)
end)

tap.test("without a meta-step: what learning alone reaches", function()
  local r = train { steps = 0, theta = nudge.array { 0.25 }, test = { tasks = pulls.N },
    validation = { every = 1, tasks = pulls.N } }
  tap.is(#r.steps, 0)
  tap.is(#r.validation, 1)
  tap.is(r.theta[1], 0.25)
  tap.near(r.test.rows[2].eval_loss, (pulls.mean(0.25)), 1e-12)
  tap.is(r.cost.gradient_evaluations, 0)
  tap.matches(r:table(), "0 of 0 meta%-steps")
end)

tap.test("losses of the meta-batch after learning, when asked for", function()
  local r = train { steps = 3, losses = true, parts = 2 }
  local theta = 0
  for k = 1, 3 do
    local loss, slope = pulls.mean(theta)
    tap.near(r.steps[k].eval_loss, loss, 1e-12)
    tap.ok(r.steps[k].learn_loss > 0, "learn_loss")
    theta = theta - slope
  end
  tap.is(train({ steps = 1 }).steps[1].eval_loss, nil)
  -- The rule learns with a smaller step size than the problem, which diverges in task 2.
  local wrong = { domain = pulls.domain { [2] = { h = 10 } }, losses = true, steps = 1,
    rule = nudge.rule("implicit", { solver = "cg", free_lr = 0.1 }) }
  tap.raises(function() train(wrong) end, "meta%-step 1", "task 2 of pulls %(train%)")
  wrong.on_divergence = "skip"
  local row = train(wrong).steps[1]
  tap.is(row.tasks, 5)
  tap.is(row.loss_tasks, 4)
  tap.near(row.eval_loss, (pulls.mean(0, { 1, 3, 4, 5 })), 1e-12)
end)

local function sinusoid(other)
  local d = {
    learner = nudge.learner("complex_synapse", { layers = { 1, 8, 8, 1 }, loss = "mse",
      meta = "lambda, omega", start_at_omega = true, lambda = 0.1 }),
    domain = nudge.domains.sinusoid { seed = 3 }, dtype = "float32", seed = 5,
    inner = { optimizer = "adam", lr = 0.01, steps = 20 },
    rule = nudge.rule("contrastive", { variant = "symmetric", beta = 0.1 }),
    outer = { lr = 0.01, clip_norm = 0.5 }, steps = 4, meta_batch = 10, losses = true,
    validation = { every = 2, tasks = 7, steps = { 0, 5 } }, test = { tasks = 3 },
  }
  for name, value in pairs(other or {}) do
    d[name] = value
  end
  return nudge.meta_train(d)
end

tap.test("a meta-batch in parts gives the same bits", function()
  local whole = sinusoid()
  for _, parts in ipairs { 2, 3, 5, 10 } do
    local r = sinusoid { parts = parts }
    tap.ok(r.theta:equals(whole.theta), parts .. " parts: theta")
    for k, row in ipairs(r.steps) do
      tap.is(row.gradient_norm, whole.steps[k].gradient_norm)
      tap.is(row.eval_loss, whole.steps[k].eval_loss)
      tap.is(row.gradient_evaluations, whole.steps[k].gradient_evaluations)
    end
    tap.ok(r.test.eval_loss:equals(whole.test.eval_loss), parts .. " parts: test")
  end
  tap.ok(not sinusoid({ seed = 6 }).theta:equals(whole.theta), "another seed is another start")
  local three = sinusoid { parts = 5, steps = 3 }
  tap.is(three.steps[3].gradient_norm, whole.steps[3].gradient_norm)
end)

tap.test("in parts with every rule, learner and element type", function()
  local learners = {
    nudge.learner("complex_synapse", { layers = { 1, 6, 1 }, loss = "mse", meta = "omega",
      start_at_omega = true, lambda = 0.1 }),
    nudge.learner("modulated_net", { layers = { 1, 6, 6, 1 } }),
  }
  local rules = {
    nudge.rule("contrastive", { variant = "forward", beta = 0.1 }), nudge.rule "unrolled",
    nudge.rule("unrolled", { window = 3 }), nudge.rule("implicit", { solver = "cg" }),
    nudge.rule "fomaml", nudge.rule "reptile",
  }
  for _, learner in ipairs(learners) do
    for _, rule in ipairs(rules) do
      for _, dtype in ipairs { "float32", "float64" } do
        local function run(parts)
          local good, r = pcall(sinusoid, { learner = learner, rule = rule, dtype = dtype,
            parts = parts, steps = 2, meta_batch = 5, accept = { "not_converged" },
            inner = { lr = 0.01, steps = 8 } })
          if not good and r.text:find "needs nudge" then
            return nil -- an unsuitable pair
          end
          return good and r.theta or error(r, 0)
        end
        local whole = run(1)
        for _, parts in ipairs(whole and { 2, 5 } or {}) do
          tap.ok(run(parts):equals(whole), string.format("%s, %s, %s, %d parts", learner:id(),
            rule:id(), dtype, parts))
        end
      end
    end
  end
end)

tap.test("frozen groups keep their bits", function()
  local r = sinusoid { outer = { lr = 0.01, freeze = { "lambda.*", "omega.b1" } } }
  local q = sinusoid { outer = { lr = 0.01 } }
  local start = sinusoid({ steps = 1, on_step = function() return "stop" end, outer = { lr = 1,
    schedule = function() return 0 end } }).theta
  for _, group in ipairs(r.made_of.groups) do
    local frozen = group.name:find "^lambda" or group.name == "omega.b1"
    local function part(theta)
      return theta:rows(group.first, group.last)
    end
    tap.is(part(r.theta):equals(part(start)), frozen and true or false, group.name)
    tap.ok(not part(q.theta):equals(part(start)), group.name .. " moves otherwise")
  end
end)

tap.test("schedules and clipping act", function()
  local function factors(given)
    local r = train { steps = 6, outer = { optimizer = "sgd", lr = 0.25, schedule = given } }
    local out = {}
    for k, row in ipairs(r.steps) do
      tap.near(row.update_norm, 0.25 * row.factor * row.gradient_norm, 1e-12)
      out[k] = row.factor
    end
    return out
  end
  local cosine = factors "cosine"
  for k = 1, 6 do
    tap.near(cosine[k], 0.5 + 0.5 * math.cos(math.pi * (k - 1) / 6), 1e-15)
  end
  tap.is(table.concat(factors { kind = "step", every = 2, factor = 0.5 }, " "),
    "1.0 1.0 0.5 0.5 0.25 0.25")
  tap.is(table.concat(factors(function(k) return 1 / k end), " "),
    table.concat({ 1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 1 / 6 }, " "))
  tap.is(factors "constant"[6], 1)
  for _, clip in ipairs { { clip_norm = 1e-3 }, { clip_value = 1e-3 } } do
    local r = train { steps = 1,
      outer = { optimizer = "sgd", lr = 2, clip_norm = clip.clip_norm,
        clip_value = clip.clip_value } }
    tap.near(r.steps[1].update_norm, 2e-3, 1e-12)
    tap.is(r.steps[1].norm_clipped, clip.clip_norm ~= nil)
    tap.is(r.steps[1].clipped, clip.clip_value and 1 or 0)
    tap.matches(r:table(), clip.clip_norm and "clip_norm shortened" or "clip_value cut 1 ele")
  end
end)

tap.test("training goes on from a given theta", function()
  local first = train { steps = 4 }
  tap.is(train({ steps = 1, theta = nudge.array { first.theta[1] } }).steps[1].gradient_norm,
    train({ steps = 5 }).steps[5].gradient_norm)
end)

tap.test("a script that writes into what it is shown changes nothing", function()
  local fields = { steps = 4, validation = { every = 1, tasks = 2 } }
  local alone = train(fields)
  fields.on_step = function(state)
    state.theta:fill(7)
    state.best.theta:fill(7)
  end
  local watched = train(fields)
  tap.ok(watched.theta:equals(alone.theta), "theta")
  tap.ok(watched.best.theta:equals(alone.best.theta), "best theta")
end)

tap.test("a script looks on, and may stop", function()
  local seen = {}
  local r = train { steps = 9, validation = { every = 2, tasks = 2 }, on_step = function(state)
    seen[#seen + 1] = state
    return state.step == 3 and "stop" or nil
  end }
  tap.is(#seen, 3)
  tap.is(#r.steps, 3)
  tap.is(r.stopped, "on_step")
  tap.ok(seen[3].theta:equals(r.theta), "theta")
  tap.is(seen[3].row, r.steps[3])
  tap.is(seen[1].validation, nil)
  tap.is(seen[2].validation, r.validation[2])
  tap.is(r.validation[3].step, 3)
  tap.raises(function()
    train { on_step = function() return true end }
  end, "test_meta_train.lua:%d+:", "on_step gave true")
  tap.raises(function()
    train { on_step = function() error("own", 0) end }
  end, "^own$")
end)

local wrong_fields = {
  { { stepz = 1 }, "no field 'stepz'; did you mean 'steps'" },
  { { steps = -1 }, "steps = %-1 is outside" },
  { { steps = "many" }, "steps must be a integer, got string" },
  { { meta_batch = 0 }, "meta_batch = 0 is outside" },
  { { parts = 6 }, "parts = 6 is outside %[1, 5%]" },
  { { parts = 0 }, "parts = 0 is outside" },
  { { domain = {} }, "domain must be one that nudge.domains.*got table" },
  { { domain = "sinusoid" }, "domain must be one that nudge.domains.*got string" },
  { { inner = { lr = 1 } }, "field steps is missing" },
  { { inner = { lr = 1, steps = 2, momentum = 1 } }, "inner.momentum has no effect" },
  { { dtype = "float16" }, "dtype = 'float16' is not one of" },
  { { theta = nudge.array { 1, 2 } }, "theta must hold 1 real numbers, got 2" },
  { { rule = nudge.learner("quadratic") }, "rule must be a nudge.rule, got nudge.learner" },
  { { on_divergence = "go on" }, "on_divergence = 'go on' is not one of: stop, skip" },
  { { accept = { "diverged" } }, "accept = 'diverged' is not one of" },
  { { on_step = 1 }, "on_step must be a function, got integer" },
  { { outer = {} }, "outer: field lr is missing" },
  { { outer = { lr = 0 } }, "outer adam: lr is 0; it must be > 0" },
  { { outer = { lr = 1, optimizer = "lion" } }, "optimizer = 'lion' is not one of: sgd" },
  { { outer = { lr = 1, optimizer = "sgd", momentum = 0.5 } }, "outer.momentum has no effect" },
  { { outer = { lr = 1, weight_decay = 0.1 } }, "weight_decay has no effect.*adamw decays" },
  { { outer = { lr = 1, nesterov = true } }, "outer.nesterov has no effect with adam" },
  { { outer = { lr = 1, momentum = 1 } }, "momentum is 1; it must lie in %[0, 1%)" },
  { { outer = { lr = 1, beta2 = -1 } }, "beta2 is %-1" },
  { { outer = { lr = 1, epsilon = 0 } }, "epsilon is 0" },
  { { outer = { lr = 1, clip_norm = 0 } }, "clip_norm is 0; it must be > 0" },
  { { outer = { lr = 1, clip_value = -1 } }, "clip_value is %-1" },
  { { outer = { lr = 1, freeze = "omega" } }, "freeze = 'omega' fits no theta group; .*theta" },
  { { outer = { lr = 1, freeze = "*" } }, "every theta group is frozen" },
  { { outer = { lr = 1, schedule = "linear" } }, "schedule = 'linear' is not one of" },
  { { outer = { lr = 1, schedule = { kind = "step", every = 2 } } }, "field factor is missing" },
  { { outer = { lr = 1, schedule = { kind = "step", every = 0, factor = 1 } } }, "every = 0" },
  { { outer = { lr = 1, schedule = { kind = "cosine", every = 1 } } }, "no field 'every'" },
  { { outer = { lr = 1, schedule = function() return -1 end } }, "schedule%(1%) gave %-1" },
  { { outer = { lr = 1, schedule = function() end } }, "schedule%(1%) gave nil" },
  { { validation = { tasks = 3 } }, "validation: field every is missing" },
  { { validation = { tasks = 0, every = 1 } }, "validation: tasks = 0 is outside" },
  { { validation = { tasks = 1, every = 0 } }, "validation: every = 0 is outside" },
  { { validation = { tasks = 1, every = 1, steps = { 3, 2 } } }, "steps must be ascending.*2" },
  { { validation = { tasks = 1, every = 1, steps = {} } }, "steps is empty" },
  { { test = { every = 1, tasks = 1 } }, "test: no field 'every'" },
  { { test = { tasks = 1, steps = { 0.5 } } }, "steps must be ascending whole.*0.5" },
}

for _, case in ipairs(wrong_fields) do
  tap.test("wrong: " .. case[2], function()
    tap.raises(function() train(case[1]) end, "test_meta_train.lua:%d+:", case[2])
  end)
end

tap.test("a missing field, and a pair that does not fit", function()
  for _, name in ipairs { "learner", "domain", "inner", "rule", "outer", "steps", "meta_batch" } do
    local d = pulls.description()
    d[name] = nil
    tap.raises(function() nudge.meta_train(d) end, "field " .. name .. " is missing")
  end
  tap.raises(function()
    sinusoid { learner = nudge.learner("complex_synapse", { layers = { 1, 4, 1 }, loss = "mse",
      activation = "relu" }), rule = nudge.rule("contrastive", { variant = "holomorphic" }),
      dtype = "float64" }
  end, "contrastive", "complex_synapse", "relu")
end)

tap.test("an outer optimizer for a loop of the script's own", function()
  local problem <close> = nudge.problem { learner = pulls.description().learner,
    tasks = pulls.domain():tasks("train", 1, pulls.N), inner = { lr = 0.5, steps = 200 } }
  local o <close> = nudge.outer { problem = problem, optimizer = "momentum", lr = 0.5 }
  local rule = pulls.description().rule
  local theta = problem:theta()
  local function step(optimiser)
    local rows = problem:set_theta(theta):estimate(rule, { per_task = true })
    local bad = optimiser:add(rows)
    tap.is(#bad, 0)
    local report
    theta, report = optimiser:step(theta)
    return report
  end
  for _ = 1, 3 do
    tap.is(step(o).tasks, pulls.N)
  end
  local state, kept = o:state(), theta
  tap.is(state.steps, 3)
  local wanted = step(o) and theta
  theta = kept
  local p <close> = nudge.outer { problem = problem, optimizer = "momentum", lr = 0.5 }
  step(p:set_state(state))
  tap.ok(theta:equals(wanted), "a restored state goes on")
  tap.is(#p:add(nudge.array { { 1 }, { 0 / 0 }, { 2 } }), 1)
  tap.is(p:clear():add(nudge.array { { 1 }, { 1 / 0 } }, { [1] = true })[1], 2)
  tap.raises(function() p:step(theta) end, "at least one task")
  tap.raises(function() p:add(nudge.array { { 1, 2 } }) end, "rows of 1 real numbers, got 1x2")
  tap.raises(function() nudge.outer { lr = 1 } end, "field problem is missing")
end)

tap.test("files hold the curves", function()
  local csv <close> = tap.file ".csv"
  local json <close> = tap.file ".json"
  local r = sinusoid()
  tap.is(r:csv(csv.path):json(json.path), r)
  local rows = 0
  for line in tap.read(csv.path):gmatch "[^\n]+" do
    tap.is(select(2, line:gsub(",", "")), 20, "commas")
    rows = rows + 1
  end
  -- Heading; 4 steps; 3 validations at 2 numbers of steps; 2 means of the test, 3 tasks at each.
  tap.is(rows, 1 + 4 + 3 * 2 + 2 + 2 * 3)
  local text = tap.read(json.path)
  tap.matches(text, '"domain": "sinusoid"')
  tap.matches(text, '"n_theta": 194')
  tap.matches(r:table(), "meta%-step +learn loss +eval loss +gradient norm +step of theta")
  tap.matches(r:table(), "test: 3 tasks with the theta of meta%-step")
  tap.matches(tostring(r), "nudge.training sinusoid, 4 meta%-steps")
  tap.raises(function() r:csv() end, "a path is wanted")
end)

tap.test("several seeds as one curve", function()
  local runs = {}
  for seed = 1, 3 do
    runs[seed] = sinusoid { seed = seed }
  end
  local s = nudge.curves(runs)
  tap.is(s.n, 3)
  for k, row in ipairs(s.validation) do
    local mean, squares = 0, 0
    for seed = 1, 3 do
      mean = mean + runs[seed].validation[k].eval_loss / 3
    end
    for seed = 1, 3 do
      squares = squares + (runs[seed].validation[k].eval_loss - mean) ^ 2
    end
    tap.near(row.eval_loss, mean, 1e-14)
    tap.near(row.eval_loss_deviation, math.sqrt(squares / 2), 1e-14)
    tap.is(row.step, runs[1].validation[k].step)
  end
  tap.is(#s.test, 2)
  tap.is(s.test[2].inner_steps, 20)
  runs[2] = sinusoid { seed = 2, steps = 2 }
  tap.raises(function() nudge.curves(runs) end, "run 2 has other .* than run 1")
  tap.raises(function() nudge.curves {} end, "list of results")
  tap.raises(function() nudge.curves { 1 } end, "entry 1 is no result")
end)

tap.done()
