-- SPDX-License-Identifier: MIT
-- What is kept for a run that is stopped: values and studies, on a full disk and without memory.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local core = require "nudge.core"
local nudge = require "nudge"
local processes = require "processes"
local tap = require "tap"

local folder = processes.folder
local function run(arguments) -- what cannot be written elsewhere is rescued into TMPDIR
  return processes.sh(string.format("TMPDIR=%s %s run %s", folder,
    processes.quoted(processes.program), arguments))
end

-- Ends as a run does that is killed, at its first process only.
local STOP = [[
  local function stop_once(name)
    local mark = nudge.result(name)
    if not io.open(mark, "r") then
      io.open(mark, "w"):close()
      io.stdout:write "stops\n"
      io.popen "kill -9 $PPID":close()
      while true do end
    end
  end
]]

-- A script that is killed where it says stop_once, and goes on; what it wrote in both processes.
local function killed_and_resumed(name, text)
  local script, out = processes.file(name .. ".lua", text), folder .. "/" .. name
  local code, first = run(script .. " --out " .. out)
  tap.is(code, 137, first)
  local second
  code, second = run("--resume last --out " .. out)
  tap.is(code, 0, second)
  return first, second
end

tap.test("nudge.keep computes once", function()
  local first, second = killed_and_resumed("keep", [[
    local nudge = require "nudge"
    ]] .. STOP .. [[
    local function keep(name, value)
      return nudge.keep(name, function() print("computes", name) return value end)
    end
    local a = keep("a", { theta = nudge.array { 1, 2, 3 }, n = 7, x = 0 / 0, deep = { { "t" } } })
    local b, again, none = keep("b", "text"), keep("b", "other text"), keep("none", nil)
    stop_once "mark"
    local c = keep("c", 3)
    print(a.theta:sum(), math.type(a.n), a.x ~= a.x, a.deep[1][1], b, again, none, c)
  ]])
  tap.matches(first, "computes\ta\ncomputes\tb\ncomputes\tb\ncomputes\tnone\nstops\n")
  tap.is(second, "computes\tc\n6.0\tinteger\ttrue\tt\ttext\tother text\tnil\t3\n")
end)

tap.test("what nudge.keep cannot keep is an error of the script", function()
  tap.raises(function() nudge.keep("f", function() return { best = { print } } end) end,
    "test_checkpoint.lua:%d+", "nudge.keep 'f': cannot keep best%[1%]: a function")
  tap.raises(function() nudge.keep("f") end, "nudge.keep takes a name and a function")
  tap.raises(function() nudge.keep("", print) end, "the name must be one line")
  local good, e = pcall(nudge.keep, "f", function() error("mine", 0) end)
  tap.ok(not good and e == "mine", "errors of the function pass through")
  local value = { 1 }
  tap.ok(nudge.keep("f", function() return value end) ~= value, "it is as a resumed run gets it")
end)

tap.test("a study's long work is kept", function()
  local first, second = killed_and_resumed("study", [[
    local nudge, core = require "nudge", require "nudge.core"
    ]] .. STOP .. [[
    local clock, batch, now = core.clock, core.batch, 0
    core.clock = function() return clock() + now end
    core.batch = function(...) now = now + 2 print "estimates" return batch(...) end
    local study = nudge.gradient_error {
      problem = nudge.problem { learner = nudge.learner("quadratic", { form = "ridge" }),
        tasks = nudge.tasks.regression { data = nudge.data.correlated_regression { n = 60 } },
        inner = { lr = 0.05, steps = 100 } },
      rules = { nudge.rule("contrastive", { variant = "forward" }), nudge.rule "implicit" },
      sweep = { beta = { 1e-3, 1e-2 } },
    }
    stop_once "mark"
    for _, row in ipairs(study.rows) do
      print(row.family.label, string.format("%a", row.relative_error), row.gradient:norm())
    end
  ]])
  tap.matches(first, "^estimates\nstops\n")
  tap.is(select(2, second:gsub("0x", "")), 3, "rows")
  tap.ok(not second:find "estimates", second)
end)

