-- SPDX-License-Identifier: MIT
-- A page of the reference before it has a form: blocks that markdown, roff and plain write.
--   { path, title, about, blocks }; blocks are
--   { kind = "heading", level, text }        from level 2 on; text is inline
--   { kind = "text", text }                  a paragraph
--   { kind = "code", text, language }
--   { kind = "items", items }                a list of inline texts
--   { kind = "terms", heads, rows }          row: { name, facts, text, choices }; facts are inline
--                                            texts, choices terms without facts
local inline = require "nudge.doc.inline"

local Page = {}
Page.__index = Page

local page = {}

-- path: where its Markdown stands in the folder of the reference; about: one line on it.
function page.new(path, title, about)
  return setmetatable({ path = path, title = title, about = about, blocks = {} }, Page)
end

local function add(self, block)
  table.insert(self.blocks, block)
  return self
end

function Page:heading(level, text)
  return add(self, { kind = "heading", level = level, text = text })
end

function Page:text(text)
  return add(self, { kind = "text", text = text })
end

function Page:code(text, language)
  return add(self, { kind = "code", text = text, language = language })
end

function Page:items(items)
  return add(self, { kind = "items", items = items })
end

function Page:terms(heads, rows)
  return add(self, { kind = "terms", heads = heads, rows = rows })
end

-- The facts of a row as they stand in a list, where no column says what they are: "number in
-- (0, 10]", "default 0.1". look(inline text) gives each as text.
function page.facts(heads, row, look)
  local out = {}
  for i, fact in ipairs(row.facts) do
    local text = look(fact)
    if heads[i + 1] == "Default" then
      text = text:match "^%((required)%)$" or "default " .. text
    end
    out[#out + 1] = text ~= "" and text or nil
  end
  return table.concat(out, ", ")
end

-- Paragraphs, parted by empty lines, and fenced code. words(text) makes a paragraph inline.
function Page:prose(text, words)
  local lines, language = {}, nil
  local function flush()
    if language then
      self:code(table.concat(lines, "\n"), language)
    elseif lines[1] then
      self:text((words or inline.plain)(table.concat(lines, " ")))
    end
    lines = {}
  end
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    local fence = line:match "^```(%a*)$"
    if fence or (line == "" and not language) then
      flush()
      if fence then
        language = not language and fence or nil
      end
    else
      lines[#lines + 1] = line
    end
  end
  flush()
  return self
end

return page
