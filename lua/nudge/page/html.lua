-- SPDX-License-Identifier: MIT
-- HTML by construction: what is no node is text and is escaped, wherever it comes from.
local check = require "nudge.check"
local text = require "nudge.text"

local html = {}

local Node = {}

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;",
  ["'"] = "&#39;" }
local void = { meta = true, br = true, col = true }

function html.escape(value)
  return (text.valid(tostring(value)):gsub("[\0-\8\11-\31\127]", "\u{FFFD}")
    :gsub("[&<>\"']", entities))
end

-- Markup that this program made itself.
function html.raw(markup)
  return setmetatable({ markup = markup }, Node)
end

local function add(out, child)
  if getmetatable(child) == Node then
    out[#out + 1] = child.markup
  elseif type(child) == "table" then
    local n = 0 -- lists may have holes
    for key in pairs(child) do
      n = math.max(n, key)
    end
    for i = 1, n do
      add(out, child[i])
    end
  elseif child ~= nil and child ~= false then
    out[#out + 1] = html.escape(child)
  end
end

-- An element: attributes by name (false: none, true: without a value), then children: texts,
-- numbers, nodes, lists of them, false for nothing.
function html.tag(name, attributes, ...)
  local out = { "<", name }
  for _, key in ipairs(check.sorted_keys(attributes or {})) do
    local value = attributes[key]
    if value then
      out[#out + 1] = " " .. key
      if value ~= true then
        out[#out + 1] = '="' .. html.escape(value) .. '"'
      end
    end
  end
  out[#out + 1] = ">"
  for i = 1, select("#", ...) do
    add(out, (select(i, ...)))
  end
  if not void[name] then
    out[#out + 1] = "</" .. name .. ">"
  end
  return html.raw(table.concat(out))
end

-- The markup of nodes and texts.
function html.text(...)
  local out = {}
  add(out, { ... })
  return table.concat(out)
end

return html
