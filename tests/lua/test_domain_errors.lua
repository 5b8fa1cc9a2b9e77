-- SPDX-License-Identifier: MIT
-- Errors of domains: one line that names the domain, the split and the task, and what to change.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

local here = "^[^ ]*test_domain_errors%.lua:%d+: "

local function refused(make, fields, ...)
  tap.raises(function()
    make(fields)
  end, here, ...)
end

tap.test("fields of the domains that nudge brings", function()
  for _, name in ipairs { "sinusoid", "linear", "polynomial", "clusters" } do
    local make, owner = nudge.domains[name], "nudge%.domains%." .. name .. ": "
    refused(make, { shots = 0 }, owner .. "shots = 0", "give at least 1")
    refused(make, { eval_shots = -2 }, owner .. "eval_shots = %-2", "give at least 1")
    refused(make, { shoots = 3 }, owner .. "no field 'shoots'", "did you mean 'shots'")
    refused(make, { shots = "3" }, owner .. "field shots must be a integer")
  end
  for name, fields in pairs { sinusoid = { "amplitude", "phase", "frequency", "inputs" },
    linear = { "weight", "bias", "inputs" }, polynomial = { "coefficient", "inputs" } } do
    for _, field in ipairs(fields) do
      local make, owner = nudge.domains[name], "nudge%.domains%." .. name .. ": " .. field
      refused(make, { [field] = { 2, 1 } }, owner .. " = { 2, 1 } is no range",
        "lowest comes first")
      refused(make, { [field] = { 0 / 0, 1 } }, owner, "is no range")
      refused(make, { [field] = { 0, math.huge } }, owner, "finite")
      refused(make, { [field] = { 1, 2, 3 } }, owner, "{ lowest, highest }")
      refused(make, { [field] = { "a", 2 } }, owner, "{ lowest, highest }")
    end
    refused(nudge.domains[name], { noise = -0.1 }, "noise = %-0%.1")
    refused(nudge.domains[name], { noise = math.huge }, "noise = inf")
  end
  refused(nudge.domains.sinusoid, { preset = "broad" }, "preset = 'broad'", "narrow, wide")
  refused(nudge.domains.linear, { features = 0 }, "features = 0")
  refused(nudge.domains.polynomial, { degree = -1 }, "degree = %-1")
  refused(nudge.domains.clusters, { ways = 7, classes = 5 },
    "ways = 7 is larger than classes = 5; lower ways or raise classes")
  refused(nudge.domains.clusters, { ways = 1 }, "ways = 1")
  refused(nudge.domains.clusters, { deviation = -1 }, "deviation = %-1")
end)

tap.test("places and points", function()
  local d = nudge.domains.sinusoid()
  local function asked(method, ...)
    local arguments = table.pack(...)
    return function(...)
      tap.raises(function()
        d[method](d, table.unpack(arguments, 1, arguments.n))
      end, here, "domain sinusoid: " .. method, ...)
    end
  end
  asked("tasks", "training", 1, 2) ("'training'", "train, valid, test")
  asked("tasks", "train", 0, 2) "first = 0"
  asked("tasks", "train", 1.5, 2) "first = 1.5 is not a whole number"
  asked("tasks", "train", 1, 0) "n = 0"
  asked("tasks", "train", 1, 2, { grid = 1 }) ("no field 'grid'", "eval_grid")
  asked("task", "train", nil) "index = nil"
  asked("truth", "train", 1, { 1, 2 }) "must be a real nudge.array"
  asked("truth", "train", 1, nudge.zeros(3, 2)) "points x 1 inputs, got 3x2"
  tap.raises(function()
    d:tasks("train", 1, 2, { eval_grid = nudge.zeros(3, 2) })
  end, here, "domain sinusoid: eval_grid", "got 3x2")
end)

