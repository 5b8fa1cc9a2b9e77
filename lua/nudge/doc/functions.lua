-- SPDX-License-Identifier: MIT
-- Pages of the reference about what scripts can call, from the annotations.
local inline = require "nudge.doc.inline"
local library = require "nudge.doc.library"
local page = require "nudge.doc.page"
local types = require "nudge.doc.types"

local functions = {}

-- "problem" of "nudge.Problem": how an object of a class is called here.
local function variable(class_name)
  return (class_name:match "[^.]+$":gsub("^%u", string.lower))
end

-- "problem:learn", "nudge.problem"; classes by their own name, tables of fields by whose they are.
local function shown_name(entry)
  return entry.method and variable(entry.owner) .. ":" .. entry.short or entry.name
end
functions.shown_name = shown_name

-- Its heading: classes say that they are, so that nudge.Problem is not taken for nudge.problem.
local function heading_of(entry)
  local kind = entry.fields and (entry.name:find "^nudge%.given%." and " (fields)" or " (class)")
  return inline.join({ inline.code(shown_name(entry)), kind and inline.plain(kind) or {} }, "")
end
functions.heading_of = heading_of

-- The class of named fields that a function takes, or nil.
local function fields_of(model, f)
  local param = f.params[#f.params]
  local class = param and param.type.kind == "name" and model.classes[param.type.name]
  return class and class.name:find "^nudge%.given%." and class or nil, param
end

-- Who takes a class of fields directly: { class name = list of functions }.
local function takers(model)
  local out = {}
  for _, topic in ipairs(model.topics) do
    for _, f in ipairs(topic.functions) do
      local class = fields_of(model, f)
      if class then
        out[class.name] = out[class.name] or {}
        table.insert(out[class.name], f)
      end
    end
  end
  return out
end

local Writer = {}
Writer.__index = Writer

function functions.writer(model)
  return setmetatable({ model = model, takers = takers(model) }, Writer)
end

-- The one function whose fields a class has; its entry shows them.
function Writer:only_taker(class)
  local list = self.takers[class.name] or {}
  return class.doc == "" and #list == 1 and list[1] or nil
end

local function path_of(topic)
  return "lua/" .. topic.name .. ".md"
end

-- Classes of plain functions, such as nudge.data, have no entry unless they have fields.
local function has_entry(self, class)
  return self.model.classes[class.name] == class and not self:only_taker(class)
    and (class.fields[1] or class.operators[1] or class.parent or class.name:find "%.%u[^.]*$")
end

function Writer:target_of(name)
  local entry = self.model.classes[name] or self.model.functions[name]
  if not entry then
    return nil
  end
  entry = not self.model.functions[name] and self:only_taker(entry) or entry
  if entry.fields and not has_entry(self, entry) then
    return path_of(entry.topic)
  end
  return path_of(entry.topic) .. "#" .. inline.anchor(inline.words(heading_of(entry)))
end

function Writer:words(text)
  return inline.markup(text, function(code)
    return self:target_of((code:gsub("[{(].*$", ""):gsub("%s+$", "")))
  end)
end

-- A type, which leads to the first class that it names.
function Writer:type(t)
  local target
  types.each_name(t, function(name)
    target = target or (self.model.classes[name] and self:target_of(name))
  end)
  return inline.code(t.text, target)
end

function Writer:rows(list)
  local rows = {}
  for i, part in ipairs(list) do
    rows[i] = { name = part.name .. (part.optional and "?" or ""), facts = { self:type(part.type) },
      text = self:words(part.doc) }
  end
  return rows
end

-- "nudge.rows { columns, rows }", "problem:learn(options?)"
function Writer:signature(f)
  local names = {}
  local class, param = fields_of(self.model, f)
  if class and #f.params == 1 then
    for i, field in ipairs(library.fields(self.model, class)) do
      names[i] = field.name .. (field.optional and "?" or "")
    end
    return string.format("%s {%s %s }", shown_name(f), param.optional and "?" or "",
      table.concat(names, ", "))
  end
  for i, one in ipairs(f.params) do
    names[i] = one.name .. (one.optional and "?" or "")
  end
  return shown_name(f) .. "(" .. table.concat(names, ", ") .. ")"
end

function Writer:add_function(p, f)
  p:text(inline.code(self:signature(f)))
  p:prose(f.doc, function(text)
    return self:words(text)
  end)
  local class = fields_of(self.model, f)
  if f.params[class and 2 or 1] then
    p:terms({ "Argument", "Type", "What it is" }, self:rows(f.params))
  end
  if class and self:only_taker(class) then
    p:terms({ "Field", "Type", "What it is" }, self:rows(library.fields(self.model, class)))
  elseif class and not f.params[2] then
    p:text(inline.join({ inline.plain "Fields: ", self:type(f.params[1].type), inline.plain "." },
      ""))
  end
  for i, r in ipairs(f.returns) do
    local parts = { inline.plain(i == 1 and "Gives " or "And "), self:type(r.type) }
    if r.name or r.doc ~= "" then
      parts[#parts + 1] = inline.plain((r.name and " " .. r.name or "")
        .. (r.doc ~= "" and ", " or ""))
      parts[#parts + 1] = self:words(r.doc)
    end
    parts[#parts + 1] = inline.plain "."
    p:text(inline.join(parts, ""))
  end
end

function Writer:add_class(p, class)
  p:prose(class.doc, function(text)
    return self:words(text)
  end)
  local is_given = class.name:find "^nudge%.given%."
  if class.parent and not is_given then
    p:text(inline.join({ inline.plain "It has all of ",
      inline.code(class.parent, self:target_of(class.parent)), inline.plain "." }, ""))
  end
  local fields = is_given and library.fields(self.model, class) or class.fields
  if fields[1] then
    p:terms({ "Field", "Type", "What it is" }, self:rows(fields))
  end
end

-- Entries of a topic in the order of its file.
function Writer:entries(topic)
  local out = {}
  for _, class in ipairs(topic.classes) do
    if has_entry(self, class) then
      out[#out + 1] = class
    end
  end
  table.move(topic.functions, 1, #topic.functions, #out + 1, out)
  table.sort(out, function(a, b)
    return a.line < b.line
  end)
  return out
end

-- The first sentence of a description.
function functions.summary(entry)
  local text = entry.doc:match "^(.-)\n\n" or entry.doc
  text = text:gsub("\n", " ")
  local sentence = text:match "^(.-[.?])%f[%s%z]"
  return (sentence or text):gsub("[.:]$", "")
end

function Writer:add_entry(p, entry)
  p:heading(entry.method and 3 or 2, heading_of(entry))
  if entry.fields then
    self:add_class(p, entry)
  else
    self:add_function(p, entry)
  end
end

function Writer:overview(topic)
  local rows = {}
  for _, entry in ipairs(self:entries(topic)) do
    if not entry.fields then
      rows[#rows + 1] = { name = shown_name(entry), facts = {},
        target = self:target_of(entry.name), text = self:words(functions.summary(entry)) }
    end
  end
  return rows
end

function Writer:page(topic)
  local p = page.new(path_of(topic), inline.plain(topic.title), inline.plain(topic.title))
  p:prose(topic.doc, function(text)
    return self:words(text)
  end)
  p:terms({ "Function", "What it does" }, self:overview(topic))
  for _, entry in ipairs(self:entries(topic)) do
    self:add_entry(p, entry)
  end
  return p
end

-- Classes of fields that an entry leads to, in the order they are named.
function Writer:nested(entry, out)
  for _, part in ipairs(entry.fields and library.fields(self.model, entry) or entry.params) do
    types.each_name(part.type, function(name)
      local class = self.model.classes[name]
      if class and class.name:find "^nudge%.given%." and not out[name] then
        out[#out + 1], out[name] = class, true
        self:nested(class, out)
      end
    end)
  end
  return out
end

-- What explains the classes that a function gives.
function Writer:results(f)
  local out, seen = {}, {}
  for _, r in ipairs(f.returns) do
    types.each_name(r.type, function(name)
      local class = self.model.classes[name]
      if class and not seen[name] and name ~= f.owner and name ~= "nudge.Array"
        and has_entry(self, class) then
        seen[name] = true
        out[#out + 1] = inline.code("nudge doc " .. name, self:target_of(name))
      end
    end)
  end
  return out
end

-- One entry by itself, with all fields that it leads to.
function Writer:entry_page(entry)
  local p = page.new(path_of(entry.topic), heading_of(entry),
    inline.plain(functions.summary(entry)))
  if entry.fields then
    self:add_class(p, entry)
    for _, f in ipairs(entry.topic.functions) do
      if f.owner == entry.name then
        p:heading(2, inline.code(shown_name(f)))
        self:add_function(p, f)
      end
    end
    return p
  end
  self:add_function(p, entry)
  local results = self:results(entry)
  if results[1] then
    p:text(inline.join({ inline.plain "More: ", inline.join(results, ", "), inline.plain "." }, ""))
  end
  for _, class in ipairs(self:nested(entry, {})) do
    if not self:only_taker(class) then
      p:heading(2, heading_of(class))
      self:add_class(p, class)
    end
  end
  return p
end

return functions
