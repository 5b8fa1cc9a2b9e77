-- SPDX-License-Identifier: MIT
-- Pages of the reference about learners and rules, from what their plugins say.
local core = require "nudge.core"
local inline = require "nudge.doc.inline"
local page = require "nudge.doc.page"

local components = {}

-- Descriptions with their options, learners first, by id within a kind.
function components.list()
  local out = {}
  for _, kind in ipairs { "learner", "rule" } do
    for _, id in ipairs(core.components(kind)) do
      local c = core.describe(kind, id)
      c.options = core.options(kind, id)
      out[#out + 1], out[id] = c, c
    end
  end
  return out
end

local function value_of(option)
  local out = {}
  for i, choice in ipairs(option.choices or {}) do
    out[i] = inline.code(choice)
  end
  if not option.choices then
    out[1] = inline.plain(option.value)
  end
  if option.unit and option.unit ~= "" then
    out[#out + 1] = inline.plain("unit " .. option.unit)
  end
  return inline.join(out, ", ")
end

local function row_of(option)
  local row = { name = option.name, choices = option.choices and {},
    facts = { value_of(option), option.required and inline.plain "(required)"
      or inline.code(option.default_text) },
    text = inline.plain(option.doc .. (option.deprecated and " Deprecated." or "")) }
  for i, choice in ipairs(option.choices or {}) do
    row.choices[i] = { name = choice, text = inline.plain(option.meanings[i]) }
  end
  return row
end

local function ids(title, list)
  local out = {}
  for i, id in ipairs(list) do
    out[i] = inline.code(id)
  end
  return inline.join({ inline.plain(title .. ": "), inline.join(out, ", ") }, "")
end

function components.page(c)
  local p = page.new(c.id .. ".md", inline.code(c.id), inline.plain(c.title))
  p:text(inline.plain(string.format("%s, version %s: %s", c.kind, c.version, c.title)))
  p:prose(c.doc)
  local items = {}
  if c.cite then
    items[1] = inline.plain("Reference: " .. c.cite)
  end
  for _, title in ipairs { "Needs", "Uses", "Provides" } do
    local list = c[title:lower()]
    items[#items + 1] = list[1] and ids(title, list)
  end
  if items[1] then
    p:items(items)
  end
  local rows = {}
  for i, option in ipairs(c.options) do
    rows[i] = row_of(option)
  end
  if rows[1] then
    p:heading(2, inline.plain "Options")
    p:terms({ "Option", "Value", "Default", "What it does" }, rows)
  end
  return p
end

return components