-- A domain whose task is sound but for what `spoil` does to it from task 3 on.
local function spoilt(spoil, fields)
  local made = {
    name = "waves",
    task = function(random, index)
      local x, y = random:uniform(10):reshape(10, 1), random:uniform(10):reshape(10, 1)
      local out = {
        ["learn.inputs"] = x:rows(1, 5):copy(), ["learn.targets"] = y:rows(1, 5):copy(),
        ["eval.inputs"] = x:rows(6, 10):copy(), ["eval.targets"] = y:rows(6, 10):copy(),
      }
      if index >= 3 then
        return spoil(out, random)
      end
      return out
    end,
  }
  for name, value in pairs(fields or {}) do
    made[name] = value
  end
  return nudge.domain(made)
end

local function wrong(spoil, ...)
  local patterns = table.pack(...)
  for _, place in ipairs { { 1, 5 }, { 3, 1 } } do
    local d = spoilt(spoil)
    if place[1] == 3 then
      d:tasks("valid", 1, 1) -- so that the domain knows a shape
    end
    tap.raises(function()
      d:tasks("valid", place[1], place[2])
    end, here, "task 3 of waves %(valid%): ", table.unpack(patterns))
  end
end

local function with(name, values)
  return function(out)
    out[name] = values
    return out
  end
end

tap.test("what a function of the script returns", function()
  wrong(function() end, "returned nothing; return a table with learn%.inputs, learn%.targets")
  wrong(function() return 7 end, "returned integer; return a table")
  wrong(with("learn.inputs", nil), "no learn%.inputs")
  wrong(with("learn.input", nudge.zeros(5)), "'learn%.input'", "did you mean 'learn%.inputs'")
  wrong(with(1, nudge.zeros(5)), "no array '1'")
  wrong(with("eval.targets", { 1, 2 }), "eval%.targets must be a nudge%.array, got table")
  local closed = nudge.zeros(5, 1)
  closed:close()
  wrong(with("eval.targets", closed), "eval%.targets is closed")
  wrong(with("eval.targets", nudge.array({ 0, 0, 0, 0, 0 }, "index")),
    "eval%.targets holds labels; give nudge.domain the number of classes")
  wrong(with("learn.inputs", nudge.zeros(5)),
    "learn%.inputs is 5; it must be real, samples x inputs")
  wrong(with("learn.inputs", nudge.zeros(5, 1, 1, 1)), "at most three axes")
  wrong(with("learn.targets", nudge.zeros(4, 1)),
    "learn%.targets is 4x1, but learn%.inputs has 5 rows")
  wrong(with("eval.inputs", nudge.zeros(5, 2)),
    "eval%.inputs is 5x2, but learn%.inputs has 1 column")
  wrong(function(out)
    out["eval.inputs"], out["eval.targets"] = nudge.zeros(6, 1), nudge.zeros(6, 1)
    return out
  end, "eval%.inputs is 6x1, but 5x1 in task 1 %(valid%); all tasks of a domain have one shape")
end)

tap.test("data that are not finite", function()
  for text, value in pairs { nan = 0 / 0, inf = math.huge, ["%-inf"] = -math.huge } do
    wrong(function(out)
      out["eval.targets"]:set(4, 1, value)
      return out
    end, "eval%.targets is " .. text .. " in row 4; data must be finite")
  end
  -- also of domains that nudge brings
  tap.raises(function()
    nudge.domains.polynomial { degree = 2, coefficient = 1e200, inputs = 1e200 }
      :tasks("train", 2, 2)
  end, here, "task 2 of polynomial %(train%): learn%.targets is inf in row 1")
end)

tap.test("labels are below the number of classes", function()
  local function labelled(label)
    return nudge.domain {
      name = "steps", classes = 3,
      task = function(_, index)
        local labels = nudge.array({ 0, index == 4 and label or 2 }, "index")
        return { ["learn.inputs"] = nudge.zeros(2, 1), ["learn.targets"] = labels,
          ["eval.inputs"] = nudge.zeros(2, 1), ["eval.targets"] = labels }
      end,
    }
  end
  for _, label in ipairs { 3, -1 } do
    tap.raises(function()
      labelled(label):tasks("test", 1, 6)
    end, here, "task 4 of steps %(test%): learn%.targets is " .. (label == 3 and "3" or "%-1")
      .. " in row 2; labels go from 0 to 2, as classes = 3 says")
  end
  tap.is(labelled(0):tasks("test", 1, 6).arrays[2].classes, 3)
  tap.raises(function()
    nudge.domain { name = "steps", classes = 0, task = print }
  end, here, "nudge.domain: classes = 0")
end)

