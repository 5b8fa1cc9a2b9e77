-- SPDX-License-Identifier: MIT
-- Text within a line: a list of pieces { text, code =, target = }. A target is a place of the
-- reference, "lua/problems.md#nudgeproblem".
local inline = {}

-- Words as they are.
function inline.plain(text)
  return { { text = text } }
end

-- Something typed, perhaps with the place that explains it.
function inline.code(text, target)
  return { { text = text, code = true, target = target } }
end

-- Words with `code` between backticks. find(name) gives the target of code that is a name, or nil.
function inline.markup(text, find)
  local out, from = {}, 1
  while true do
    local first, last, code = text:find("`([^`]+)`", from)
    if not first then
      break
    end
    if first > from then
      out[#out + 1] = { text = text:sub(from, first - 1) }
    end
    out[#out + 1] = { text = code, code = true, target = find and find(code) }
    from = last + 1
  end
  if from <= #text then
    out[#out + 1] = { text = text:sub(from) }
  end
  return out
end

-- Several in a row, with a text between them.
function inline.join(list, between)
  local out = {}
  for i, pieces in ipairs(list) do
    if i > 1 and between ~= "" then
      out[#out + 1] = { text = between }
    end
    table.move(pieces, 1, #pieces, #out + 1, out)
  end
  return out
end

-- Without its looks.
function inline.words(pieces)
  local out = {}
  for i, piece in ipairs(pieces) do
    out[i] = piece.text
  end
  return table.concat(out)
end

-- The name that GitHub gives to a heading.
function inline.anchor(text)
  return (text:lower():gsub("[^%w%s_-]", ""):gsub("%s", "-"))
end

return inline
