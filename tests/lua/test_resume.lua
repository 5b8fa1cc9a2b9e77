-- SPDX-License-Identifier: MIT
-- Runs that are stopped and go on: real processes, killed and interrupted, against one that is not.
-- Rows and final arrays are the same to the bit.
local folder = debug.getinfo(1, "S").source:match "^@(.*/)"
package.path = folder .. "?.lua;" .. package.path
local core = require "nudge.core"
local nudge = require "nudge"
local processes = require "processes"
local tap = require "tap"

local KILLS = 20
local script = core.real_path(folder .. "resumed.lua")
local work, quoted, program = processes.folder, processes.quoted, processes.program
local nudge_run, killed_after, sh = processes.run, processes.killed_after, processes.sh

local function same(a, b)
  return string.pack(math.type(a) == "float" and "d" or "j", a)
    == string.pack(math.type(b) == "float" and "d" or "j", b)
end

-- Every row of a run, but for what is volatile: { series = { [step] = { [metric] = value } } }.
local function rows_of(out, id)
  local store <close> = nudge.store.open(out)
  local r, all = store:run(id), {}
  for _, series in ipairs(r.series) do
    local rows, volatile = {}, {}
    for _, metric in ipairs(series.metrics) do
      volatile[metric.name] = metric.volatile
    end
    for _, row in ipairs(store:rows(id, series.name)) do
      local kept = {}
      for name, value in pairs(row) do
        kept[name] = not volatile[name] and value or nil
      end
      rows[row.step] = kept
    end
    all[series.name] = rows
  end
  return all, r
end

local function assert_within(a, b, what)
  for series, rows in pairs(a) do
    for step, row in pairs(rows) do
      for name, value in pairs(row) do
        local other = ((b[series] or {})[step] or {})[name]
        tap.ok(other ~= nil and same(value, other), string.format("%s: %s of %s at %d", what, name,
          series, step))
      end
    end
  end
end

