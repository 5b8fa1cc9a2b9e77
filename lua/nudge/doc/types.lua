-- SPDX-License-Identifier: MIT
-- Types as annotations write them, the part of LuaCATS that nudge uses:
--   name   name<type, type>   "literal"   type[]   type?   type|type   (type)   ...
--   { name: type, name?: type, [type]: type }   fun(name: type, name?: type): type, type
-- A type is a table { kind, text, ... }; text is how it is written, without spare blanks.
local types = {}

local Parser = {}
Parser.__index = Parser

function Parser:fail(what)
  error(string.format("%s at '%s'", what, self.text:sub(self.at, self.at + 19)), 0)
end

-- What fits the pattern next, behind blanks, which then is passed; nil where it does not fit.
function Parser:take(pattern)
  local from = self.text:find("%S", self.at) or #self.text + 1
  local first, last = self.text:find("^" .. pattern, from)
  if first then
    self.at = last + 1
    return self.text:sub(first, last)
  end
end

function Parser:want(pattern, what)
  return self:take(pattern) or self:fail(what .. " is wanted")
end

-- Elements of a list up to its end, parted by commas.
function Parser:list(finish, element)
  local out = {}
  if self:take(finish) then
    return out
  end
  repeat
    out[#out + 1] = element(self)
  until not self:take ","
  self:want(finish, "',' or '" .. finish:gsub("%%", "") .. "'")
  return out
end

local function texts(list)
  local out = {}
  for i, t in ipairs(list) do
    out[i] = t.text
  end
  return out
end

-- name: type, name?: type, or ...: type, of a table or of the arguments of a function.
local function member(p)
  local key
  if p:take "%[" then
    key = p:union()
    p:want("%]", "']'")
  end
  local name = not key and (p:take "%.%.%." or p:want("[%a_][%w_]*", "a name"))
  local optional = not key and p:take "%?" ~= nil
  local value
  if key or p.in_table then
    p:want(":", "':'")
    value = p:union()
  elseif p:take ":" then
    value = p:union()
  end
  return { name = name, key = key, optional = optional, type = value,
    text = (key and "[" .. key.text .. "]" or name) .. (optional and "?" or "")
      .. (value and ": " .. value.text or "") }
end

function Parser:members(finish, in_table)
  local outer = self.in_table
  self.in_table = in_table
  local out = self:list(finish, member)
  self.in_table = outer
  return out
end

function Parser:fun()
  local params, returns = self:members("%)", false), {}
  local text = "fun(" .. table.concat(texts(params), ", ") .. ")"
  if self:take ":" then
    repeat
      returns[#returns + 1] = self:union()
    until self.in_list or not self:take ","
    text = text .. ": " .. table.concat(texts(returns), ", ")
  end
  return { kind = "fun", params = params, returns = returns, text = text }
end

function Parser:primary()
  if self:take "{" then
    local fields = self:members("}", true)
    return { kind = "table", fields = fields,
      text = "{ " .. table.concat(texts(fields), ", ") .. " }" }
  elseif self:take "fun%(" then
    return self:fun()
  elseif self:take "%(" then
    local inner = self:union()
    self:want("%)", "')'")
    return { kind = "group", inner = inner, text = "(" .. inner.text .. ")" }
  end
  local literal = self:take '"[^"]*"' or self:take "%-?%d[%w.]*" or self:take "%.%.%."
  if literal then
    return { kind = "literal", text = literal }
  end
  local name = self:want("[%a_][%w_]*[%w_.]*", "a type")
  if name:find "%.$" then
    self:fail("a name ends in '.'")
  end
  local arguments = self:take "<" and self:list(">", Parser.union) or {}
  return { kind = "name", name = name, arguments = arguments,
    text = name .. (arguments[1] and "<" .. table.concat(texts(arguments), ", ") .. ">" or "") }
end

function Parser:suffixed()
  local t = self:primary()
  while true do
    if self.text:find("^%[%]", self.at) then
      self.at = self.at + 2
      t = { kind = "list", inner = t, text = t.text .. "[]" }
    elseif self.text:find("^%?", self.at) then
      self.at = self.at + 1
      t = { kind = "optional", inner = t, text = t.text .. "?" }
    else
      return t
    end
  end
end

function Parser:union()
  local parts = { self:suffixed() }
  while self:take "|" do
    parts[#parts + 1] = self:suffixed()
  end
  if not parts[2] then
    return parts[1]
  end
  return { kind = "union", parts = parts, text = table.concat(texts(parts), "|") }
end

-- The type that a text begins with, and what follows it; an error is a text that says where.
function types.parse(text)
  local p = setmetatable({ text = text, at = 1 }, Parser)
  local t = p:union()
  local rest = text:sub(p.at)
  if rest:find "^%S" then
    p:fail "the type should end"
  end
  return t, rest:match "^%s*(.-)%s*$"
end

-- Calls f with every name of a type.
function types.each_name(t, f)
  if not t then
    return
  end
  if t.kind == "name" then
    f(t.name)
  end
  types.each_name(t.inner, f)
  types.each_name(t.key, f)
  types.each_name(t.type, f)
  for _, field in ipairs { "arguments", "parts", "fields", "params", "returns" } do
    for _, part in ipairs(t[field] or {}) do
      types.each_name(part, f)
    end
  end
end

return types
