-- SPDX-License-Identifier: MIT
-- What nudge watch shows of a run: its state, and each series' metrics with their curves, as lines.
local format = require "nudge.cli.format"
local scale = require "nudge.scale"
local sparkline = require "nudge.sparkline"
local text = require "nudge.text"

local watch = {}

local MOST, FEWEST = 60, 8 -- bars of a curve
local RECENT = 20 -- rows from which the pace is told

local function number(v)
  return v and text.number(v, "%.4g") or "-"
end

local function plain(value)
  return (text.valid(tostring(value)):gsub("%c", " "))
end

local function heading(run, now)
  local parts = { "run " .. run.id, plain(run.name), run.status }
  local ended = run.finished or (run.status ~= "running" and run.updated) or now
  parts[#parts + 1] = format.duration(math.max(0, ended - run.started))
  parts[#parts + 1] = plain(run.script)
  return table.concat(parts, " · ")
end

-- Seconds from step to step lately: as the rows say where they have the time, else between two
-- looks at the series. nil: not known yet.
local function pace_of(before, series, rows, now)
  local last = rows[#rows]
  local earlier = rows[math.max(1, #rows - RECENT)]
  local passed, n
  if last and type(last.seconds) == "number" then
    passed = earlier ~= last and last.seconds - earlier.seconds or last.seconds
    n = earlier ~= last and last.step - earlier.step or 1
  else
    local was = before and before.steps[series.name]
    passed, n = was and now - before.time or 0, was and (series.last_step or 0) - was or 0
  end
  return n > 0 and passed > 0 and passed / n or nil
end

-- Of how many steps a meta-training is: its options say so.
local function total_of(run, series)
  local stage = series.name:match "^(.*)/train$"
  local options = stage and (run.tables or {})[stage .. "/options"]
  return math.tointeger(options and options[1] and options[1].steps)
end

-- "contrastive/train: step 12 of 100, 3.1 s each, 4 min 33 s left".
local function title_of(run, series, rows, now, before)
  local step, total = series.last_step, total_of(run, series)
  local title = string.format("%s: step %s%s", plain(series.name), tostring(step or "-"),
    total and " of " .. total or "")
  local pace = pace_of(before, series, rows, now)
  if run.status ~= "running" or not pace or (total and step >= total) then
    return title
  end
  return title .. (pace <= 1 and string.format(", %.3g/s", 1 / pace)
    or ", " .. format.duration(pace) .. " each")
    .. (total and ", " .. format.duration((total - step) * pace) .. " left" or "")
end

local function values_of(rows, metric)
  local values = {}
  for _, row in ipairs(rows) do
    values[#values + 1] = type(row[metric]) == "number" and row[metric] or nil
  end
  return values
end

-- A row per metric that moves; those that do not, in one line.
local function add_series(cells, series, rows)
  local still = {}
  for _, metric in ipairs(series.metrics) do
    local values = values_of(rows, metric.name)
    local least, greatest, n = scale.extent(values)
    local name = plain(metric.name):gsub("_", " ")
    if n > 0 and least < greatest then
      cells[#cells + 1] = { name, number(values[#values]), number(least), number(greatest),
        values = values }
    elseif n > 0 then
      still[#still + 1] = name .. " " .. number(values[#values])
    end
  end
  return #still > 0 and "  " .. table.concat(still, ", ") or nil
end

-- Text of at most `width` characters.
function watch.cut(line, width)
  if (utf8.len(line) or #line) <= width then
    return line
  end
  local at = utf8.offset(line, width)
  return at and line:sub(1, at - 1) .. "…" or line:sub(1, width)
end

-- The table's lines in order, without its blank margin on the right; and their width.
local function table_lines(cells)
  local lines, width = {}, 0
  for line in text.aligned(cells):gmatch "[^\n]+" do
    lines[#lines + 1], width = line, math.max(width, utf8.len(line) or #line)
  end
  return lines, width
end

local function with_curve(line, values, width, columns)
  local bars = math.min(MOST, columns - width - 3)
  if not values or bars < FEWEST then
    return line
  end
  return line .. (" "):rep(width - (utf8.len(line) or #line) + 2) .. sparkline(values, bars)
end

-- run as store:run gives it, rows_of(series), now in seconds since 1970, columns of the window, and
-- an earlier look, from which rates are told.
function watch.lines(run, rows_of, now, columns, before)
  local cells, parts = { { "", "last", "least", "greatest" } }, {}
  for i = #run.series, 1, -1 do -- the newest first: there something goes on
    local series, first = run.series[i], #cells + 1
    local rows = rows_of(series)
    local still = add_series(cells, series, rows)
    parts[#parts + 1] = { first = first, last = #cells, still = still,
      title = title_of(run, series, rows, now, before) }
  end
  local rows, width = table_lines(cells)
  local lines = { heading(run, now), #parts == 0 and "nothing is kept yet" or rows[1] }
  for _, part in ipairs(parts) do
    table.move({ "", part.title }, 1, 2, #lines + 1, lines)
    for i = part.first, part.last do
      lines[#lines + 1] = with_curve(rows[i], cells[i].values, width, columns)
    end
    lines[#lines + 1] = part.still
  end
  if run.message then
    table.move({ "", plain(run.message) }, 1, 2, #lines + 1, lines)
  end
  for i, line in ipairs(lines) do
    lines[i] = watch.cut(line, columns)
  end
  return lines
end

-- What rates are told from later.
function watch.look(run, now)
  local steps = {}
  for _, series in ipairs(run.series) do
    steps[series.name] = series.last_step or 0
  end
  return { time = now, steps = steps }
end

return watch
