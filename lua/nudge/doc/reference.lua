-- SPDX-License-Identifier: MIT
-- The reference as a whole: which pages there are, and how they are found by name.
local core = require "nudge.core"
local commands = require "nudge.doc.commands"
local components = require "nudge.doc.components"
local functions = require "nudge.doc.functions"
local headers = require "nudge.doc.headers"
local inline = require "nudge.doc.inline"
local library = require "nudge.doc.library"
local page = require "nudge.doc.page"

local Reference = {}
Reference.__index = Reference

local reference = {}

-- Of the components that are loaded, the verbs of the program and the annotations of nudge.
function reference.read()
  local model = library.read()
  return setmetatable({ model = model, writer = functions.writer(model),
    components = components.list(), verbs = require "nudge.verbs" }, Reference)
end

local function component_rows(self)
  local rows = {}
  for i, c in ipairs(self.components) do
    rows[i] = { name = c.id, target = c.id .. ".md", facts = { inline.plain(c.kind) },
      text = inline.plain(c.title) }
  end
  return rows
end

local function add_components(p, rows)
  if rows[1] then
    p:terms({ "Id", "Kind", "What it is" }, rows)
  else
    p:text(inline.markup "None are found; see `--plugin` and `NUDGE_PLUGIN_PATH`.")
  end
end

