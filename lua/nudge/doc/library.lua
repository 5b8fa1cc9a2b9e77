-- SPDX-License-Identifier: MIT
-- The annotations of the whole API, from nudge's folder `meta`: the one source of the reference of
-- Lua functions and of what editors show.
local annotations = require "nudge.doc.annotations"
local types = require "nudge.doc.types"

local library = {}

-- Files of annotations in the order of reading; each is a topic with a page of the reference.
library.topics = { "nudge", "components", "problems", "studies", "data", "arrays", "domains",
  "meta_train", "comparison", "figures", "store", "define" }

local folder = debug.getinfo(1, "S").source:match "^@(.*/)nudge/doc/[^/]*$"

-- Where the annotations lie.
library.folder = folder .. "meta/"

local known = {}
for name in ("any nil boolean number integer string table function self"):gmatch "%a+" do
  known[name] = true
end

local function read(name)
  local path = library.folder .. name .. ".lua"
  local file <close> = assert(io.open(path))
  local topic = annotations.read(file:read "a", "lua/meta/" .. name .. ".lua")
  topic.name = name
  return topic
end

-- All topics, and in them classes and functions by name. A class may be in several topics; the one
-- that describes it counts.
function library.read(names)
  local out = { topics = {}, classes = {}, functions = {} }
  for i, name in ipairs(names or library.topics) do
    local topic = read(name)
    out.topics[i] = topic
    for _, class in ipairs(topic.classes) do
      class.topic = topic
      local before = out.classes[class.name]
      if not before or (before.doc == "" and not before.fields[1]) then
        out.classes[class.name] = class
      end
    end
    for _, f in ipairs(topic.functions) do
      f.topic = topic
      out.functions[f.name] = out.functions[f.name] or f
    end
  end
  return out
end

-- Fields of a class, those of its parents behind its own.
function library.fields(model, class)
  local out, seen = {}, {}
  while class do
    for _, field in ipairs(class.fields) do
      if not seen[field.name] then
        seen[field.name] = true
        out[#out + 1] = field
      end
    end
    class = class.parent and model.classes[class.parent]
  end
  return out
end

-- Calls f with each type of a class or function.
local function each_type(entry, f)
  for _, list in ipairs { entry.fields or {}, entry.params or {}, entry.returns or {} } do
    for _, part in ipairs(list) do
      f(part.type)
    end
  end
  for _, t in ipairs(entry.overloads or {}) do
    f(t)
  end
  for _, operator in ipairs(entry.operators or {}) do
    f(operator.operand)
    f(operator.result)
  end
end

local function check_entry(model, entry, used, complain)
  local own = {}
  for _, name in ipairs(entry.generics or {}) do
    own[name] = true
  end
  each_type(entry, function(t)
    types.each_name(t, function(name)
      used[name] = true
      if not known[name] and not own[name] and not model.classes[name] then
        complain(entry, "%s: there is no class %s", entry.name, name)
      end
    end)
  end)
end

local function check_class(model, class, complain)
  local seen = {}
  if class.parent and not model.classes[class.parent] then
    complain(class, "%s: there is no class %s", class.name, class.parent)
  end
  for _, field in ipairs(class.fields) do
    if seen[field.name] then
      complain(field, "%s has a field %s twice", class.name, field.name)
    end
    seen[field.name] = true
    if field.doc == "" and class.name:find "^nudge%.given%." then
      complain(field, "%s, field %s is not described", class.name, field.name)
    end
  end
end

-- What is wrong with the whole, as lines "lua/meta/problems.lua:12: ...".
function library.check(model)
  local out, used, seen = {}, {}, {}
  local topic
  local function complain(at, format, ...)
    out[#out + 1] = string.format("lua/meta/%s.lua:%d: " .. format, topic.name, at.line, ...)
  end
  for _, one in ipairs(model.topics) do
    topic = one
    for _, class in ipairs(topic.classes) do
      check_class(model, class, complain)
      check_entry(model, class, used, complain)
      used[class.parent or class.name] = class.parent ~= nil or used[class.name]
    end
    for _, f in ipairs(topic.functions) do
      if seen[f.name] then
        complain(f, "%s is annotated twice", f.name)
      elseif f.doc == "" then
        complain(f, "%s is not described", f.name)
      end
      seen[f.name], used[f.owner] = true, true
      check_entry(model, f, used, complain)
    end
  end
  for _, one in ipairs(model.topics) do
    topic = one
    for _, class in ipairs(topic.classes) do
      if not used[class.name] then
        complain(class, "class %s is used nowhere", class.name)
      elseif model.classes[class.name].doc == "" and not class.name:find "^nudge%.given%." then
        complain(class, "class %s is not described", class.name)
      end
    end
  end
  return out
end

return library