tap.test("memory may run out anywhere while a stage is saved and loaded", function()
  local _, second = killed_and_resumed("memory", [[
    local nudge, core = require "nudge", require "nudge.core"
    local checkpoint = require "nudge.checkpoint"
    ]] .. STOP .. [[
    assert(#("x"):rep(100000) == 100000) -- see test_memory.lua
    local function survives(f)
      for n = 0, 20000 do
        local good, message = core.inject_failure(n, f)
        collectgarbage()
        if good then
          return n
        end
        assert(tostring(message):find "memory", message)
      end
    end
    local stage = checkpoint.stage("test", "stage", { rule = "x" })
    if stage:load() == nil then
      stage:save { 1 }
      print(survives(function() stage:save { theta = nudge.linspace(0, 1, 9), rows = { 1 } } end))
      stop_once "mark"
    end
    print(survives(function() stage:load() end), stage:load().theta[9], stage:load().rows[1])
  ]])
  tap.matches(second, "^%d+\t1.0\t1\n$")
end)

-- A shell in which a folder is a disk of its own, of some kB; nil where that is not allowed.
local function on_small_disk(mount, commands)
  for _, unshare in ipairs { "unshare -m", "unshare -rm" } do
    local line = string.format("%s sh -c %s", unshare, processes.quoted(string.format(
      "mount -t tmpfs -o size=400k none %s || exit 99; %s", mount, commands)))
    local code, text = processes.sh(line)
    if code ~= 99 and code ~= 127 and code ~= 1 then
      return code, text
    end
  end
end

tap.test("a full disk stops nothing, and the checkpoint before stays", function()
  local disk, copy, plain = folder .. "/disk", folder .. "/copy", folder .. "/plain"
  core.make_folders(disk)
  core.make_folders(copy)
  local script = processes.file("full.lua", [[
    local nudge = require "nudge"
    local function fill() -- to the last byte
      local f = io.open(nudge.result "filler", "wb")
      f:setvbuf "no"
      while f:write(("x"):rep(512)) do end
      f:close()
    end
    local function train(name)
      return nudge.meta_train { name = name, learner = nudge.learner("modulated_net",
        { layers = { 1, 6, 1 } }), rule = nudge.rule "fomaml", domain = nudge.domains.sinusoid(),
        inner = { lr = 0.01, steps = 5 }, outer = { lr = 0.01 }, steps = 40, meta_batch = 4 }
    end
    local a = train "first"
    if os.getenv "FILL" then
      fill()
    end
    local b = train "second"
    print(string.format("%a %a", a.theta:norm(), b.theta:norm()))
  ]])
  local code, wanted = run(script .. " --out " .. plain)
  tap.is(code, 0, wanted)
  local program = processes.quoted(processes.program)
  local text
  code, text = on_small_disk(disk, table.concat({
    string.format("TMPDIR=%s FILL=1 %s run %s --out %s; echo exit $?", folder, program, script,
      disk),
    string.format("rm -f %s/filler; ls %s/nudge-checkpoints/1 | grep ckpt", disk, disk),
    string.format("%s run --resume 1 --out %s; echo exit $?", program, disk),
    string.format("cp %s/nudge.db* %s; exit 77", disk, copy) }, "; "))
  if not code then
    print "# skipped: no small disk can be mounted here"
    return
  end
  tap.is(code, 77, text)
  local first, second = text:match "^(.-)exit 1\n(.*)$"
  tap.matches(first, "nudge.db: no room left: the disk is full; the run goes on, and tries again")
  tap.matches(first, "checkpoint: cannot write .*second.*No space left on device; the run goes on")
  tap.ok(first:find(wanted, 1, true), "it ends as without a full disk: " .. first)
  tap.matches(second, "^first%-%x+%.ckpt\n")
  tap.is(second:match "\n(.*)", wanted .. "exit 0\n", "what was not kept is computed anew")
  local got <close> = nudge.store.open(copy)
  local whole <close> = nudge.store.open(plain)
  for _, series in ipairs { "first/train", "second/train" } do
    tap.is(#got:rows(1, series), #whole:rows(1, series), "rows of " .. series)
  end
end)

processes.done()
tap.done()
