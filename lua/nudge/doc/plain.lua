-- SPDX-License-Identifier: MIT
-- Pages of the reference for a terminal.
local page = require "nudge.doc.page"
local words = require("nudge.doc.inline").words

local plain = {}

local function columns(text)
  return utf8.len(text) or #text
end

-- Words at most `width` columns to a line, `indent` blanks in front.
local function wrap(text, width, indent)
  local lines, line = {}, nil
  for word in text:gmatch "%S+" do
    if line and columns(line) + 1 + columns(word) <= width - indent then
      line = line .. " " .. word
    else
      lines[#lines + 1] = line
      line = word
    end
  end
  lines[#lines + 1] = line
  local margin = (" "):rep(indent)
  return margin .. table.concat(lines, "\n" .. margin)
end

-- Lines in bold, where the terminal can.
local function bold(look, text)
  return look.bold and (text:gsub("[^\n]+", "\27[1m%0\27[m")) or text
end

local write = {}

function write.heading(look, block)
  return bold(look, wrap(words(block.text), look.width, 0))
end

function write.text(look, block)
  return wrap(words(block.text), look.width, 0)
end

function write.code(_, block)
  return (("\n" .. block.text):gsub("\n", "\n    "):gsub("\n +\n", "\n\n"):gsub("^\n", ""))
end

function write.items(look, block)
  local out = {}
  for i, item in ipairs(block.items) do
    out[i] = "- " .. wrap(words(item), look.width, 2):sub(3)
  end
  return table.concat(out, "\n")
end

local function term(look, heads, row)
  local facts = page.facts(heads, row, words)
  local text = words(row.text)
  local short = text:find "^%(default: [^)]*%)$" -- all that there is to say
  local name = row.name .. (facts ~= "" and ": " or "")
  local head = wrap(name .. facts .. (short and " " .. text or ""), look.width, 2)
  local out = { look.bold and head:gsub("^(%s*)(%S+)", "%1\27[1m%2\27[m") or head }
  if text ~= "" and not short then
    out[2] = wrap(text, look.width, 6)
  end
  for _, choice in ipairs(row.choices or {}) do
    out[#out + 1] = wrap(choice.name .. ": " .. words(choice.text), look.width, 8)
  end
  return table.concat(out, "\n")
end

-- Short ones, without types, stand in two columns.
local function in_columns(look, block)
  local widest, out = 0, {}
  for _, row in ipairs(block.rows) do
    if row.facts[1] or row.choices then
      return nil
    end
    widest = math.max(widest, columns(row.name))
  end
  for i, row in ipairs(block.rows) do
    local text = wrap(words(row.text), look.width, widest + 4)
    local head = "  " .. row.name .. (" "):rep(widest - columns(row.name) + 2)
    out[i] = (look.bold and "\27[1m" .. head .. "\27[m" or head) .. text:sub(widest + 5)
  end
  return widest <= 30 and table.concat(out, "\n") or nil
end

function write.terms(look, block)
  local short = in_columns(look, block)
  if short then
    return short
  end
  local out = {}
  for i, row in ipairs(block.rows) do
    out[i] = term(look, block.heads, row)
  end
  return table.concat(out, "\n")
end

-- look: { width, bold }
function plain.write(p, look)
  local out = { bold(look, wrap(words(p.title), look.width, 0)) }
  for _, block in ipairs(p.blocks) do
    out[#out + 1] = write[block.kind](look, block)
  end
  return table.concat(out, "\n\n") .. "\n"
end

return plain
