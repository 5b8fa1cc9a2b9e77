-- SPDX-License-Identifier: MIT
-- Every allocation fails once: the n-th and all later ones, for n = 0, 1, 2, ... until the work
-- succeeds. Each failure is an error, and the next attempt finds everything in order.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local core = require "nudge.core"
local nudge = require "nudge"
local problems = require "problems"
local pulls = require "pulls"
local tap = require "tap"

-- The metatable of Lua's long string buffers is made with the first of them. Should memory fail
-- just then, Lua 5.4 keeps it half made, and every later long string is an error.
assert(#("x"):rep(100000) == 100000)

-- With a stride above 1 only every so many-th allocation is tried, where there are thousands.
local function survives(f, stride)
  local n = 0
  while true do
    local good, message = core.inject_failure(n, f)
    if good then
      return n
    end
    tap.matches(tostring(message), "memory")
    -- What a failure leaves behind is closed now: else it lies about, and every allocation that
    -- fails later first goes through all of it.
    collectgarbage()
    n = n + (stride or 1)
    if n > 1000000 then
      error "it never succeeds"
    end
  end
end

tap.test("arrays", function()
  local n = survives(function()
    local a = nudge.array { { 1, 2 }, { 3, 4 } }
    return (a + a * 2):sum(1):totable(), a:rows(1, 2), a:take(nudge.array({ 2 }, "index"))
  end)
  tap.ok(n >= 8, "number of allocations: " .. n)
end)

tap.test("files", function()
  local csv <close> = tap.file(".csv", "a,b\n1,2\n3,4\n")
  local npy <close> = tap.file ".npy"
  survives(function()
    local d = nudge.data.csv { path = csv.path, target = "b" }
    nudge.npy.write(npy.path, d.inputs)
    return nudge.npy.read(npy.path)
  end)
  tap.is(nudge.npy.read(npy.path):get(2, 1), 3.0)
end)

tap.test("a new plugin is whole or not there", function()
  local write, place = require "nudge.cli.new", os.tmpname()
  local path = place .. "/mine"
  os.remove(place)
  core.write_folder(place, {})
  local said <close> = tap.file ".txt"
  local terminal = io.output()
  io.output(said.path)
  local n = survives(function()
    if core.real_path(path) then
      error "it is there after a failure"
    end
    write { operands = { "rule", "mine" }, folder = { place } }
  end)
  io.output():close()
  io.output(terminal)
  tap.ok(n > 50, "number of allocations: " .. n)
  for _, file in ipairs { "README.md", "plugin.c", "meson.build", "try.lua" } do
    tap.ok(os.remove(path .. "/" .. file), file)
  end
  tap.ok(os.remove(path) and os.remove(place), "nothing else is left")
end)

tap.test("tasks of domains", function()
  local function draw()
    local custom = nudge.domain {
      name = "own",
      task = function(random)
        local x = random:uniform(2):reshape(2, 1)
        return { ["learn.inputs"] = x, ["learn.targets"] = x, ["eval.inputs"] = x,
          ["eval.targets"] = x }
      end,
    }
    local out
    for _, d in ipairs { nudge.domains.sinusoid { noise = 1 }, nudge.domains.linear(),
      nudge.domains.clusters(), custom } do
      out = d:tasks("train", 4, 2)
    end
    return out, nudge.domains.clusters():truth("test", 1, nudge.zeros(3, 2))
  end
  tap.ok(survives(draw, 7) > 100)
end)

tap.test("components and options", function()
  survives(function()
    nudge.learner("complex_synapse", { layers = { 4, 3, 2 }, lambda = 0.5 })
    return nudge.rule("contrastive", { variant = "forward" }):options(),
      nudge.options "contrastive"
  end)
end)

tap.test("a problem, opened", function()
  survives(function()
    local p <close> = problems.ridge()
    return p:groups()
  end, 3)
end)

tap.test("learning, estimates, the exact gradient", function()
  local p <close> = problems.ridge()
  local rule = nudge.rule("contrastive", { variant = "symmetric", beta = 1e-3 })
  local wanted = p:estimate(rule)
  survives(function()
    local q <close> = problems.ridge()
    q:learn()
    return q:estimate(rule), q:exact()
  end, 5)
  tap.ok(p:estimate(rule):equals(wanted), "and the same number afterwards")
end)

tap.test("a study", function()
  local p <close> = problems.scalar()
  survives(function()
    local s = nudge.gradient_error { problem = p,
      rules = { nudge.rule("contrastive", { variant = "forward" }) },
      sweep = { beta = { 1e-3, 1e-2, 1e-1 } } }
    return s:table()
  end, 7)
end)

tap.test("a meta-training", function()
  local wanted = nudge.meta_train(pulls.description { steps = 2 }).theta
  survives(function()
    local r = nudge.meta_train(pulls.description { steps = 2, parts = 2, losses = true,
      validation = { every = 1, tasks = 2 }, test = { tasks = 2 } })
    assert(r.theta:equals(wanted))
    return r:table(), nudge.curves { r, r }
  end, 7)
end)

tap.test("a page about a run, and the lines of a watched one", function()
  local page, watch = require "nudge.page", require "nudge.watch"
  local run = { id = 1, name = "run", status = "done", script = "run.lua", started = 0,
    updated = 1, finished = 1, settings = { a = 1, b = "x" }, manifest = { c = { 1 } },
    artefacts = {}, tables = { t = { { a = 1 }, { a = 2 } } },
    series = { { name = "a/test", steps = 1, last_step = 3, metrics = { { name = "loss" } } } } }
  local function rows()
    return { { step = 3, loss = 0.5 } }
  end
  survives(function()
    return page.make({ run }, rows, "nudge.db")
  end, 7)
  survives(function()
    return watch.lines(run, rows, 1, 80), core.terminal()
  end)
end)

tap.done()
