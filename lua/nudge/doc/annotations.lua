-- SPDX-License-Identifier: MIT
-- Reads a file of annotations: the part of LuaCATS that nudge uses, strictly. What an editor would
-- pass over in silence, such as a tag that does not exist or the name of a parameter that the
-- function does not have, is an error with its line.
--
-- The outcome is { title, doc, classes, functions }, each a list in the order of the file:
--   class     { name, parent, doc, fields, operators, line }; field { name, optional, type, doc }
--   function  { name, owner, short, method, doc, params, returns, generics, overloads, line };
--             name is "nudge.problem" or "nudge.Problem:learn", owner the name of the class
local types = require "nudge.doc.types"

local Reader = {}
Reader.__index = Reader

function Reader:fail(format, ...)
  error(string.format("%s:%d: %s", self.path, self.line, string.format(format, ...)), 0)
end

function Reader:type(text)
  local good, t, rest = pcall(types.parse, text)
  if not good then
    self:fail("%s", t)
  end
  return t, rest
end

-- The description so far, which then belongs to what asked for it.
function Reader:take_doc()
  local lines = self.doc
  self.doc = {}
  return (table.concat(lines, "\n"):gsub("^\n+", ""):gsub("\n+$", ""))
end

-- "name" or "name?"
function Reader:name_of(word)
  local name, optional = word:match "^([%a_][%w_]*)(%??)$"
  if not name then
    name, optional = word:match "^(%.%.%.)(%??)$"
  end
  if not name then
    self:fail("'%s' is no name", word)
  end
  return name, optional == "?"
end

local tags = {}

function tags.class(self, text)
  local name, parent = text:match "^(%S+)$", nil
  if not name then
    name, parent = text:match "^(%S+)%s*:%s*(%S+)$"
  end
  if not name then
    self:fail("a class is wanted: ---@class NAME or ---@class NAME: PARENT, got '%s'", text)
  end
  self.class = { name = name:gsub(":$", ""), parent = parent, doc = self:take_doc(), fields = {},
    operators = {}, line = self.line, path = self.path }
  table.insert(self.out.classes, self.class)
end

function tags.field(self, text)
  local word, rest = text:match "^(%S+)%s+(.+)$"
  if not self.class then
    self:fail "a field without a class"
  elseif not word then
    self:fail("a field is wanted: ---@field NAME TYPE, got '%s'", text)
  end
  local field = { line = self.line }
  if word:sub(1, 1) == "[" then
    field.key = self:type(text:match "^%[(.-)%]")
    field.name, rest = "[" .. field.key.text .. "]", text:match "^%[.-%]%s+(.+)$"
  else
    field.name, field.optional = self:name_of(word)
  end
  local doc = self:take_doc()
  field.type, rest = self:type(rest)
  if rest ~= "" and doc ~= "" then
    self:fail("field %s is described above and beside it", field.name)
  end
  field.doc = rest ~= "" and rest or doc
  table.insert(self.class.fields, field)
end

function tags.operator(self, text)
  local name, rest = text:match "^(%a+)(.*)$"
  if not self.class then
    self:fail "an operator without a class"
  end
  local operand, result = rest:match "^%((.*)%)%s*:%s*(.+)$"
  result = result or rest:match "^%s*:%s*(.+)$"
  if not name or not result then
    self:fail("an operator is wanted: ---@operator add(TYPE): TYPE, got '%s'", text)
  end
  table.insert(self.class.operators, { name = name, operand = operand and self:type(operand),
    result = self:type(result) })
end

function tags.param(self, text)
  local word, rest = text:match "^(%S+)%s+(.+)$"
  if not word then
    self:fail("a parameter is wanted: ---@param NAME TYPE, got '%s'", text)
  end
  local param = {}
  param.name, param.optional = self:name_of(word)
  param.type, param.doc = self:type(rest)
  table.insert(self.pending.params, param)
end

tags["return"] = function(self, text)
  local t, rest = self:type(text)
  local before, doc = rest:match "^(.-)%s*#%s*(.*)$"
  local name = before or rest
  if name ~= "" and not name:find "^[%a_][%w_]*$" then
    self:fail("behind the type a name is wanted, and '# ' before words; got '%s'", rest)
  end
  table.insert(self.pending.returns, { type = t, name = name ~= "" and name or nil,
    doc = doc or "" })
end

