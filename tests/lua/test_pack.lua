-- SPDX-License-Identifier: MIT
-- Values as bytes and back, in texts and in files: to the bit, or an error that says what is wrong.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local core = require "nudge.core"
local nudge = require "nudge"
local tap = require "tap"

local collected = os.getenv "NUDGE_TEST_GC" -- which takes its time
local ROUNDS, STRIDE = collected and 20 or 300, collected and 37 or 1

-- The same to the bit: NaN with its bits, 0 and -0 apart, whole and real numbers apart.
local function same(a, b)
  if type(a) ~= type(b) then
    return false
  elseif type(a) == "table" then
    for key, value in pairs(a) do
      if not same(value, b[key]) then
        return false
      end
    end
    for key in pairs(b) do
      if a[key] == nil then
        return false
      end
    end
    return true
  elseif type(a) == "number" then
    return math.type(a) == math.type(b)
      and string.pack(math.type(a) == "float" and "d" or "j", a)
        == string.pack(math.type(b) == "float" and "d" or "j", b)
  elseif type(a) == "userdata" then
    return a:kind() == b:kind() and same(a:shape(), b:shape()) and same(a:totable(), b:totable())
  end
  return a == b
end

local function there_and_back(value)
  return core.unpack(core.pack(value))
end

local nan = string.unpack("d", string.pack("j", 0x7ff800000000beef))

local samples = {
  true, false, 0, 1, -1, 127, 128, -128, math.maxinteger, math.mininteger, 0.0, -0.0, 0.1, 1e308,
  5e-324, math.huge, -math.huge, nan, -nan, "", "a", ("x"):rep(40), ("x"):rep(41), "a\0b\n\255",
  ("long "):rep(50000), {}, { 1, 2, 3 }, { 1, nil, 3 }, { [0] = "zero", [-1] = "minus" },
  { [1.5] = "half", [true] = 1, [false] = { {} } }, { a = { b = { c = {} } } },
  nudge.array { 1, 2, 3 }, nudge.array { { 1, -0.0 }, { nan, math.huge } },
  nudge.array({ 1, 2, 2147483647 }, "index"), nudge.zeros(2, 3, 4, 5),
  { theta = nudge.linspace(0, 1, 100), rows = { { step = 1, eval_loss = 0.5, stopped = "x" } } },
}

tap.test("values come back to the bit", function()
  tap.is(there_and_back(nil), nil)
  for i, value in ipairs(samples) do
    tap.ok(same(there_and_back(value), value), "sample " .. i .. " comes back")
  end
  tap.ok(same(there_and_back(samples), samples), "all of them")
end)

-- Nested values of every kind, from a random stream.
local function draw(r, depth)
  local kind = r:integer(depth > 4 and 5 or 8)
  if kind == 1 then
    return r:integer(3) == 1
  elseif kind == 2 then
    return (r:integer(1 << 30) - r:integer(1 << 30)) * r:integer(1 << 30)
  elseif kind == 3 then
    return r:normal(1)[1] * 10 ^ (r:integer(600) - 300)
  elseif kind == 4 then
    return string.char(r:integer(256) - 1):rep(r:integer(60))
  elseif kind == 5 then
    return r:normal(r:integer(20))
  end
  local out = {}
  for i = 1, r:integer(6) do
    out[r:integer(2) == 1 and i or "key " .. r:integer(9)] = draw(r, depth + 1)
  end
  return out
end

tap.test("random values come back", function()
  for i = 1, ROUNDS do
    local value = draw(nudge.random(i), 0)
    tap.ok(same(there_and_back(value), value), "value " .. i)
  end
end)

tap.test("a view is packed as the rows it shows", function()
  local a = nudge.array { { 1, 2 }, { 3, 4 }, { 5, 6 } }
  tap.ok(same(there_and_back(a:rows(2, 3)), nudge.array { { 3, 4 }, { 5, 6 } }), "rows")
  tap.ok(same(there_and_back(a[2]), nudge.array { 3, 4 }), "row")
end)

tap.test("frozen and single arrays come back as they were", function()
  local single = nudge.array({ 0.5, 1 / 3 }):single()
  local back = there_and_back { single = single, frozen = nudge.zeros(2):freeze() }
  tap.is(back.single:kind(), "single")
  tap.is(back.single[2], single[2])
  tap.raises(function() back.frozen:set(1, 1) end, "frozen")
  tap.raises(function() core.unpack "ax\1\0" end, "no such kind of array")
end)