tap.test("an error of the function keeps text and position", function()
  wrong(function()
    error "no such sample"
  end, "the function task failed: .*test_domain_errors%.lua:%d+: no such sample$")
  wrong(function()
    error("one\n  two", 0)
  end, "failed: one; two$")
  wrong(function()
    return nudge.zeros(2) + nudge.zeros(3)
  end, "test_domain_errors%.lua:%d+: shapes 2 and 3 do not go together$")
  wrong(function()
    return nudge.linspace(1, 2, 0)
  end, "failed: .*number of points must be at least 1")
end)

tap.test("truth of a function", function()
  local grid = nudge.linspace(0, 1, 4)
  local d = spoilt(function(out) return out end)
  tap.raises(function()
    d:truth("test", 1, grid)
  end, here, "domain waves does not know its truth; give nudge.domain a function truth")
  tap.raises(function()
    d:task("test", 1)
  end, here, "domain waves: .* does not say")
  local function truth_is(f, ...)
    local e = spoilt(function(out) return out end, { truth = f })
    local patterns = table.pack(...)
    tap.raises(function()
      e:tasks("test", 6, 2, { eval_grid = grid })
    end, here, "task [67] of waves %(test%): ", table.unpack(patterns))
  end
  truth_is(function() end, "the result of truth must be a nudge.array, got nil")
  truth_is(function() return nudge.zeros(3, 1) end, "truth returned 3x1 for 4 points")
  truth_is(function(_, i) return nudge.zeros(4, i) end, "task 7 .* 4x7, but 4x6 in the task before")
  truth_is(function() error "unknown" end, "the function truth failed: .*unknown$")
  truth_is(function() return nudge.zeros(4, 1) / 0 end,
    "task 6 .* eval%.targets is nan in row 1")
  local good = spoilt(function(out) return out end, {
    truth = function(random, _, points)
      return points * random:uniform(1)[1]
    end,
  })
  local t = good:tasks("test", 6, 2, { eval_grid = grid })
  tap.ok(t.arrays[4].values[2]:equals(good:truth("test", 7, grid)))
  tap.ok(t.arrays[3].values[2]:equals(grid:reshape(4, 1)))
  tap.raises(function()
    good:tasks("test", 6, 2, { eval_grid = nudge.zeros(4, 2) })
  end, here, "domain waves: eval_grid has points of 2 inputs, but learn.inputs has 1 column")
end)

tap.test("a function may fill the same array again", function()
  local x = nudge.zeros(2, 1)
  local d = nudge.domain {
    name = "again",
    task = function(_, index)
      x:fill(index)
      return { ["learn.inputs"] = x, ["learn.targets"] = x, ["eval.inputs"] = x,
        ["eval.targets"] = x }
    end,
  }
  local values = d:tasks("train", 1, 3).arrays[1].values
  tap.is(values[{ 1, 1, 1 }] .. " " .. values[{ 3, 2, 1 }], "1.0 3.0")
end)

tap.test("arrays of other names, for other learners", function()
  local d = nudge.domain {
    name = "forms", arrays = { "H0", "a", "M", "c" },
    task = function(random)
      return { H0 = random:uniform(1):reshape(1, 1) + 1, a = nudge.zeros(1),
        M = nudge.array { { 0.8 } }, c = nudge.array { -1 } }
    end,
  }
  local t = d:tasks("train", 1, 2)
  tap.is(t.arrays[1].name .. " " .. t.arrays[1].role, "H0 whole")
  local p <close> = nudge.problem {
    learner = nudge.learner("quadratic", { form = "linear_quadratic", l = 0.5, theta = 0 }),
    tasks = t, inner = { optimizer = "newton", lr = 1, steps = 20 },
  }
  tap.is(p:info().n_tasks, 2)
end)

tap.done()