function tags.generic(self, text)
  self.pending.generics[#self.pending.generics + 1] = text:match "^(%a%w*)$"
    or self:fail("a generic type is wanted: ---@generic T, got '%s'", text)
end

function tags.overload(self, text)
  local t, rest = self:type(text)
  if t.kind ~= "fun" or rest ~= "" then
    self:fail("an overload is a type fun(...), got '%s'", text)
  end
  table.insert(self.pending.overloads, t)
end

-- With the name of the module that it stands for; "_": no script can require it.
function tags.meta(self, text)
  if not text:find "^[%w_.]*$" or self.line ~= 1 then
    self:fail "---@meta stands in the first line, alone or with the name of a module"
  end
  self.is_meta = true
end

local function new_pending()
  return { params = {}, returns = {}, generics = {}, overloads = {} }
end

function Reader:is_pending()
  local p = self.pending
  return p.params[1] or p.returns[1] or p.generics[1] or p.overloads[1] or self.doc[1]
end

-- Names of the parameters must be those of the annotations, in their order.
function Reader:check_params(f, list)
  local i = 0
  for name in list:gmatch "[^,%s]+" do
    i = i + 1
    local param = f.params[i]
    if not param then
      self:fail("%s: parameter %s has no annotation", f.name, name)
    elseif param.name ~= name then
      self:fail("%s: parameter %d is %s, annotated as %s", f.name, i, name, param.name)
    end
  end
  if f.params[i + 1] then
    self:fail("%s has no parameter %s, which is annotated", f.name, f.params[i + 1].name)
  end
end

function Reader:add_function(variable, separator, short, list)
  local owner = self.variables[variable]
    or self:fail("'%s' is no class: a line 'local %s = {}' below its ---@class is missing",
      variable, variable)
  local f = self.pending
  f.name, f.owner, f.short, f.method = owner .. separator .. short, owner, short, separator == ":"
  f.doc, f.line, f.path = self:take_doc(), self.line, self.path
  self:check_params(f, list)
  self.pending, self.class = new_pending(), nil
  table.insert(self.out.functions, f)
end

function Reader:code(line)
  local variable, separator, short, list =
    line:match "^function ([%a_][%w_]*)([.:])([%a_][%w_]*)%(([%w_,%s.]*)%) end$"
  local class = line:match "^local ([%a_][%w_]*) = {}$"
  if variable then
    return self:add_function(variable, separator, short, list)
  elseif self:is_pending() then
    self:fail "annotations above a line that is no function"
  elseif class then
    self.variables[class] = self.class and self.class.name
      or self:fail("'local %s = {}' stands below no class", class)
    self.class = nil
  elseif line == "" then
    self.class = nil
  elseif not line:find "^return [%a_][%w_]*$" then
    self:fail("nothing but 'local X = {}', 'function X.f() end' and 'return X', got '%s'", line)
  end
end

function Reader:comment(line)
  local tag, text = line:match "^%-%-%-@(%a+)%s*(.-)%s*$"
  if tag then
    local handle = tags[tag] or self:fail("no annotation ---@%s", tag)
    return handle(self, text)
  elseif line:find "^%-%-%-" then
    table.insert(self.doc, line:sub(4))
  elseif not self.out.title then -- plain comments at the top: licence, title, more
    if not line:find "SPDX" then
      table.insert(self.head, (line:gsub("^%-%- ?", "")))
    end
  else
    self:fail("a comment that is no annotation: '%s'", line)
  end
end

-- The first sentence of the plain comment is the title of the file, the rest its introduction.
function Reader:end_of_head()
  local title, doc = table.concat(self.head, "\n"):match "^(.-)%.%f[%s\0]%s*(.*)$"
  self.out.title = title or self:fail "the file says no title: a sentence in '--' below ---@meta"
  self.out.doc = doc
end

local annotations = {}

-- Reads a text; `path` stands in messages.
function annotations.read(text, path)
  local self = setmetatable({ path = path, line = 0, doc = {}, head = {}, variables = {},
    pending = new_pending(), out = { classes = {}, functions = {} } }, Reader)
  for line in text:gsub("([^\n])$", "%1\n"):gmatch "([^\n]*)\n" do
    self.line = self.line + 1
    if not self.out.title and line == "" then
      self:end_of_head()
    end
    if line:find "^%-%-" then
      self:comment(line)
    elseif line:find "%-%-%-@" then
      self:fail "an annotation within a line"
    else
      self:code(line)
    end
  end
  if not self.is_meta then
    self:fail "the first line is not ---@meta"
  elseif self:is_pending() then
    self:fail "annotations at the end that belong to nothing"
  end
  return self.out
end

return annotations
