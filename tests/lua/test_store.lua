-- SPDX-License-Identifier: MIT
-- What a run keeps comes back: numbers to the bit, settings, files, tables; also after the store
-- could not be written, and after every allocation has failed once.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local core = require "nudge.core"
local json = require "nudge.json"
local nudge = require "nudge"
local problems = require "problems"
local process = require "nudge.process"
local pulls = require "pulls"
local run = require "nudge.run"
local tap = require "tap"
local text = require "nudge.text"

-- Lua 5.4 and its first long string: as in test_memory.lua.
assert(#("x"):rep(100000) == 100000)

os.remove(nudge.result "nudge.db")
local set = nudge.settings { seeds = 3, rate = 0.1, fast = false, name = "true", big = 1e300 }
assert(set.seeds == 3)

local function bits(x)
  return math.type(x) .. " " .. string.pack(math.type(x) == "integer" and "j" or "n", x)
end

local numbers = {
  zero = 0.0, minus_zero = -0.0, one = 1.0, integer = 1, negative = -7, largest = math.maxinteger,
  smallest = math.mininteger, infinite = math.huge, minus_infinite = -math.huge,
  denormal = 5e-324, tenth = 0.1, huge = 1.7976931348623157e308, third = -1 / 3,
  above_2_53 = 2 ^ 53 + 2, odd = 9007199254740993,
}

local function rows_of(series, options)
  local store <close> = nudge.store.open()
  return store:rows("last", series, options)
end

local function the_run()
  local store <close> = nudge.store.open()
  return store:run "last"
end

tap.test("numbers come back to the bit", function()
  nudge.log("numbers", 1, numbers)
  nudge.log("numbers", 2, { nan = 0 / 0, yes = true, no = false })
  local first, second = table.unpack(rows_of "numbers")
  for name, x in pairs(numbers) do
    tap.is(bits(first[name]), bits(x), name)
  end
  tap.ok(second.nan ~= second.nan, "NaN")
  tap.is(bits(second.yes) .. bits(second.no), bits(1) .. bits(0))
  tap.is(first.nan, nil)
end)

tap.test("a script shows an earlier run as its own", function()
  nudge.log("shown", 1, { x = 3 })
  nudge.log("shown", 2, { x = 4 })
  local own = nudge.earlier("", {})
  tap.is(own.id, nil)
  tap.is(#own:rows("shown", { "not this" }), 2)
  tap.is(own:last("shown").x, 4)
  tap.raises(function() own:last "nothing" end, "this run has not come to 'nothing'")
  local settings = { seeds = 0, rate = 0, fast = true, name = "", big = 0, other = 1 }
  local earlier = nudge.earlier("last", settings)
  tap.is(earlier.id, the_run().id)
  tap.is(settings.seeds, 3)
  tap.is(settings.fast, false)
  tap.is(settings.other, 1)
  tap.is(earlier:last("shown").x, 4)
  tap.is(#earlier:rows("nothing", { 1 }), 0)
  tap.raises(function() earlier:last "nothing" end, "run %d+ has not come to 'nothing'")
  tap.raises(function() nudge.earlier("last", { seeds = 1 }) end, "has a setting 'big'")
  tap.raises(function() nudge.earlier("9999", {}) end, "there is no run '9999'")
  tap.raises(function() nudge.earlier(nil, {}) end, "number of a run")
  tap.raises(function() nudge.earlier("last") end, "the script's settings")
end)

tap.test("the first and the last step that there can be", function()
  for _, step in ipairs { math.mininteger, 0, math.maxinteger } do
    nudge.log("ends", step, { a = 1 })
  end
  tap.is(#rows_of "ends", 3)
  tap.is(rows_of("ends")[1].step, math.mininteger)
  tap.is(#rows_of("ends", { after_step = math.mininteger }), 2)
  tap.is(#rows_of("ends", { after_step = math.maxinteger }), 0)
end)

tap.test("metrics of one step stay or are replaced", function()
  nudge.log("twice", 5, { a = 1, b = 2 })
  nudge.log("twice", -3, { a = 0 })
  nudge.log("twice", 5, { b = 3, c = 4 })
  local rows = rows_of "twice"
  tap.is(#rows, 2)
  tap.is(rows[1].step, -3)
  tap.is(table.concat({ rows[2].a, rows[2].b, rows[2].c }, " "), "1 3 4")
  tap.is(#rows_of("twice", { after_step = -3 }), 1)
  tap.is(#rows_of("twice", { after_step = 5 }), 0)
  tap.is(#rows_of "no such series", 0)
end)

tap.test("what is no metric is refused", function()
  tap.raises(function() nudge.log(1, 1, {}) end, "nudge%.log takes a series")
  tap.raises(function() nudge.log("s", 1.5, {}) end, "whole number", "1%.5")
  tap.raises(function() nudge.log("s", 1, { a = "x" }) end, "nudge%.log s: a is no number",
    "string")
  tap.raises(function() nudge.log("s", 1, { step = 1 }) end, "other than 'step'")
  tap.raises(function() nudge.log("s", 1, { [1] = 1 }) end, "named by a text")
  tap.raises(function() nudge.log("two\nlines", 1, {}) end, "one line")
end)

tap.test("the run", function()
  local r = the_run()
  tap.is(r.id, run.current():id())
  tap.is(r.name, "test_store")
  tap.is(r.status, "running")
  tap.ok(r.started <= r.updated and r.updated <= core.wall_clock(), "times")
  tap.is(r.script_sha256, core.sha256_file(nudge.script))
  tap.is(r.manifest.threads, nudge.threads)
  tap.is(r.manifest.nudge.program.sha256, core.sha256_file "/proc/self/exe")
  tap.ok(#r.manifest.plugins > 0 and #r.manifest.plugins[1].sha256 == 64, "plugins")
  tap.is(bits(r.settings.seeds) .. bits(r.settings.rate), bits(3) .. bits(0.1))
  tap.is(r.settings.fast, false)
  tap.is(r.settings.name, "true")
  tap.is(r.settings.big, 1e300)
end)

tap.test("series say what they hold", function()
  local recorder = run.current()
  recorder:row("times", 1, { loss = 1, seconds = 2 }, { "seconds" })
  recorder:row("times", 9, { loss = 3, seconds = 4 }, { "seconds" })
  for _, s in ipairs(the_run().series) do
    if s.name == "times" then
      tap.is(s.steps, 2)
      tap.is(s.last_step, 9)
      tap.is(s.metrics[1].name .. tostring(s.metrics[1].volatile), "lossfalse")
      tap.is(s.metrics[2].name .. tostring(s.metrics[2].volatile), "secondstrue")
    end
  end
  nudge.log("times", 5, { loss = -1 })
  nudge.log("times", 6, { loss = 0 / 0 })
  local store <close> = nudge.store.open()
  local m = store:summary("last", "times")[1]
  tap.is(table.concat({ m.n, m.first, m.last, m.lowest, m.lowest_step, m.highest, m.highest_step },
    " "), "4 1 3 -1 5 3 9")
end)

tap.test("rows after a step are forgotten, those from before and after that are kept", function()
  local recorder = run.current()
  for step = 1, 6 do
    recorder:row("resumed", step, { x = step })
  end
  recorder:commit()
  recorder:row("resumed", 7, { x = 7 })
  recorder:forget_rows("resumed", 3)
  recorder:row("resumed", 4, { x = 40 })
  local rows = rows_of "resumed"
  tap.is(#rows, 4)
  tap.is(rows[4].x, 40)
end)

tap.test("files among the results, and no others", function()
  local rows = nudge.rows { columns = { "a" }, rows = { { a = 1 } } }
  rows:csv(nudge.result "kept.csv"):json(nudge.result "kept.json")
  nudge.npy.write(nudge.result "kept.npy", nudge.zeros(3))
  local outside <close> = tap.file ".csv"
  rows:csv(outside.path):csv "/dev/null"
  local by_name, n = {}, 0
  for _, a in ipairs(the_run().artefacts) do
    by_name[a.name], n = a, n + 1
  end
  tap.is(n, 3)
  tap.is(by_name["kept.csv"].kind .. by_name["kept.json"].kind .. by_name["kept.npy"].kind,
    "csvjsonarray")
  tap.is(by_name["kept.csv"].sha256, core.sha256_file(nudge.result "kept.csv"))
  tap.is(by_name["kept.csv"].bytes, 4)
  tap.is(tap.read(by_name["kept.npy"].path), tap.read(nudge.result "kept.npy"))
  rows:csv(nudge.result "kept.csv")
  tap.is(#the_run().artefacts, 3, "written again, it is one file")
end)

tap.test("tables and options", function()
  local recorder = run.current()
  recorder:table("mine", { { a = 1, b = "x" }, { a = 0.5, c = { 1, 2 } } })
  recorder:options("stage", { learner = nudge.learner("quadratic", { lambda = 0.25 }),
    inner = { lr = 0.1, limit = math.huge }, list = { 1, 2 } })
  local r = the_run()
  tap.is(r.tables.mine[2].a, 0.5)
  tap.is(r.tables.mine[2].c[2], 2)
  local o = r.tables["stage/options"][1]
  tap.is(o.learner, "quadratic")
  tap.is(o["learner.lambda"], 0.25)
  tap.is(o["inner.lr"], 0.1)
  tap.is(o["inner.limit"], "inf")
  tap.is(o.list, "1 2")
end)

tap.test("a meta-training: every number of every row", function()
  local given = pulls.description { steps = 4, losses = true, validation = { every = 2, tasks = 3 },
    test = { tasks = 2, steps = { 0, 3 } } }
  local r = nudge.meta_train(given)
  nudge.meta_train(given)
  local kept = rows_of "pulls/train"
  tap.is(#kept, 4)
  for k, row in ipairs(kept) do
    for _, name in ipairs { "eval_loss", "learn_loss", "gradient_norm", "update_norm", "factor" } do
      tap.is(bits(row[name]), bits(r.steps[k][name]), name)
    end
  end
  local validations = rows_of "pulls/validation"
  tap.is(#validations, 3)
  tap.is(bits(validations[3].eval_loss), bits(r.validation[3].eval_loss))
  tap.is(rows_of("pulls/test")[2].step, 3)
  tap.is(bits(rows_of("pulls/test")[2].eval_loss), bits(r.test.rows[2].eval_loss))
  tap.is(bits(rows_of("pulls (2)/train")[4].eval_loss), bits(kept[4].eval_loss), "the second one")
  tap.is(the_run().tables["pulls/options"][1].meta_batch, given.meta_batch)
end)

tap.test("a study: its rows", function()
  local p <close> = problems.scalar()
  local s = nudge.gradient_error { problem = p, name = "scalar",
    rules = { nudge.rule("contrastive", { variant = "forward" }), nudge.rule "implicit" },
    sweep = { beta = { 1e-3, 1e-2 } } }
  local rows, estimates = the_run().tables.scalar, rows_of "scalar/estimates"
  tap.is(#rows, 3)
  tap.is(rows[2].rule, "contrastive")
  tap.is(rows[2].beta, 1e-2)
  tap.is(bits(estimates[2].relative_error), bits(s.rows[2].relative_error))
end)

tap.test("the runs of a store", function()
  local store <close> = nudge.store.open()
  local runs = store:runs()
  tap.is(#runs, 1)
  tap.is(#store:runs { status = "running" }, 1)
  tap.is(#store:runs { status = "killed" }, 0)
  tap.is(#store:runs { name = "test_store", script = "test_store.lua" }, 1)
  tap.is(#store:runs { script = "store.lua" }, 0)
  tap.is(#store:runs { limit = 0 }, 0)
  tap.raises(function() store:runs { nam = "x" } end, "did you mean 'name'")
  tap.raises(function() store:run(99) end, "no run '99'; the last one is 1")
  tap.raises(function() store:run "first" end, "no run 'first'")
  tap.raises(function() nudge.store.open "/nowhere" end, "no store of runs in /nowhere")
  tap.raises(function() nudge.store.open(1) end, "takes a folder")
end)

-- PRAGMA max_page_count makes a store as large as it may become: its disk is full.
local function limit(pages)
  run.current().db:exec("PRAGMA max_page_count = " .. pages)
end

tap.test("a store that is full, and then is not", function()
  local recorder, said = run.current(), {}
  local notice = core.notice
  core.notice = function(line)
    said[#said + 1] = line
  end
  local _ <close> = setmetatable({}, { __close = function()
    core.notice = notice
    limit(1000000)
  end })
  tap.ok(recorder:commit(), "before")
  limit(1)
  for step = 1, 1000 do
    nudge.log("full", step, { x = step / 7, y = -step })
  end
  for _ = 1, 2 do
    local good, why = recorder:commit()
    tap.is(good, false)
    tap.matches(why, "nudge%.db: no room left: the disk is full")
  end
  tap.is(#said, 1, "one line")
  tap.is(#rows_of "full", 0)
  limit(1000000)
  tap.ok(recorder:commit(), "after")
  tap.matches(said[2], "nothing is lost")
  local rows = rows_of "full"
  tap.is(#rows, 1000)
  tap.is(bits(rows[999].x), bits(999 / 7))
end)

local stride = os.getenv "NUDGE_TEST_GC" and 397 or 41 -- all would take long

tap.test("every allocation fails once while a run begins and ends", function()
  local recorders, folder, n = require "nudge.run.recorder", os.tmpname(), 0
  os.remove(folder)
  os.execute("mkdir " .. folder)
  local host = { out = folder, script = nudge.script, settings = {} }
  repeat
    local good, message = core.inject_failure(n, function()
      local recorder = recorders.begin(host)
      recorder:row("s", 1, { x = 1 })
      local line = recorder:finish "done"
      assert(not line, line)
    end)
    tap.ok(good or tostring(message):find "memory", tostring(message))
    collectgarbage()
    n = n + (n < 20 and 1 or stride)
  until good
  local store <close> = nudge.store.open(folder)
  local last = store:runs { limit = 1 }[1]
  tap.is(last.status, "done")
  tap.is(store:rows(last.id, "s")[1].x, 1)
  os.execute("rm -r " .. folder)
end)

tap.test("every allocation fails once: nothing is lost or kept twice", function()
  local recorder, n = run.current(), 0
  repeat
    local good, message = core.inject_failure(n, function()
      recorder:row("memory", n, { x = n, ["metric" .. n % 5] = n })
      recorder:table("memory", { { n = n } })
      assert(recorder:commit())
      local store <close> = nudge.store.open()
      return #store:rows("last", "memory"), store:run "last"
    end)
    if not good then
      tap.matches(tostring(message), "memory")
      collectgarbage()
    end
    n = n + (n < 150 and 1 or stride)
  until good
  tap.ok(n > 100, "allocations: " .. n)
  recorder:commit()
  local last = 0
  for _, row in ipairs(rows_of "memory") do
    tap.is(row.x, row.step)
    tap.is(row["metric" .. row.step % 5], row.step)
    last = row.step
  end
  tap.is(the_run().tables.memory[1].n, last)
end)

tap.test("a store of 1000 runs", function()
  local folder <close> = tap.file("", nil)
  os.execute("mkdir -p " .. folder.path)
  local files = require "nudge.store_file"
  local db <close> = files.write(folder.path)
  files.transaction(db, "IMMEDIATE", function()
    local s <close> = db:prepare("INSERT INTO runs(name, status, started, updated, pid, host, "
      .. "manifest) VALUES (?, ?, ?, ?, 1, 'elsewhere', '{}')")
    for i = 1, 1000 do
      s:run(i % 2 == 0 and "even" or "odd", i % 10 == 0 and "failed" or "done", i, i)
    end
  end)
  local store <close> = nudge.store.open(folder.path)
  tap.is(#store:runs(), 1000)
  tap.is(store:runs({ limit = 3 })[3].id, 998)
  tap.is(#store:runs { name = "even", status = "failed" }, 100)
  os.execute("rm -r " .. folder.path)
end)

tap.test("a running run of another machine is not called killed", function()
  local pid, mark = process.own()
  local host = process.host()
  tap.is(process.has_ended(host, pid, mark), false, "this one")
  tap.is(process.has_ended(host, pid, "1@other boot"), true, "its number was used before")
  tap.is(process.has_ended(host, 99999999, mark), true, "no such process")
  tap.is(process.has_ended("elsewhere", 99999999, mark), false, "elsewhere")
end)

tap.test("JSON comes back", function()
  local value = { a = { 1, 2.5, -0.125, 1e300 },
    b = { c = 'quoted "text"\n\t\\u0041 é ∂', d = true },
    e = {}, f = false, g = "\0\1\127" }
  local back = json.decode(text.json(value))
  tap.is(text.json(back), text.json(value))
  tap.is(back.b.c, value.b.c)
  tap.is(back.g, value.g)
  tap.is(json.decode [["\ud83d\ude00 \u00e9 \/ \b"]], "😀 é / \b")
  tap.is(math.type(json.decode "3"), "integer")
  for _, wrong in ipairs { "", "{", "[1", "[1,", '{"a"}', '{"a":}', '"x', "nul", "1 2", "{a:1}",
    "[1 2]", "--1" } do
    tap.raises(function() json.decode(wrong) end, "JSON")
  end
end)

tap.test("databases and statements", function()
  local file <close> = tap.file ".db"
  local db <close> = core.database(file.path, "create")
  db:exec "CREATE TABLE t(a, b)"
  local insert, find = db:prepare "INSERT INTO t VALUES (?, ?)", db:prepare "SELECT * FROM t"
  insert:run("text \0 with NUL", nil)
  insert:run(1, "é")
  tap.is(db:last_id(), 2)
  local rows = find:all()
  tap.is(rows[1].a, "text \0 with NUL")
  tap.is(rows[1].b, nil)
  tap.is(select("#", find:first()), 2)
  tap.raises(function() insert:run(1) end, "1 values for the 2 question marks")
  tap.raises(function() insert:run(1, {}) end, "a number, a string or nil")
  tap.raises(function() db:prepare "SELECT 1; SELECT 2" end, "exactly one statement")
  tap.raises(function() db:prepare "SELEC" end, "syntax error")
  tap.raises(function() db:exec "INSERT INTO u VALUES (1)" end, "no such table")
  tap.raises(function() core.database(file.path, "rite") end, "invalid option")
  tap.raises(function() core.database("/nowhere/x.db", "create") end, "/nowhere/x%.db: cannot be")
  tap.matches(insert, "nudge%.statement INSERT")
  db:close()
  tap.raises(function() insert:run(1, 2) end, "the statement is closed")
  tap.raises(function() db:exec "SELECT 1" end, "the database is closed")
  tap.matches(db, "closed")
end)

tap.done()
