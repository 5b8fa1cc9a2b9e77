-- SPDX-License-Identifier: MIT
-- Odd input of what few-shot scripts call: one line that says what is wrong, and nothing ignored.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local pulls = require "pulls"
local tap = require "tap"

local here = "^[^ ]*test_few_shot_errors%.lua:%d+: "

local function refused(f, ...)
  tap.raises(f, here, ...)
end

local function train(other)
  return function()
    nudge.meta_train(pulls.description(other))
  end
end

tap.test("lists with named fields or holes are refused, as these would be passed over", function()
  refused(train { accept = { not_converged = true } }, "accept must be a list")
  refused(train { outer = { lr = 1, freeze = { theta = true } } }, "freeze must be a list")
  refused(train { outer = { lr = 1, freeze = { "*", nil, "nothing" } } }, "entry 2 is missing")
  refused(train { outer = { lr = 1, freeze = { 1 } } }, "entry 1 of freeze must be a string")
  for _, steps in ipairs { { 1, a = 2 }, { 1, nil, 3 }, { a = 1 } } do
    refused(train { test = { tasks = 1, steps = steps } }, "test: steps must be a list")
  end
  refused(train { test = { tasks = 1, steps = { "3" } } }, "entry 1 of steps must be a number")
end)

tap.test("domains of the script's own that give other tasks than were asked for", function()
  for what, given in pairs { nothing = {}, integer = { 3 }, ["no arrays"] = { {} },
    ["n_tasks = 3"] = { { n_tasks = 3, arrays = {} } } } do
    local strange = { name = "strange", tasks = function() return given[1] end }
    refused(train { domain = strange }, "domain strange gave " .. what, "5 tasks of train")
  end
end)

tap.test("names stay on one line", function()
  local function task() return {} end
  for _, name in ipairs { "", "a\nb", ("x"):rep(101) } do
    refused(train { name = name }, "name must be one line of 1 to 100 characters")
    refused(function() nudge.domains.sinusoid { name = name } end, "name must be one line")
    refused(function() nudge.domain { name = name, task = task } end, "name must be one line")
  end
end)

tap.test("fields of domains", function()
  local function task()
    local x = nudge.zeros(2, 1)
    return { ["learn.inputs"] = x, ["learn.targets"] = x, ["eval.inputs"] = x,
      ["eval.targets"] = x }
  end
  local function own(fields)
    return function()
      fields.name, fields.task = "own", task
      nudge.domain(fields):tasks("train", 1, 2)
    end
  end
  refused(own { arrays = {} }, "arrays is empty")
  refused(own { arrays = { a = 1 } }, "arrays must be a list")
  refused(own { arrays = { 1 } }, "entry 1 of arrays must be a string")
  refused(own { arrays = { "a", "a" } }, "arrays names 'a' twice")
  refused(own { classes = 3 }, "task 1 of own %(train%)", "classes = 3 has no effect")
  refused(function() nudge.domains.clusters { classes = 1000000, features = 1000 } end,
    "classes = 1000000 centres of features = 1000")
  refused(function() nudge.domains.sinusoid { inputs = { -1e308, 1e308 } } end, "is no range")
  refused(function() nudge.tasks.arrays { nudge.zeros(3), a = nudge.zeros(3) } end, "by name",
    "entry 1")
end)

local waves = nudge.domains.sinusoid { shots = 3 }

local function problem(dtype)
  return nudge.problem {
    learner = nudge.learner("modulated_net", { layers = { 1, 2, 1 } }), dtype = dtype,
    tasks = waves:tasks("train", 1, 3), inner = { lr = 0.01, steps = 2 },
  }
end

tap.test("tasks that are no tasks", function()
  local p = problem()
  local function tasks(change)
    return function()
      local t = waves:tasks("train", 4, 3)
      change(t)
      p:set_tasks(t)
    end
  end
  local loss = p:learn().eval_loss
  refused(tasks(function(t) t.arrays[2] = 4 end), "must be a table", "got number")
  refused(tasks(function(t) t.arrays = nil end), "arrays is nil")
  refused(tasks(function(t) t.n_tasks = (1 << 40) + 3 end), "has 3 tasks", "not 1099511627779")
  refused(tasks(function(t) local _ <close> = t.arrays[2].values end), "learn.targets is closed")
  tap.is(p:learn().eval_loss, loss)
end)

tap.test("theta that its type does not hold", function()
  local p = problem "float32"
  local before, theta = p:theta(), p:theta()
  theta:set(2, 1e39)
  refused(function() p:set_theta(theta) end, "element 2 of", "1e%+39, more than a float32 holds")
  tap.ok(p:theta():equals(before), "theta is as it was")
  problem("float64"):set_theta(theta)
end)

tap.test("adapt takes numbers and switches", function()
  local p = problem()
  refused(function() p:adapt { steps = { "3" } } end, "number 1 of steps is 3, not a whole number")
  refused(function() p:adapt { steps = { 1, a = 2 } } end, "steps must be a list")
  refused(function() p:adapt { steps = { 1 }, phi = 1 } end, "phi must be true or false, got 1")
  refused(function() p:adapt { steps = { 1 }, soft = "no" } end, "soft must be true or false")
  refused(function() p:adapt { 1, steps = { 1 } } end, "no field '1'")
end)

tap.test("the outer optimiser by itself", function()
  local p = problem()
  local n = p:info().n_theta
  local o = nudge.outer { problem = p, lr = 1, optimizer = "momentum" }
  local rows = nudge.zeros(3, n)
  -- A list of positions, as record.diverged is one, would leave out tasks 1 and 2.
  refused(function() o:add(rows, { 2, 3 }) end, "position%] = true", "got %[%d%] = [23]")
  refused(function() o:add(rows, { [4] = true }) end, "from 1 to 3")
  refused(function() o:add(rows, { a = true }) end, "got %[a%] = true")
  o:add(rows, { [1] = true, [2] = false })
  tap.is(select(2, o:step(p:theta())).tasks, 2)
  o:add(rows)
  refused(function() o:step(p:theta():fill(0 / 0)) end, "number 1 of .* of theta")
  refused(function() o:set_state { steps = 1, slots = nudge.zeros(n, 1) } end,
    "slots .* 1x" .. n, "got nudge.array " .. n .. "x1")
  refused(function() o:set_state { steps = 1 } end, "slots", "got nil")
  refused(function()
    nudge.outer { problem = p, lr = 1, optimizer = "sgd" }:set_state { steps = 1, slots = rows }
  end, "has no slots")
  refused(function() nudge.outer { problem = p, lr = math.huge } end, "lr is inf", "finite")
end)

tap.test("curves and figures", function()
  refused(function() nudge.curves { { steps = { 1 } } } end, "entry 1 is no result")
  local r = nudge.meta_train(pulls.description { steps = 1 })
  refused(function() nudge.curves { r, more = r } end, "must be a list")
  refused(function() r:csv "" end, "csv: a path is wanted, got ''")
  local x = { 1, 2 }
  local function draw(series, lines)
    return function()
      nudge.figure { panels = { { series = { series }, verticals = lines } } }
    end
  end
  refused(draw { x = x, y = x, width = -1 }, "width = %-1")
  refused(draw { x = x, low = { 0, 3 }, high = { 1, 2 } }, "low%[2%] = 3 is above high%[2%] = 2")
  refused(draw({ x = x, y = x }, { { x = 0 / 0 } }), "verticals, line 1: x = ")
end)

tap.done()
