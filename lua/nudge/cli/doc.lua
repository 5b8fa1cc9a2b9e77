-- SPDX-License-Identifier: MIT
-- nudge doc: a page of the reference on the terminal, or pages as files.
local core = require "nudge.core"
local arguments = require "nudge.cli.arguments"
local check = require "nudge.check"
local components = require "nudge.doc.components"
local luacats = require "nudge.doc.luacats"
local markdown = require "nudge.doc.markdown"
local plain = require "nudge.doc.plain"
local reference = require "nudge.doc.reference"
local roff = require "nudge.doc.roff"

local WIDEST, NARROWEST = 100, 40 -- lines on a terminal

local function look()
  local terminal = core.terminal()
  return { width = math.max(NARROWEST, math.min(WIDEST, terminal and terminal.columns or 80)),
    bold = terminal and not os.getenv "NO_COLOR" }
end

local function manual_text(m)
  return roff.write(m.page, { name = m.name, section = m.section, see = m.see,
    version = core.host().version or "" })
end

-- What --luacats writes: of one component, or of all.
local function annotations_of(name)
  local list = components.list()
  if not name then
    return luacats.write(list)
  elseif not list[name] then
    check.fail("--luacats is for learners and rules; there is none '%s'; 'nudge list' shows them",
      name)
  end
  return luacats.write { list[name] }
end

-- The page that was asked for, by its name; nil: what there is. On a terminal a list is shorter.
local function asked(r, name, form)
  if not name then
    return form == "man" and r:manuals()[1] or { page = form and r:index() or r:overview_page() }
  elseif name == "lua" then
    return { page = form and r:lua_page() or r:functions_page(), name = "nudge-lua",
      section = "3", see = { "nudge(1)" } }
  end
  return r:find(name) or check.fail("nothing is called '%s'; %s", name, r:suggestion(name))
end

-- Texts by file name, in order.
local function files_of(form, name)
  local out = {}
  local function add(path, text)
    out[#out + 1] = { path = path, text = text }
  end
  if form == "luacats" then
    add(name and "nudge-" .. name .. ".lua" or "options.lua", annotations_of(name))
    return out
  end
  local r = reference.read()
  if name and name ~= "lua" then
    local m = asked(r, name, form)
    local base = m.name:gsub("[^%w._-]", "_")
    if form == "man" then
      add(base .. "." .. m.section, manual_text(m))
    else
      add(m.section == "7" and m.page.path or base .. ".md", markdown.write(m.page))
    end
  elseif form == "man" then
    for _, m in ipairs(r:manuals()) do
      if not name or m.name == "nudge-lua" then
        add(m.name .. "." .. m.section, manual_text(m))
      end
    end
  else
    for _, p in ipairs(r:pages()) do
      if not name or p.path:find "^lua/" then
        add(p.path, markdown.write(p))
      end
    end
  end
  return out
end

local function write_files(folder, files)
  local made = {}
  for _, file in ipairs(files) do
    local path = folder .. "/" .. file.path
    local parent = path:match "^(.*)/"
    if not made[parent] then
      made[parent] = true
      core.make_folders(parent)
    end
    core.write_file(path, file.text)
  end
end

local function text_of(form, name)
  if form == "luacats" then
    return annotations_of(name)
  end
  local m = asked(reference.read(), name, form)
  if form == "man" then
    return manual_text(m)
  elseif form == "markdown" then
    return markdown.write(m.page)
  end
  return plain.write(m.page, look())
end

return function(given)
  if #given.operands > 1 then
    check.fail("'doc' explains one thing, got '%s' and '%s'", given.operands[1],
      given.operands[2])
  end
  local form
  for _, one in ipairs { "markdown", "man", "luacats" } do
    if given[one] and form then
      check.fail("--%s and --%s are two forms; choose one", form, one)
    end
    form = given[one] and one or form
  end
  local name, folder = given.operands[1], arguments.one(given, "to")
  if folder == "" then
    check.fail "--to wants a folder"
  elseif folder then
    write_files(folder, files_of(form or "markdown", name))
  else
    io.write(text_of(form, name))
  end
end
