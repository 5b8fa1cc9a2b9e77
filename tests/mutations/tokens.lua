-- SPDX-License-Identifier: MIT
-- Just enough of C to change it: functions of a file, tokens of a body, brackets that match.
local tokens = {}

-- Functions that begin at the left margin and end with a brace there, in nudge's own format.
-- Each: name, header, and first and last, the places of what stands between the braces.
function tokens.functions(text)
  local found, place = {}, 1
  local header_from
  while place <= #text do
    local line_end = text:find("\n", place, true) or #text
    local line = text:sub(place, line_end - 1)
    if not header_from and line:find "^%a[%w_ ]*[%s%*]?[%w_]+%(" and not line:find ";$" then
      header_from = place
    end
    if header_from and line:find "{$" then
      local header = text:sub(header_from, line_end - 1)
      local closing = text:find("\n}\n", line_end, true)
      if not header:find "=" and not header:find "^typedef" then
        local macro, argument = header:match "^(%u+)%(([%w_]+)%)"
        local name = macro and macro:lower() .. "_" .. argument or header:match "([%w_]+)%("
        found[#found + 1] = { name = name, header = header, first = line_end + 1, last = closing }
      end
      line_end = closing + 2
      header_from = nil
    elseif line:find ";$" then
      header_from = nil
    end
    place = line_end + 1
  end
  return found
end

local operators = { "<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&",
  "||", "+=", "-=", "*=", "/=", "|=", "&=" }

-- Tokens of a text: text, from and to; comments and white space are left out.
function tokens.of(text)
  local list, place = {}, 1
  local function take(kind, from, to)
    list[#list + 1] = { kind = kind, text = text:sub(from, to), from = from, to = to }
    place = to + 1
  end
  while place <= #text do
    local _, space = text:find("^%s+", place)
    local _, comment = text:find("^/%*.-%*/", place)
    local _, word = text:find("^[%a_][%w_]*", place)
    local _, number = text:find("^%.?%d[%w%.]*", place)
    local _, quoted = text:find('^"[^"]*"', place)
    if space or comment then
      place = (space or comment) + 1
    elseif word or number or quoted then
      take(word and "word" or number and "number" or "string", place, word or number or quoted)
    else
      local long
      for _, operator in ipairs(operators) do
        long = long or text:sub(place, place + #operator - 1) == operator and #operator
      end
      take("sign", place, place + (long or 1) - 1)
    end
  end
  local open = {}
  for i, token in ipairs(list) do
    if token.text:find "^[%(%[{]$" then
      open[#open + 1] = i
    elseif token.text:find "^[%)%]}]$" then
      local first = table.remove(open)
      list[first].match, token.match = i, first
    end
  end
  return list
end

-- The arguments of the call whose opening bracket is token i: pairs of first and last token.
function tokens.arguments(list, i)
  local found, from = {}, i + 1
  local k = i + 1
  while k <= list[i].match do
    if list[k].text == "," or k == list[i].match then
      if k > from then
        found[#found + 1] = { from, k - 1 }
      end
      from = k + 1
    elseif list[k].match and list[k].match > k then
      k = list[k].match
    end
    k = k + 1
  end
  return found
end

-- The last token of the expression that begins at token i: before a comma, a semicolon, a colon or
-- a closing bracket, or before what is given.
function tokens.expression_end(list, i, stop)
  while list[i] and not list[i].text:find(stop or "^[,;:%)%]}]$") do
    i = (list[i].match and list[i].match > i and list[i].match or i) + 1
  end
  return i - 1
end

return tokens
