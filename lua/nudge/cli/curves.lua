-- SPDX-License-Identifier: MIT
-- Curves of runs over each other: a panel for each metric of each series.
local check = require "nudge.check"
local figure = require "nudge.figure"

local curves = {}

local MAX_PANELS = 24

local function finite(x)
  return x == x and math.abs(x) < math.huge
end

-- x and y of a metric, with a band where its standard error is there.
local function curve_of(rows, metric)
  local c = { x = {}, y = {}, low = {}, high = {} }
  for _, row in ipairs(rows) do
    local y, e = row[metric], row[metric .. "_error"]
    if y and finite(y) then
      c.x[#c.x + 1], c.y[#c.y + 1] = row.step, y
      if e and finite(e) then
        c.low[#c.x], c.high[#c.x] = y - e, y + e
      end
    end
  end
  if #c.low ~= #c.x or #c.x == 0 then
    c.low, c.high = nil, nil
  end
  return c
end

local function changes(c)
  for _, y in ipairs(c.y) do
    if y ~= c.y[1] then
      return true
    end
  end
  return false
end

-- Numbers over two decades are easier to see on a logarithmic axis.
local function wants_log(series)
  local low, high = math.huge, -math.huge
  for _, c in ipairs(series) do
    for _, y in ipairs(c.y) do
      low, high = math.min(low, y), math.max(high, y)
    end
  end
  return low > 0 and high > 30 * low
end

local function panel_of(store, runs, name, metric)
  local list, alive = {}, false
  for i, run in ipairs(runs) do
    local c = curve_of(store:rows(run.id, name), metric)
    if #c.x > 0 then
      c.label, c.color = string.format("run %d", run.id), (i - 1) % 7 + 1
      list[#list + 1] = c
      alive = alive or changes(c) or c.y[1] ~= list[1].y[1]
    end
  end
  local log = wants_log(list)
  for _, c in ipairs(log and list or {}) do
    for k, low in ipairs(c.low or {}) do -- a band that reaches 0 ends at the smallest number
      c.low[k] = low > 0 and low or c.y[k]
    end
  end
  return alive and { title = name, xlabel = "step", ylabel = metric:gsub("_", " "), logy = log,
    series = list } or nil
end

-- Losses and the like where there are any, else every metric: not what differs by nature, and no
-- standard errors, which are bands.
local function metrics_of(runs, name, chosen)
  local all, losses, seen = {}, {}, {}
  for _, run in ipairs(runs) do
    for _, s in ipairs(run.series) do
      for _, m in ipairs(s.name == name and s.metrics or {}) do
        local wanted = chosen and chosen(m.name) or not chosen and not m.volatile
          and not m.name:find "_error$" or not chosen and m.name == "relative_error"
        if wanted and not seen[m.name] then
          seen[m.name], all[#all + 1] = true, m.name
          if m.name:find "loss$" or m.name:find "accuracy$" or m.name == "relative_error" then
            losses[#losses + 1] = m.name
          end
        end
      end
    end
  end
  return (chosen or #losses == 0) and all or losses
end

function curves.draw(store, runs, names, chosen, path)
  local panels = {}
  for _, name in ipairs(names) do
    for _, metric in ipairs(metrics_of(runs, name, chosen)) do
      panels[#panels + 1] = panel_of(store, runs, name, metric)
    end
  end
  if #panels == 0 then
    check.fail("--plot %s: there is no metric that changes", path)
  elseif #panels > MAX_PANELS then
    check.fail("--plot %s: there would be %d panels; choose at most %d with --series and --metric",
      path, #panels, MAX_PANELS)
  end
  figure { panels = panels, columns = math.min(#panels, 3), legend = "common" }:save(path)
end

return curves