-- Where reading starts.
function Reference:index()
  local p = page.new("README.md", inline.plain "Reference", inline.plain "what there is")
  p:text(inline.markup "The same in a terminal: `nudge doc NAME`, with any name from these pages.")
  p:heading(2, inline.plain "Learners and rules")
  add_components(p, component_rows(self))
  p:heading(2, inline.plain "The command")
  p:text(inline.join({ inline.code("nudge", "commands.md"),
    inline.plain ": its verbs with their options, environment, files and exit statuses." }, ""))
  p:heading(2, inline.plain "What a script can call")
  local rows = {}
  for i, topic in ipairs(self.model.topics) do
    local names = {}
    for _, entry in ipairs(self.writer:entries(topic)) do
      names[#names + 1] = not entry.fields and not entry.method
        and inline.code(entry.name, self.writer:target_of(entry.name)) or nil
    end
    rows[i] = { name = topic.title, target = "lua/" .. topic.name .. ".md", facts = {},
      text = inline.join(names, ", "), words = true }
  end
  p:terms({ "Topic", "Functions" }, rows)
  return p
end

-- All that scripts can call as one page, for a man page.
function Reference:lua_page()
  local p = page.new("lua.md", inline.code "nudge-lua",
    inline.plain "what scripts of nudge can call")
  p:heading(2, inline.plain "Synopsis")
  p:code('local nudge = require "nudge"', "lua")
  p:heading(2, inline.plain "Description")
  p:text(inline.markup("`nudge run SCRIPT.lua` runs Lua 5.4 with one module more, `nudge`. "
    .. "Functions that take named fields are called with a table: `nudge.problem { learner = …, "
    .. "tasks = …, inner = … }`. A `?` marks what may be left out. An unknown field, a wrong type "
    .. "or a value out of range is an error at the script's line."))
  for _, topic in ipairs(self.model.topics) do
    p:heading(2, inline.plain(topic.title))
    p:prose(topic.doc, inline.markup)
    for _, entry in ipairs(self.writer:entries(topic)) do
      p:heading(3, functions.heading_of(entry))
      if entry.fields then
        self.writer:add_class(p, entry)
      else
        self.writer:add_function(p, entry)
      end
    end
  end
  return p
end

-- A list of all functions, for a terminal.
function Reference:functions_page()
  local p = page.new("lua.md", inline.plain "What a script can call",
    inline.plain "functions for scripts")
  for _, topic in ipairs(self.model.topics) do
    p:heading(2, inline.plain(topic.title))
    p:terms({ "Function", "What it does" }, self.writer:overview(topic))
  end
  p:text(inline.markup "'nudge doc NAME' explains one of them.")
  return p
end

-- Everything there is, in a few lines, for a terminal.
function Reference:overview_page()
  local p = page.new("", inline.plain "nudge doc NAME explains one of these.", inline.plain "")
  local verbs, topics = {}, {}
  for i, verb in ipairs(self.verbs) do
    verbs[i] = { name = verb.name, facts = {}, text = inline.plain(verb.title) }
  end
  for i, topic in ipairs(self.model.topics) do
    local names = {}
    for _, f in ipairs(topic.functions) do
      names[#names + 1] = not f.method and f.name:gsub("^nudge%.", "") or nil
    end
    topics[i] = { name = topic.title, facts = {}, text = inline.plain(table.concat(names, ", ")) }
  end
  local rows = component_rows(self)
  for _, row in ipairs(rows) do
    row.text, row.facts = inline.plain(row.facts[1][1].text .. ": " .. row.text[1].text), {}
  end
  p:heading(2, inline.plain "Verbs"):terms({}, verbs)
  add_components(p:heading(2, inline.plain "Learners and rules"), rows)
  p:heading(2, inline.plain "Functions for scripts, nudge.NAME ('nudge doc lua' lists them)")
  p:terms({}, topics)
  return p:text(inline.markup "Plugins in C: `nudge doc ndg_phase` shows what a header says of it.")
end

-- Markdown pages: the folder of the reference.
function Reference:pages()
  local out = { self:index(), commands.page(self.verbs) }
  for _, c in ipairs(self.components) do
    out[#out + 1] = components.page(c)
  end
  for _, topic in ipairs(self.model.topics) do
    out[#out + 1] = self.writer:page(topic)
  end
  return out
end

-- Man pages: { page, name, section, see } each.
function Reference:manuals()
  local see = { "nudge-lua(3)" }
  local out = { { page = commands.page(self.verbs), name = "nudge", section = "1", see = see },
    { page = self:lua_page(), name = "nudge-lua", section = "3", see = { "nudge(1)" } } }
  if headers.all()[1] then
    out[3] = { page = headers.page(), name = "nudge-plugin", section = "3",
      see = { "nudge(1)" } }
    see[2] = "nudge-plugin(3)"
  end
  for _, c in ipairs(self.components) do
    see[#see + 1] = "nudge-" .. c.id .. "(7)"
    out[#out + 1] = { page = components.page(c), name = "nudge-" .. c.id, section = "7",
      see = { "nudge(1)", "nudge-lua(3)" } }
  end
  return out
end

-- An entry of the annotations: "nudge.problem", "problem", "nudge.Problem:learn", "Problem:learn"
-- or "problem:learn".
local function find_function(model, name)
  local candidates = { name, "nudge." .. name, "nudge." .. name:gsub("^%a", string.upper) }
  for _, candidate in ipairs(candidates) do
    local entry = model.functions[candidate] or model.classes[candidate]
    if entry then
      return entry
    end
  end
end

-- All names that a page can be asked for by.
function Reference:names()
  local out = { "lua" }
  for _, c in ipairs(self.components) do
    out[#out + 1] = c.id
  end
  for _, verb in ipairs(self.verbs) do
    out[#out + 1] = verb.name
  end
  for name, f in pairs(self.model.functions) do
    out[#out + 1] = f.method and functions.shown_name(f) or name
    out[#out + 1] = f.short
  end
  for name in pairs(self.model.classes) do
    out[#out + 1] = name
  end
  local declared = headers.names()
  table.move(declared, 1, #declared, #out + 1, out)
  table.sort(out)
  return out
end

-- Methods of that name, where it is not said of what: { "array:sum", ... }.
function Reference:methods(short)
  local out = {}
  for _, topic in ipairs(self.model.topics) do
    for _, f in ipairs(topic.functions) do
      if f.short == short then
        out[#out + 1] = functions.shown_name(f)
      end
    end
  end
  return out
end

function Reference:entry(name)
  local methods = self:methods(name)
  return find_function(self.model, name)
    or (#methods == 1 and find_function(self.model, methods[1]) or nil)
end

-- The page of a name with what its man page is called; nil where there is none. A verb comes before
-- a function that is called so without `nudge.`, and says so.
function Reference:find(name)
  local c, entry = self.components[name], self:entry(name)
  if c then
    return { page = components.page(c), name = "nudge-" .. c.id, section = "7" }
  end
  for _, verb in ipairs(self.verbs) do
    if verb.name == name then
      local p = commands.verb_page(verb)
      if entry then
        p:text(inline.markup(string.format("The function of that name: `nudge doc %s`.",
          functions.shown_name(entry))))
      end
      return { page = p, name = "nudge-" .. name, section = "1" }
    end
  end
  if entry then
    return { page = self.writer:entry_page(entry), name = functions.shown_name(entry),
      section = "3" }
  end
  local declared = headers.find(name)
  return declared and { page = declared, name = name, section = "3" }
end

-- The nearest name, for a message.
function Reference:suggestion(name)
  local methods = self:methods(name)
  if methods[1] then
    return "there are: " .. table.concat(methods, ", ")
  end
  local near = core.nearest(name, self:names())
  return near and string.format("did you mean '%s'?", near)
    or "'nudge doc' lists what there is"
end

return reference
