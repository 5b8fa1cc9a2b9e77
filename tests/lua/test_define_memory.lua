-- SPDX-License-Identifier: MIT
-- Every so many-th allocation fails once while a script defines a learner and a rule, and while
-- both work: each failure is an error, and the next attempt finds everything in order.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local core = require "nudge.core"
local nudge = require "nudge"
local tap = require "tap"

-- The metatable of Lua's long string buffers is made with the first of them. Should memory fail
-- just then, Lua 5.4 keeps it half made, and every later long string is an error.
assert(#("x"):rep(100000) == 100000)

local function survives(f, stride)
  for n = 0, 100000, stride do
    local good, message = core.inject_failure(n, f)
    if good then
      return n
    end
    tap.matches(tostring(message), "memory")
    collectgarbage()
  end
  error "it never succeeds"
end

tap.test("learners and rules in Lua", function()
  local n = 0
  local function define()
    n = n + 1 -- an id that failed half-way may be taken, and must not be
    nudge.define_learner {
      id = "memory.mean" .. n, title = "Mean",
      options = { pull = { 0.5, min = 0, doc = "Pull." }, list = { { 1, 2 }, doc = "List." },
        kind = { "a", choices = { "a", "b" }, doc = "Kind." } },
      parameters = function(o)
        return { phi = { { "m" } }, theta = { { "pull", constant = o.pull } } }
      end,
      loss = function(g, p, task)
        return g.mean((task.learn.x - p.m) ^ 2) + p.pull * p.m ^ 2,
          g.mean((task.eval.x - p.m) ^ 2)
      end,
    }
    nudge.define_rule {
      id = "memory.difference" .. n, title = "Difference", needs = { "nudge" },
      estimate = function(problem)
        local free = problem:relax {}
        local phi, run = problem:relax { start = free, beta = 0.1, record = true, steps = 3 }
        local a = problem:evaluate { phi = free, want = "grad_theta" }
        local value, b = problem:evaluate { phi = phi, loss = "augmented", beta = 0.1,
          want = { "value", "grad_theta" } }
        assert(value == value and #run.states == 4 and free:dot(free) and problem:draw "x")
        return (b - a) / 0.1, { note = "" }
      end,
    }
    local p <close> = nudge.problem {
      learner = nudge.learner("memory.mean" .. n), inner = { lr = 0.1, steps = 10 },
      tasks = nudge.tasks.arrays { ["learn.x"] = nudge.array { 1, 2, 6 },
        ["eval.x"] = nudge.array { 0, 3 } },
    }
    return (p:estimate(nudge.rule("memory.difference" .. n)))
  end
  tap.ok(survives(define, 5) > 100)
  local g = define()
  tap.ok(g[1] == g[1])
end)

tap.test("an example", function()
  local n = 0
  local function define()
    n = n + 1
    nudge.define_learner {
      id = "memory.example" .. n, title = "With an example", parameters = print, loss = print,
      example = { options = {}, arrays = { ["learn.x"] = { 3 }, k = { 2, classes = 3 } } },
    }
  end
  tap.ok(survives(define, 11) > 50)
  for _ = 1, 20 do -- those that failed have given their places back
    define()
  end
  tap.raises(function()
    for _ = 1, 20 do
      define()
    end
  end, "no more than 32")
end)

tap.done()
