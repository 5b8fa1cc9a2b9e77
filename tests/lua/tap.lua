-- SPDX-License-Identifier: MIT
-- A test harness that writes TAP. A test is a function; it fails by raising.
--   NUDGE_TEST_GC=1: a full collection every 100 instructions of the virtual machine.
local tap = {}

local count, failed = 0, 0

if os.getenv "NUDGE_TEST_GC" then
  debug.sethook(function()
    collectgarbage()
  end, "", 100)
end

local function fail(format, ...)
  error(string.format(format, ...), 3)
end

function tap.ok(value, what)
  if not value then
    fail("%s is %s", what or "value", tostring(value))
  end
end

function tap.is(got, wanted, what)
  if got ~= wanted then
    fail("%s: got %s, wanted %s", what or "value", tostring(got), tostring(wanted))
  end
end

-- Relative to the larger of 1 and the wanted value.
function tap.near(got, wanted, tolerance, what)
  local close = math.abs(got - wanted) <= tolerance * math.max(1, math.abs(wanted))
  if not close then
    fail("%s: got %.17g, wanted %.17g within %g", what or "value", got, wanted, tolerance)
  end
end

function tap.matches(text, pattern, what)
  if not tostring(text):find(pattern) then
    fail("%s: '%s' does not match '%s'", what or "text", tostring(text), pattern)
  end
end

-- f raises an error that is one line and matches every pattern. Gives the error.
function tap.raises(f, ...)
  local good, message = pcall(f)
  if good then
    fail("no error was raised")
  end
  local text = tostring(message)
  if text:find "\n" then
    fail("the error has several lines: %s", text)
  end
  for _, pattern in ipairs { ... } do
    if not text:find(pattern) then
      fail("error '%s' does not match '%s'", text, pattern)
    end
  end
  return message
end

-- A file that is removed when the test ends: local file <close> = tap.file(".csv", text)
function tap.file(ending, text)
  local name = os.tmpname()
  local path = name .. ending
  os.remove(name)
  if text then
    local f = assert(io.open(path, "wb"))
    f:write(text)
    f:close()
  end
  return setmetatable({ path = path }, {
    __close = function()
      os.remove(path)
    end,
  })
end

function tap.read(path)
  local f = assert(io.open(path, "rb"))
  local text = f:read "a"
  f:close()
  return text
end

function tap.test(name, f)
  count = count + 1
  local good, message = xpcall(f, function(e)
    return debug.traceback(tostring(e))
  end)
  print(string.format("%s %d - %s", good and "ok" or "not ok", count, name))
  if not good then
    failed = failed + 1
    print("# " .. message:gsub("\n", "\n# "))
  end
end

function tap.done()
  print("1.." .. count)
  if failed > 0 then
    error(failed .. " tests failed", 0)
  end
end

return tap