tap.test("what is held twice is written once, and is one again", function()
  local theta, row = nudge.zeros(10000), { 1 }
  local text = core.pack { theta = theta, best = { theta = theta }, a = row, b = row }
  tap.ok(#text < 80100, "one array of 80000 bytes, not two: " .. #text)
  local back = core.unpack(text)
  tap.ok(rawequal(back.theta, back.best.theta), "the array is one")
  tap.ok(rawequal(back.a, back.b), "the table is one")
end)

tap.test("what cannot be kept is refused by its place", function()
  local function refused(value, ...)
    tap.raises(function() core.pack(value) end, ...)
  end
  refused(print, "cannot keep this value: a function is made again by the script")
  refused({ best = { theta = print } }, "cannot keep best.theta: a function")
  refused({ { 1, { print } } }, "cannot keep %[1%]%[2%]%[1%]: a function")
  refused({ learner = nudge.learner("quadratic", { form = "ridge" }) },
    "cannot keep learner: a nudge.learner is made again")
  refused({ r = nudge.random(1) }, "cannot keep r: a nudge.random")
  refused({ x = setmetatable({}, { __name = "nudge.training" }) },
    "cannot keep x: a nudge.training is no plain table; keep what it holds")
  refused({ t = { [{}] = 1 } }, "cannot keep t: a key of it is neither")
  refused({ co = coroutine.create(print) }, "cannot keep co: a thread")
  local loop = { name = "loop" }
  loop.inside = { up = loop }
  refused({ loop = loop }, "cannot keep loop.inside.up: this table holds itself")
  local closed = nudge.zeros(3)
  closed:close()
  refused({ a = { closed } }, "cannot keep a%[1%]: this array is closed")
  local deep = {}
  for _ = 1, 120 do
    deep = { deep }
  end
  refused(deep, "more than 100 tables deep")
end)

tap.test("bytes that nobody packed are refused", function()
  local text = core.pack(samples)
  for n = 0, #text - 1, math.max(1, #text // (5 * ROUNDS)) do
    tap.raises(function() core.unpack(text:sub(1, n)) end, "unpack: damaged at byte")
  end
  tap.raises(function() core.unpack(text .. "t") end, "more behind the value")
  tap.raises(function() core.unpack "?" end, "no such kind of value")
  tap.raises(function() core.unpack "r\0" end, "what has not come yet")
  tap.raises(function() core.unpack("ad\1" .. ("\255"):rep(9) .. "\1") end, "larger than what is")
  tap.raises(function() core.unpack("s" .. ("\255"):rep(12)) end, "a count has no end")
  tap.raises(function() core.unpack(("{\1"):rep(200)) end, "too deep")
  tap.raises(function() core.unpack "{\0d\0\0\0\0\0\0\248\127t}" end, "a key is no number")
  tap.raises(function() core.unpack "{\0{\0}t}" end, "a key is neither")
end)

-- Whatever a byte becomes, the answer is a value or an error of one line.
tap.test("changed bytes crash nothing", function()
  local small = {}
  for _, value in ipairs(samples) do
    if not (type(value) == "string" and #value > 100) then
      small[#small + 1] = value
    end
  end
  small[#small] = nil
  local text, r = core.pack(small), nudge.random(5)
  for _ = 1, 10 * ROUNDS do
    local at = r:integer(#text)
    local changed = text:sub(1, at - 1) .. string.char(r:integer(256) - 1) .. text:sub(at + 1)
    local good, message = pcall(core.unpack, changed)
    tap.ok(good or not tostring(message):find "\n", "one line")
  end
end)

local kind = "test"

tap.test("files hold what was saved", function()
  local file <close> = tap.file ".ckpt"
  tap.is(core.load_packed(file.path, kind), false, "no file")
  local large = nudge.linspace(0, 1, collected and 900 or 90000)
  for _, value in ipairs { samples, { theta = large }, 1 } do
    local bytes = core.save_packed(file.path, kind, value)
    tap.is(#tap.read(file.path), bytes, "size")
    local there, back = core.load_packed(file.path, kind)
    tap.ok(there and same(back, value), "the value")
  end
  core.save_packed(file.path, kind, nil)
  local there, back = core.load_packed(file.path, kind)
  tap.ok(there and back == nil, "nil is a value, and another thing than no file")
end)

local function put(path, text)
  local f <close> = assert(io.open(path, "wb"))
  f:write(text)
end

tap.test("a file cut off anywhere is refused", function()
  local file <close> = tap.file ".ckpt"
  core.save_packed(file.path, kind, { theta = nudge.linspace(0, 1, 30), k = 7 })
  local text = tap.read(file.path)
  for n = 0, #text - 1, STRIDE do
    put(file.path, text:sub(1, n))
    tap.raises(function() core.load_packed(file.path, kind) end, "%.ckpt",
      n < 72 and "no checkpoint of nudge, or it is cut off"
        or "truncated: " .. n .. " of " .. #text)
  end
  put(file.path, text .. "x")
  tap.raises(function() core.load_packed(file.path, kind) end, "truncated")
end)

tap.test("a flipped bit anywhere is refused", function()
  local file <close> = tap.file ".ckpt"
  core.save_packed(file.path, kind, { theta = nudge.linspace(0, 1, 30), k = 7 })
  local text = tap.read(file.path)
  for n = 1, #text, STRIDE do
    local flipped = string.char(text:byte(n) ~ (1 << n % 8))
    put(file.path, text:sub(1, n - 1) .. flipped .. text:sub(n + 1))
    tap.raises(function() core.load_packed(file.path, kind) end, "%.ckpt")
  end
end)

tap.test("other files, kinds and versions are refused", function()
  local file <close> = tap.file ".ckpt"
  put(file.path, ("x"):rep(500))
  tap.raises(function() core.load_packed(file.path, kind) end, "is no checkpoint of nudge")
  core.save_packed(file.path, kind, 1)
  tap.raises(function() core.load_packed(file.path, "keep") end, "holds a 'test', not a 'keep'")
  local text = tap.read(file.path)
  put(file.path, text:sub(1, 12) .. string.pack("I4", 2) .. text:sub(17))
  tap.raises(function() core.load_packed(file.path, kind) end,
    "format version 2, this nudge reads version 1: a newer nudge wrote it")
  put(file.path, text:sub(1, 8) .. text:sub(9, 12):reverse() .. text:sub(13))
  tap.raises(function() core.load_packed(file.path, kind) end, "another byte order")
  tap.raises(function() core.load_packed("/", kind) end, "is a folder")
end)

tap.test("a file that cannot be written stays as it was", function()
  local file <close> = tap.file ".ckpt"
  core.save_packed(file.path, kind, "old")
  tap.raises(function() core.save_packed(file.path, kind, { nudge.zeros(99999), print }) end,
    "cannot keep %[2%]: a function")
  local _, back = core.load_packed(file.path, kind)
  tap.is(back, "old")
  tap.raises(function() core.save_packed("/nonexistent/x.ckpt", kind, 1) end,
    "cannot write /nonexistent/x.ckpt: folder /nonexistent: No such file")
  tap.raises(function() core.save_packed("/dev/full", kind, nudge.zeros(99999)) end, "/dev/full",
    "No space left")
  tap.is(io.popen("ls " .. file.path .. "*"):read "a", file.path .. "\n", "files left behind")
end)

tap.test("folders are made as far as they are missing", function()
  local file <close> = tap.file ""
  core.make_folders(file.path .. "/a/b")
  core.make_folders(file.path .. "/a/b")
  core.save_packed(file.path .. "/a/b/x", kind, 1)
  tap.raises(function() core.make_folders(file.path .. "/a/b/x/c") end, "cannot make folder")
  tap.raises(function() core.make_folders(file.path .. "/a/b/x") end, "is not a folder")
  os.execute("rm -r " .. file.path)
end)

-- The n-th allocation and all later ones fail, for every n until it succeeds.
local function survives(f)
  for n = 0, 10000 do
    local good, message = core.inject_failure(n, f)
    collectgarbage()
    if good then
      return n
    end
    tap.matches(tostring(message), "memory")
  end
  error "it never succeeds"
end

tap.test("memory may run out anywhere", function()
  local file <close> = tap.file ".ckpt"
  local value = { theta = nudge.linspace(0, 1, 300), rows = { { step = 1, "x" }, { step = 2 } } }
  tap.ok(#("x"):rep(100000) == 100000) -- see test_memory.lua
  local text = core.pack(value)
  tap.ok(survives(function() core.pack(value) end) > 2, "pack allocates")
  tap.ok(survives(function() core.unpack(text) end) > 5, "unpack allocates")
  core.save_packed(file.path, kind, "old")
  survives(function()
    local there, back = core.load_packed(file.path, kind)
    assert(there and back == "old", "the old one")
  end)
  tap.ok(survives(function() core.save_packed(file.path, kind, value) end) > 5, "save allocates")
  tap.ok(survives(function() core.load_packed(file.path, kind) end) > 5, "load allocates")
  local _, back = core.load_packed(file.path, kind)
  tap.ok(same(back, value), "and then it is there")
  tap.is(io.popen("ls " .. file.path .. "*"):read "a", file.path .. "\n", "files left behind")
end)

tap.done()
