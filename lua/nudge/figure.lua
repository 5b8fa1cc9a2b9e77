-- SPDX-License-Identifier: MIT
-- The figure of studies: a row of panels each. Left: the V of every rule that has beta, with the
-- bound and its best beta. Middle: one rule for each number of steps. Right: error against cost.
local check = require "nudge.check"
local core = require "nudge.core"
local gnuplot = require "nudge.gnuplot"

local figure = {}

-- Colours that stay apart for colour-blind readers (Okabe and Ito), each with its own mark.
local styles = {
  { "#0072B2", 7 }, { "#D55E00", 5 }, { "#009E73", 9 }, { "#CC79A7", 11 }, { "#E69F00", 13 },
  { "#000000", 6 }, { "#56B4E9", 4 }, { "#777777", 8 }, { "#8C510A", 10 },
}
-- From light to dark, for numbers of steps.
local ramp = { "#9ECAE1", "#4292C6", "#08519C", "#08306B" }

local function style_of(family)
  local style = styles[(family.index - 1) % #styles + 1]
  return style[1], style[2]
end

local function short(family)
  return family.label == family.id and family.label or family.label:sub(#family.id + 2)
end

-- The curve of a bound over the betas of a series, and its smallest point.
local function bound_series(bound, series, color)
  local x, y = {}, {}
  for i, row in ipairs(series.rows) do
    x[i], y[i] = row.values.beta, core.bound_at(bound, row.values.beta)
  end
  return { x = x, y = y, color = color, dashed = true, width = 1, out_of_range = true },
    { x = { bound.optimum }, y = { bound.at_optimum }, color = color, line = false, point = 12,
      point_size = 1.6, width = 2, out_of_range = true }
end

local function beta_curve(series)
  local x, y = {}, {}
  for i, row in ipairs(series.rows) do
    x[i], y[i] = row.values.beta, row.relative_error
  end
  return x, y
end

local function radius_lines(exact)
  local radius = exact.stability_radius
  return radius and { { x = radius, label = "ρ" } } or {}
end

local function legend_of_bounds(series)
  series[#series + 1] = { label = "bound", legend_only = true, color = "#444444", dashed = true,
    width = 1 }
  series[#series + 1] = { label = "predicted best β", legend_only = true, color = "#444444",
    line = false, point = 12, point_size = 1.6 }
end

local function add_bound(list, series, color)
  if series.bound then
    local curve, optimum = bound_series(series.bound, series, color)
    list[#list + 1] = curve
    list[#list + 1] = optimum
    return true
  end
end

local function steps_text(fixed)
  local parts = {}
  for _, name in ipairs(check.sorted_keys(fixed)) do
    parts[#parts + 1] = name .. " = " .. tostring(fixed[name])
  end
  return table.concat(parts, ", ")
end

-- Each rule with beta, at its last series: the one of the most steps.
local function variants_panel(s, families)
  local list, bounded = {}, false
  local fixed = families[1].series[#families[1].series].fixed
  for _, family in ipairs(families) do
    local series = family.series[#family.series]
    local color, point = style_of(family)
    local x, y = beta_curve(series)
    bounded = add_bound(list, series, color) or bounded
    list[#list + 1] = { label = short(family), x = x, y = y, color = color, point = point }
  end
  if bounded then
    legend_of_bounds(list)
  end
  local detail = steps_text(fixed)
  return { title = s.name .. ": error over β" .. (detail ~= "" and " (" .. detail .. ")" or ""),
    xlabel = "nudging strength β", ylabel = "relative error of the meta-gradient",
    series = list, verticals = radius_lines(s.exact) }
end

-- The rule for which the panel of steps is drawn: of the second-lowest order where there is one.
local function steps_family(families)
  local several = {}
  for _, family in ipairs(families) do
    if #family.series > 1 then
      several[#several + 1] = family
    end
  end
  table.sort(several, function(a, b)
    return (a.order or math.huge) < (b.order or math.huge)
  end)
  return several[2] or several[1]
end

local function steps_panel(s, family)
  local list, bounded = {}, false
  local n = #family.series
  for i, series in ipairs(family.series) do
    local color = ramp[n == 1 and #ramp or 1 + math.floor((i - 1) * (#ramp - 1) / (n - 1) + 0.5)]
    local x, y = beta_curve(series)
    bounded = add_bound(list, series, color) or bounded
    list[#list + 1] = { label = steps_text(series.fixed), x = x, y = y, color = color,
      point = select(2, style_of(family)) }
  end
  if bounded then
    legend_of_bounds(list)
  end
  return { title = string.format("%s: %s, by steps of learning", s.name, short(family)),
    xlabel = "nudging strength β", ylabel = "relative error of the meta-gradient",
    series = list, verticals = radius_lines(s.exact) }
end

-- Best error of a family at each cost it had, over everything that does not change the cost.
local function cost_curve(family)
  local best, costs = {}, {}
  for _, row in ipairs(family.rows) do
    local error = row.relative_error
    if error == error and error > 0 then
      if not best[row.cost] then
        costs[#costs + 1] = row.cost
      end
      best[row.cost] = math.min(best[row.cost] or math.huge, error)
    end
  end
  table.sort(costs)
  local errors = {}
  for i, cost in ipairs(costs) do
    errors[i] = best[cost]
  end
  return costs, errors
end

local function cost_panel(s)
  local list = {}
  for _, family in ipairs(s.families) do
    local color, point = style_of(family)
    local x, y = cost_curve(family)
    list[#list + 1] = { label = short(family), x = x, y = y, color = color, point = point,
      width = 1.5, point_size = 0.9 }
  end
  return { title = s.name .. ": best error against cost",
    xlabel = "cost (gradient evaluations + 2 × second-derivative products)",
    ylabel = "relative error of the meta-gradient", series = list }
end

local function panels_of(s)
  local with_beta = {}
  for _, family in ipairs(s.families) do
    if family.series then
      with_beta[#with_beta + 1] = family
    end
  end
  local row = {}
  if #with_beta > 0 then
    row[#row + 1] = variants_panel(s, with_beta)
    local family = steps_family(with_beta)
    row[#row + 1] = family and steps_panel(s, family)
  end
  row[#row + 1] = cost_panel(s)
  return row
end

function figure.plot(studies, path)
  if type(path) ~= "string" then
    check.fail("a figure needs a path that ends in .svg or .png")
  end
  local panels = {}
  for i, s in ipairs(studies) do
    panels[i] = panels_of(s)
  end
  gnuplot.draw({ title = "How wrong is each meta-gradient?", panels = panels }, path)
end

return figure
