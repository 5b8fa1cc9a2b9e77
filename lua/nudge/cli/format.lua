-- SPDX-License-Identifier: MIT
-- Times, sizes and tables for people.
local core = require "nudge.core"
local text = require "nudge.text"

local format = {}

function format.date(seconds)
  return os.date("%Y-%m-%d %H:%M:%S", math.floor(seconds))
end

local function whole(x)
  return math.floor(x + 0.5)
end

-- "0.05 s", "3.2 s", "20 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"
function format.duration(seconds)
  local s = whole(seconds)
  if s < 10 then
    return string.format(seconds < 0.995 and "%.2f s" or "%.1f s", seconds)
  elseif s < 60 then
    return s .. " s"
  elseif s < 3600 then
    return string.format("%d min %d s", s // 60, s % 60)
  elseif s < 86400 then
    return string.format("%d h %d min", s // 3600, s // 60 % 60)
  end
  return string.format("%d d %d h", s // 86400, s // 3600 % 24)
end

local units = { { 86400 * 365, "year" }, { 86400 * 30, "month" }, { 86400 * 7, "week" },
  { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } }

-- "just now", "5 minutes ago"
function format.ago(seconds)
  for _, unit in ipairs(units) do
    local n = math.floor(seconds / unit[1])
    if n >= 1 then
      return string.format("%d %s%s ago", n, unit[2], n > 1 and "s" or "")
    end
  end
  return "just now"
end

function format.bytes(n)
  for _, unit in ipairs { { 1e9, "GB" }, { 1e6, "MB" }, { 1e3, "kB" } } do
    if n >= unit[1] then
      return string.format("%.1f %s", n / unit[1], unit[2])
    end
  end
  return n .. " B"
end

-- Five digits of a number; texts as they are.
function format.value(x)
  if type(x) == "number" then
    return x ~= x and "nan" or text.number(x, "%.5g")
  end
  return x == nil and "-" or tostring(x)
end

local escapes = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

-- One line that does to a terminal what it says: control characters, of C1 too, are spelt out.
function format.line(s)
  return (s:gsub("\xc2[\x80-\x9f]", function(c)
    return string.format("\\u%04x", utf8.codepoint(c))
  end):gsub("%c", function(c)
    return escapes[c] or string.format("\\x%02x", c:byte())
  end))
end

local function width(cell)
  return utf8.len(cell) or #cell
end

local function cut(line, columns)
  local n = utf8.len(line)
  if not columns or not n or n <= columns then
    return line
  end
  return line:sub(1, utf8.offset(line, columns) - 1) .. "…"
end

-- Rows of cells; alignment: a letter for each column, l or r. On a terminal lines are cut to fit.
function format.table(rows, alignment, indent)
  local widths, lines, terminal = {}, {}, core.terminal()
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, width(format.line(cell)))
    end
  end
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      cell = format.line(cell)
      local pad = (" "):rep(widths[i] - width(cell))
      cells[i] = alignment:sub(i, i) == "r" and pad .. cell or cell .. pad
    end
    local line = (indent or "") .. table.concat(cells, "  "):gsub("%s+$", "")
    lines[#lines + 1] = cut(line, terminal and terminal.columns)
  end
  return table.concat(lines, "\n") .. "\n"
end

-- Seconds that a run has taken so far or in all. A killed one was last heard of at `updated`.
function format.took(run)
  local finish = run.finished or (run.status == "running" and core.wall_clock()) or run.updated
  return format.duration(math.max(0, finish - run.started))
end

return format
