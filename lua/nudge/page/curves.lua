-- SPDX-License-Identifier: MIT
-- Learning curves of a group of series as figures: a panel per metric, a curve per series and run.
local figure = require "nudge.figure"
local html = require "nudge.page.html"
local scale = require "nudge.scale"
local styles = require "nudge.styles"
local svg = require "nudge.page.svg"
local thin = require "nudge.page.thin"

local curves = {}

local INTERVALS, FEWEST = 240, 30 -- of a thinned curve
local POINTS = 32000 -- on a page: with some 8 characters each
local WIDTH, HEIGHT = 280, 170 -- of a plot in pixels
local LINE = 1.5
local MARKED = 3 -- curves at most, whose points may have marks

-- Steps and values of a metric, in order.
local function column(rows, metric)
  local x, y = {}, {}
  for _, row in ipairs(rows) do
    local v = row[metric]
    if type(v) == "number" then
      x[#x + 1], y[#y + 1] = row.step, v
    end
  end
  return x, y
end

-- Is a curve the straight line between its ends? It then says no more than they do.
local function is_straight(x, y)
  local n = #y
  local size = math.max(math.abs(y[1] or 0), math.abs(y[n] or 0))
  for i = 1, n do
    local line = n == 1 and y[1] or y[1] + (y[n] - y[1]) * ((x[i] - x[1]) / (x[n] - x[1]))
    local off = math.abs(y[i] - line)
    if off ~= off or off > 1e-9 * size then
      return false
    end
  end
  return true
end

-- Steps that are themselves far apart late (0, 1, 10, 100) get a logarithmic axis.
local function wants_log_steps(entries)
  local steps = {}
  for _, entry in ipairs(entries) do
    for _, row in ipairs(entry.rows) do
      if row.step < 0 then
        return false
      end
      steps[#steps + 1] = row.step > 0 and row.step or nil
    end
  end
  return scale.wants_log(steps)
end

-- What a metric looks like over all entries: "drawn", "straight", "single" (one step), "nothing".
local function look_at(entries, metric)
  local straight, longest, values = true, 0, {}
  for _, entry in ipairs(entries) do
    local x, y = column(entry.rows, metric)
    longest = math.max(longest, #y)
    straight = straight and is_straight(x, y)
    table.move(y, 1, #y, #values + 1, values)
  end
  local _, _, n = scale.extent(values)
  local look = n == 0 and "nothing" or longest <= 1 and "single"
    or straight and "straight" or "drawn"
  return look, scale.wants_log(values)
end

-- The figure of one metric as a node, and how many curves were thinned.
local function panel(page, entries, shown, log_steps)
  local metric = shown.metric.name
  local series, thinned, marked = {}, 0, nil
  if #entries > MARKED then
    marked = false
  end
  for _, entry in ipairs(entries) do
    local x, y = column(entry.rows, metric)
    local positions = thin(y, page.intervals)
    if positions then
      thinned = thinned + 1
      for i, k in ipairs(positions) do
        x[i], y[i] = x[k], y[k]
      end
      x, y = table.move(x, 1, #positions, 1, {}), table.move(y, 1, #positions, 1, {})
    end
    if #y > 0 then
      local style = page:style_of(entry.curve)
      series[#series + 1] = { x = x, y = y, color = style.color, dashed = style.dashed,
        dotted = style.dotted, width = LINE, points = marked }
    end
  end
  local drawn = figure { width = WIDTH, height = HEIGHT, legend = "none", panels = {
    { xlabel = "step", logx = log_steps, logy = shown.log, series = series } } }
  return page:figure(drawn, shown.title), thinned
end

-- The legend, and how many curves look different.
local function legend(page, entries)
  local items, seen = {}, {}
  for _, entry in ipairs(entries) do
    if not seen[entry.curve] then
      seen[entry.curve] = true
      items[#items + 1] = html.tag("li", nil, page:swatch(entry.curve), entry.curve)
    end
  end
  return html.tag("ul", { class = "legend" }, items), #items
end

-- How the metrics of a set are shown; kept in the set.
local function looks_of(group, set)
  if not set.looks then
    set.looks = {}
    for i, metric in ipairs(group.metrics) do
      local look, log = look_at(set.entries, metric.name)
      set.looks[i] = { metric = metric, look = metric.volatile and "volatile" or look, log = log,
        title = metric.name:gsub("_", " ") }
    end
  end
  return set.looks
end

local function notes_of(page, titles, thinned, repeated)
  local notes = { repeated and "Curves of one colour differ in their seeds alone." or nil }
  if #titles.straight > 0 then
    notes[#notes + 1] = "Not drawn, as constant or in proportion to the step: "
      .. table.concat(titles.straight, ", ") .. "."
  end
  if #titles.nothing > 0 then
    notes[#notes + 1] = "Never a finite number: " .. table.concat(titles.nothing, ", ") .. "."
  end
  if thinned > 0 then
    notes[#notes + 1] = string.format("%d %s thinned: of each of %d intervals the least and the "
      .. "greatest value are drawn. The store has every row.", thinned,
      thinned == 1 and "curve is" or "curves are", page.intervals)
  end
  return #notes > 0 and html.tag("p", { class = "note" }, table.concat(notes, " "))
end

local function set_of(page, group, set)
  local figures, thinned, log_steps = {}, 0, wants_log_steps(set.entries)
  local titles = { straight = {}, nothing = {}, single = {}, volatile = {} }
  for _, shown in ipairs(looks_of(group, set)) do
    if shown.look == "drawn" then
      local node, n = panel(page, set.entries, shown, log_steps)
      figures[#figures + 1], thinned = node, thinned + n
    else
      table.insert(titles[shown.look], shown.title)
    end
  end
  local key, n_curves = legend(page, set.entries)
  return {
    set.heading and html.tag("h3", nil, set.heading),
    #figures > 0 and html.tag("div", { class = "curves" }, #set.entries > 1 and key,
      html.tag("div", { class = "figures" }, figures)),
    notes_of(page, titles, thinned, #figures > 0 and n_curves < #set.entries),
  }
end

-- The figures of a group.
function curves.of(page, group)
  local out = {}
  for i, set in ipairs(group.sets) do
    out[i] = set_of(page, group, set)
  end
  return out
end

-- Intervals of thinned curves, so that all of them stay within the page's points.
function curves.intervals(list)
  local n = 0
  for _, group in ipairs(list) do
    for _, set in ipairs(group.sets) do
      for _, shown in ipairs(looks_of(group, set)) do
        n = n + (shown.look == "drawn" and #set.entries or 0)
      end
    end
  end
  return math.max(FEWEST, math.min(INTERVALS, POINTS // (2 * math.max(1, n))))
end

-- Colours in turn, then the same dashed and dotted.
function curves.style(i)
  local turn = (i - 1) // #styles.list % 3
  local k = (i - 1) % #styles.list + 1
  return { color = k, dashed = turn == 1, dotted = turn == 2 }
end

-- A drawn figure as part of the page.
function curves.inline(drawn, prefix, label)
  local path = os.tmpname()
  os.remove(path)
  path = path .. ".svg"
  drawn:save(path)
  local file <close> = assert(io.open(path, "rb"))
  local text = file:read "a"
  os.remove(path)
  local node, why = svg.inline(text, prefix, label)
  return node or error("a figure " .. why)
end

return curves
