-- SPDX-License-Identifier: MIT
-- Files that a run has written: SVG figures are shown, all are listed.
local core = require "nudge.core"
local html = require "nudge.page.html"
local svg = require "nudge.page.svg"
local tables = require "nudge.page.tables"

local artefacts = {}

local BYTES = 360000 -- of figures that are shown on a page, altogether
local READ = 4000000 -- of one file

-- The text of a file that is still the one that was kept; nil and why not.
local function read(artefact)
  local file = io.open(artefact.path, "rb")
  local text = file and file:read "a"
  if file then
    file:close()
  end
  if not text then
    return nil, "is not there any more"
  elseif core.sha256(text) ~= artefact.sha256 then
    return nil, "has changed since the run wrote it"
  end
  return text
end

local function inline(page, artefact)
  local text, why = read(artefact)
  if not text then
    return nil, why
  elseif #text > READ then
    return nil, "would make this page too large"
  end
  local node
  node, why = svg.inline(text, page:next_prefix(), artefact.name)
  if node and page.artefact_bytes + #node.markup > BYTES then
    return nil, "would make this page too large"
  elseif node then
    page.artefact_bytes = page.artefact_bytes + #node.markup
  end
  return node, why
end

function artefacts.of(page, run)
  local figures, rows, notes = {}, {}, {}
  for i, artefact in ipairs(run.artefacts) do
    local why
    if artefact.path:lower():find "%.svg$" then
      local node
      node, why = inline(page, artefact)
      figures[#figures + 1] = node and html.tag("figure", { class = "whole" }, node,
        html.tag("figcaption", nil, artefact.name))
      notes[#notes + 1] = why and html.tag("p", { class = "note" }, artefact.name,
        " is not shown: it ", why, ".")
    end
    rows[i] = { artefact.name, artefact.kind, artefact.bytes,
      { html.tag("span", { class = "code" }, artefact.sha256:sub(1, 12)) },
      why and "not shown: it " .. why or "" }
  end
  return #rows > 0 and { figures, notes, html.tag("details", nil, html.tag("summary", nil,
    #rows == 1 and "1 file" or #rows .. " files"), tables.make("Files in the folder of the run",
      { "file", "kind", { "bytes", number = true }, "SHA-256", "note" }, rows)) }
end

return artefacts