local files = {}
for _, name in ipairs { "dual", "synapses" } do
  for _, what in ipairs { "theta", "best", "slots", "test" } do
    files[#files + 1] = string.format("%s_%s.npy", name, what)
  end
end

local reference = work .. "/reference"

local function assert_like_reference(out, id)
  local wanted = rows_of(reference, 1)
  local got, r = rows_of(out, id)
  tap.is(r.status, "done")
  assert_within(wanted, got, "missing or other")
  assert_within(got, wanted, "too much")
  for _, file in ipairs(files) do
    tap.ok(tap.read(out .. "/" .. file) == tap.read(reference .. "/" .. file), file)
  end
  tap.is(core.list_folder(out .. "/nudge-checkpoints"), nil, "checkpoints of a run that is done")
end

tap.test("the run without interruption", function()
  local code, text = nudge_run(script .. " --out " .. reference)
  tap.is(code, 0, text)
  local rows = rows_of(reference, 1)
  tap.is(#rows["dual system/train"], 120)
  tap.ok(rows["synapses/test"][0].eval_loss and rows.offsets[5].offset, "rows of all kinds")
end)

-- A new run where none has begun, else the last one goes on.
local function arguments_for(out)
  local good, n = pcall(function()
    local store <close> = nudge.store.open(out)
    return #store:runs()
  end)
  return (good and n > 0 and "--resume last" or script) .. " --out " .. out
end

-- A run that is killed when everything is written is done, and refused the next time.
local function is_done(code, text)
  return code == 0 or (code == 1 and text:find "run 1 is done" ~= nil)
end

tap.test("killed at random moments, a run goes on to the same bits", function()
  local seed = math.tointeger(os.getenv "NUDGE_TEST_SEED") or os.time()
  print("# moments of seed " .. seed .. "; NUDGE_TEST_SEED repeats them")
  local moments, killed, runs, within = nudge.random(seed):uniform(10 * KILLS), 0, 0, 0
  local out = work .. "/killed0"
  for i = 1, 10 * KILLS do
    local code, text = killed_after(0.03 + 0.6 * moments[i], arguments_for(out))
    local done = is_done(code, text)
    tap.ok(done or code == 137, "exit status " .. code .. ": " .. text)
    killed = killed + (code == 137 and 1 or 0)
    within = within + (text:find "goes on behind" and 1 or 0)
    if done then
      assert_like_reference(out, "last")
      if killed >= KILLS then
        break
      end
      runs = runs + 1
      out = work .. "/killed" .. runs
    elseif killed >= KILLS then
      code, text = nudge_run(arguments_for(out))
      tap.ok(is_done(code, text), text)
      assert_like_reference(out, "last")
      break
    end
  end
  print(string.format("# %d kills in %d runs; %d times a meta-training went on", killed, runs + 1,
    within))
  tap.ok(killed >= KILLS, "kills: " .. killed)
end)

tap.test("an interrupt ends the meta-step, keeps it and says how to go on", function()
  for _, signal in ipairs { "INT", "TERM" } do
    local out = work .. "/" .. signal
    local code, text = nudge_run(string.format("%s --out %s --set at=30 --set signal=%s", script,
      out, signal))
    tap.is(code, 130, text)
    tap.matches(text, "nudge: ends this step and keeps it")
    tap.matches(text, "resumed.lua:%d+: interrupted\n")
    tap.matches(text, "nudge: to go on: nudge run %-%-resume 1 %-%-out " .. out .. "\n")
    local rows, r = rows_of(out, 1)
    tap.is(r.status, "interrupted")
    tap.is(#rows["dual system/train"], 30, "meta-steps in the store")
    code, text = nudge_run("--resume 1 --out " .. out)
    tap.is(code, 0, text)
    tap.matches(text, "dual system goes on behind meta%-step 30 of 120")
    assert_like_reference(out, 1)
  end
end)

tap.test("a second interrupt stops at once, in the middle of a phase", function()
  local long = processes.file("long.lua", [[
    local nudge = require "nudge"
    os.execute "(sleep 0.7; kill -INT $PPID; sleep 0.3; kill -INT $PPID) &"
    nudge.meta_train { learner = nudge.learner("modulated_net", { layers = { 1, 30, 30, 1 } }),
      rule = nudge.rule "contrastive", domain = nudge.domains.sinusoid(), outer = { lr = 0.01 },
      inner = { lr = 1e-3, steps = 1 << 30 }, steps = 2, meta_batch = 20 }
  ]])
  local started = core.clock()
  local code, text = nudge_run(long .. " --out " .. work .. "/long")
  tap.is(code, 130, text)
  tap.ok(core.clock() - started < 60, "it stops") -- the phase would take hours
  tap.matches(text, "nudge: ends this step.*interrupted\nnudge: to go on")
end)

-- An interrupted run in a folder of its own, to go on with.
local n_stopped = 0
local function stopped()
  n_stopped = n_stopped + 1
  local out = work .. "/stopped" .. n_stopped
  local code, text = nudge_run(string.format("%s --out %s --set at=20 --set signal=INT", script,
    out))
  tap.is(code, 130, text)
  return out
end

local function refused(arguments, ...)
  local code, text = nudge_run(arguments)
  tap.is(code, 1, text)
  tap.is(select(2, text:gsub("\n", "")), 1, "lines of " .. text)
  for _, pattern in ipairs { ... } do
    tap.matches(text, pattern)
  end
end

tap.test("what cannot go on is refused in a line, and stays as it was", function()
  local out = stopped()
  refused("--resume 1 --out " .. reference, "nudge: run 1 is done: there is nothing to go on with")
  refused("--resume 7 --out " .. out, "there is no run '7'; the last one is 1")
  refused("--resume x --out " .. out, "there is no run 'x'")
  refused("--resume 1 --out " .. work .. "/nowhere", "there is no store of runs in .*nowhere")
  refused("--resume 1 --no-store --out " .. out, "leave %-%-no%-store out")
  refused("--resume 1 --set steps=7 --out " .. out,
    "run 1 was made without %-%-set steps, not with %-%-set steps=7")
  refused("--resume 1 --set at=21 --out " .. out,
    "run 1 was made with %-%-set at=20, not with %-%-set at=21")
  local changed = processes.file("changed.lua", tap.read(script) .. "\n")
  refused(changed .. " --resume 1 --out " .. out,
    "run 1 was made by another script than .*changed.lua is now %(new: line 55%): SHA%-256 %x+",
    "%-%-changed%-script goes on with it all the same")
  refused(script .. " --changed-script --out " .. out, "%-%-resume RUN is missing")
  refused(work .. "/gone.lua --resume 1 --out " .. out, "gone.lua")
  local code, text = nudge_run(script .. " --resume last --set at=20 --out " .. out)
  tap.is(code, 0, text)
  assert_like_reference(out, 1)
end)

tap.test("with a changed script it goes on if it is told to, and the manifest says so", function()
  local out, text = stopped(), tap.read(script)
  local function changed(pattern, by)
    local new, n = text:gsub(pattern, by)
    tap.is(n, 1, pattern)
    return processes.file("changed.lua", new) .. " --resume 1 --changed-script --out " .. out
  end
  -- A stage that has begun and is another problem now is refused as ever.
  local code, said = nudge_run(changed("lr = 0%.01, schedule", "lr = 0.02, schedule"))
  tap.is(code, 1, said)
  tap.matches(said, "is of another problem: outer.lr was 0.01 and is 0.02; without this file")
  local _, r = rows_of(out, 1)
  tap.is(r.status, "failed")
  code, said = nudge_run(changed('steps = 120, signal = "", at = 0 }',
    'steps = 120, signal = "", at = 0, added = 7 }\nnudge.log("added", 1, { x = set.added })'))
  tap.is(code, 0, said)
  tap.matches(said, "run 1 goes on with a changed script %(lines 5%-28 in place of lines 5%-27%); ")
  tap.matches(said, "dual system goes on behind meta%-step 20 of 120")
  local rows
  rows, r = rows_of(out, 1)
  tap.is(rows.added[1].x, 7)
  rows.added = nil
  assert_within(rows_of(reference, 1), rows, "missing or other")
  assert_within(rows, rows_of(reference, 1), "too much")
  tap.is(r.settings.added, 7)
  tap.is(r.settings.at, 20)
  tap.is(r.script, core.real_path(work .. "/changed.lua"))
  tap.is(r.manifest.script.sha256, r.script_sha256)
  local changes = r.manifest.changed_scripts
  tap.is(#changes, 2)
  tap.is(changes[1].from.path, script)
  tap.is(changes[1].from.sha256, core.sha256_file(script))
  tap.is(changes[1].lines, "line 27 in place of line 27")
  tap.is(changes[2].to.sha256, r.script_sha256)
  tap.is(changes[1].to.sha256, changes[2].from.sha256)
  code, said = sh(quoted(program) .. " show 1 --out " .. out)
  tap.is(code, 0, said)
  tap.matches(said, "changed +%d+%-.*: lines? .*before %(sha256 %x+%)")
  tap.is(core.list_folder(out .. "/nudge-checkpoints"), nil, "checkpoints of a run that is done")
end)

tap.test("a run that still runs is refused", function()
  local out = work .. "/running"
  local again = quoted(program) .. " run --resume 1 --out " .. out
  local code, text = sh(string.format("sh -c %s", quoted(string.format(
    "%s run %s --out %s & p=$!; until [ -d %s/nudge-checkpoints ]; do sleep 0.02; done; "
    .. "kill -STOP $p; %s; c=$?; kill -KILL $p; exit $c", quoted(program), script, out, out,
    again))))
  tap.is(code, 1, text)
  tap.matches(text, "nudge.db: run 1 still runs: process %d+ on")
  code, text = nudge_run("--resume 1 --out " .. out)
  tap.is(code, 0, text)
  assert_like_reference(out, 1)
end)

-- The checkpoint of a stage whose file begins with a name.
local function checkpoint_of(out, name)
  for _, file in ipairs(core.list_folder(out .. "/nudge-checkpoints/1")) do
    if file:find(name, 1, true) == 1 then
      return out .. "/nudge-checkpoints/1/" .. file
    end
  end
  error("no checkpoint of " .. name)
end

local function put(path, text)
  local f <close> = assert(io.open(path, "wb"))
  f:write(text)
end

tap.test("a checkpoint that is damaged or another's is named, and may be removed", function()
  local out = stopped()
  local path = checkpoint_of(out, "dual-system")
  local good = tap.read(path)
  local resume = "--resume 1 --out " .. out
  local damages = {
    { good:sub(1, #good // 2), "is truncated: %d+ of %d+ bytes" },
    { good:sub(1, 10), "no checkpoint of nudge, or it is cut off" },
    { good:sub(1, 999) .. string.char(good:byte(1000) ~ 4) .. good:sub(1001), "is damaged" },
    { good:sub(1, 12) .. "\7\0\0\0" .. good:sub(17), "a newer nudge wrote it" },
    { tap.read(checkpoint_of(out, "keep-start")), "holds a 'keep', not a 'meta_train'" },
  }
  for _, damage in ipairs(damages) do
    put(path, damage[1])
    refused(resume, "checkpoint .*dual%-system", damage[2], "without this file the stage is comp")
    tap.ok(tap.read(path) == damage[1], "the file is left alone")
  end
  -- Of the same script at another problem.
  local other = work .. "/other"
  local code, text = nudge_run(string.format(
    "%s --out %s --set at=3 --set signal=INT --set steps=50", script, other))
  tap.is(code, 130, text)
  put(path, tap.read(checkpoint_of(other, "dual-system")))
  refused(resume, "is of another problem: steps was 50 and is 120")
  os.remove(path)
  code, text = nudge_run(resume) -- comes to step 20 once more
  tap.is(code, 130, text)
  tap.ok(not text:find "goes on behind", text)
  code, text = nudge_run(resume)
  tap.is(code, 0, text)
  assert_like_reference(out, 1)
end)

tap.test("where no checkpoint can be written, the run goes on and says so once", function()
  local out = work .. "/unwritable"
  core.make_folders(out)
  put(out .. "/nudge-checkpoints", "in the way")
  local code, text = nudge_run(script .. " --out " .. out)
  tap.is(code, 0, text)
  tap.matches(text, "nudge: checkpoint: cannot make folder .*the run goes on, and tries again")
  tap.is(select(2, text:gsub("tries again", "")), 3, "notices (one per stage): " .. text)
  tap.is(tap.read(out .. "/nudge-checkpoints"), "in the way")
  os.remove(out .. "/nudge-checkpoints")
  assert_like_reference(out, 1)
end)

processes.done()
tap.done()
