-- SPDX-License-Identifier: MIT
-- JSON as tables; text.json writes it. Lists and objects become tables, null becomes nothing.
local core = require "nudge.core"

local json = {}

local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }
local words = { ["true"] = true, ["false"] = false }

local function fail(source, at, what)
  core.raise("invalid", string.format("JSON: %s at byte %d, at '%s'", what, at,
    source:sub(at, at + 19)))
end

local function skip(source, at)
  return source:find("[^ \t\r\n]", at) or #source + 1
end

-- The character of an escape whose backslash is at `at`, and where the text goes on.
local function unescape(text, at)
  local high, low = text:match("^u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", at + 1)
  if high then -- two halves of one character
    return utf8.char(0x10000 + (tonumber(high, 16) - 0xd800) * 0x400 + tonumber(low, 16)
      - 0xdc00), at + 12
  end
  local code = text:match("^u(%x%x%x%x)", at + 1)
  if code then
    return utf8.char(tonumber(code, 16)), at + 6
  end
  local c = text:sub(at + 1, at + 1)
  return escapes[c] or c, at + 2
end

local function unescaped(text)
  local out, from = {}, 1
  local at = text:find("\\", 1, true)
  while at do
    out[#out + 1] = text:sub(from, at - 1)
    out[#out + 1], from = unescape(text, at)
    at = text:find("\\", from, true)
  end
  out[#out + 1] = text:sub(from)
  return table.concat(out)
end

local function string_at(source, at)
  local finish = at + 1
  while true do
    finish = source:find('["\\]', finish) or fail(source, at, "a string without end")
    if source:byte(finish) == 34 then
      break
    end
    finish = finish + 2
  end
  return unescaped(source:sub(at + 1, finish - 1)), finish + 1
end

local value_at

local function list_at(source, at)
  local out, n = {}, 0
  at = skip(source, at + 1)
  if source:sub(at, at) == "]" then
    return out, at + 1
  end
  while true do
    n = n + 1
    out[n], at = value_at(source, at)
    at = skip(source, at)
    local c = source:sub(at, at)
    if c == "]" then
      return out, at + 1
    elseif c ~= "," then
      fail(source, at, "',' or ']' is wanted")
    end
    at = at + 1
  end
end

local function object_at(source, at)
  local out = {}
  at = skip(source, at + 1)
  if source:sub(at, at) == "}" then
    return out, at + 1
  end
  while true do
    at = skip(source, at)
    if source:sub(at, at) ~= '"' then
      fail(source, at, "a name is wanted")
    end
    local key
    key, at = string_at(source, at)
    at = skip(source, at)
    if source:sub(at, at) ~= ":" then
      fail(source, at, "':' is wanted")
    end
    out[key], at = value_at(source, at + 1)
    at = skip(source, at)
    local c = source:sub(at, at)
    if c == "}" then
      return out, at + 1
    elseif c ~= "," then
      fail(source, at, "',' or '}' is wanted")
    end
    at = at + 1
  end
end

function value_at(source, at)
  at = skip(source, at)
  local c = source:sub(at, at)
  if c == "{" then
    return object_at(source, at)
  elseif c == "[" then
    return list_at(source, at)
  elseif c == '"' then
    return string_at(source, at)
  end
  local word = source:match("^[%w%.%+%-]+", at) or fail(source, at, "a value is wanted")
  if words[word] ~= nil or word == "null" then
    return words[word], at + #word
  end
  local number = core.parse_number(word)
  if not number then
    fail(source, at, "a value is wanted")
  end
  return number, at + #word
end

-- One value. Holes of lists stay holes.
function json.decode(source)
  local value, at = value_at(source, 1)
  if skip(source, at) <= #source then
    fail(source, at, "nothing more is wanted")
  end
  return value
end

return json
