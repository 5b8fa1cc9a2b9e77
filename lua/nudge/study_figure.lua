-- SPDX-License-Identifier: MIT
-- The figure of studies: a row of panels each. Left: the V of every rule that has beta, with the
-- bound and its best beta. Then each rule that wants a panel alone, a curve for each combination of
-- its other options. Right: error against cost.
local check = require "nudge.check"
local gnuplot = require "nudge.gnuplot"
local styles = require "nudge.styles"

local figure = {}

local FLOOR, CEILING = 1e-17, 1e2 -- of the vertical axis, where the data reach beyond

-- A style for each rule of a figure, by its label: the same in every panel.
local function styles_of(rows)
  local of, n = {}, 0
  for _, row in ipairs(rows) do
    for _, s in ipairs(row) do
      for _, family in ipairs(s.families) do
        if not family.alone and not of[family.short] then
          of[family.short] = styles.list[n % #styles.list + 1]
          n = n + 1
        end
      end
    end
  end
  return of
end

-- The curve of a bound over the betas of a series, as far as it holds, and its smallest point.
local function bound_series(s, series, color)
  local x, y, radius = {}, {}, s.exact.stability_radius or math.huge
  local bound = series.bound
  for _, row in ipairs(series.rows) do
    if row.bound and row.values.beta < radius then
      x[#x + 1], y[#y + 1] = row.values.beta, row.bound
    end
  end
  return { x = x, y = y, color = color, dashed = true, width = 1, out_of_range = true },
    { x = { bound.optimum }, y = { bound.at_optimum }, color = color, line = false, point = 12,
      point_size = 1.6, width = 2 }
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
  return radius and { { x = radius, label = "stability radius ρ", mark = "ρ", color = "#777777",
    dotted = true, width = 1.5 } } or {}
end

local function add_legend(list, bounded)
  if bounded then
    list[#list + 1] = { label = "bound", legend_only = true, color = "#444444", dashed = true,
      width = 1 }
    list[#list + 1] = { label = "predicted best β", legend_only = true, color = "#444444",
      line = false, point = 12, point_size = 1.6 }
  end
end

local function add_bound(s, list, series, color)
  if series.bound then
    local curve, optimum = bound_series(s, series, color)
    list[#list + 1] = curve
    list[#list + 1] = optimum
    return true
  end
end

local function fixed_text(fixed)
  local parts = {}
  for _, name in ipairs(check.sorted_keys(fixed)) do
    parts[#parts + 1] = name .. " = " .. tostring(fixed[name])
  end
  return table.concat(parts, ", ")
end

-- Each rule with beta, at its last series: the one of the most steps.
local function variants_panel(s, families, style)
  local list, bounded = {}, false
  local fixed = families[1].series[#families[1].series].fixed
  for _, family in ipairs(families) do
    local series = family.series[#family.series]
    local color, point = table.unpack(style[family.short])
    local x, y = beta_curve(series)
    bounded = add_bound(s, list, series, color) or bounded
    list[#list + 1] = { label = family.short, x = x, y = y, color = color, point = point }
  end
  add_legend(list, bounded)
  local detail = fixed_text(fixed)
  return { title = s.name .. ": every variant" .. (detail ~= "" and " (" .. detail .. ")" or ""),
    xlabel = "nudging strength β", ylabel = "relative error of the estimate",
    series = list, verticals = radius_lines(s.exact) }
end

-- One rule, a curve for each combination of its other swept options.
local function alone_panel(s, family)
  local list, bounded = {}, false
  local n, ramp = #family.series, styles.ramp
  for i, series in ipairs(family.series) do
    local color = ramp[n == 1 and #ramp or 1 + math.floor((i - 1) * (#ramp - 1) / (n - 1) + 0.5)]
    local x, y = beta_curve(series)
    bounded = add_bound(s, list, series, color) or bounded
    list[#list + 1] = { label = fixed_text(series.fixed), x = x, y = y, color = color, point = 7 }
  end
  add_legend(list, bounded)
  return { title = string.format("%s: %s", s.name, family.short),
    xlabel = "nudging strength β", ylabel = "relative error of the estimate",
    series = list, verticals = radius_lines(s.exact) }
end

-- Best error that a family reaches at no more than each cost. Phases that diverged are cheap, since
-- they ended early, and their error says nothing.
local function cost_curve(family)
  local rows, costs, errors = {}, {}, {}
  for _, row in ipairs(family.rows) do
    if row.relative_error == row.relative_error and row.status ~= "diverged" then
      rows[#rows + 1] = row
    end
  end
  table.sort(rows, function(a, b)
    return a.cost < b.cost or (a.cost == b.cost and a.relative_error < b.relative_error)
  end)
  local best = math.huge
  for _, row in ipairs(rows) do
    if row.relative_error < best then
      best = row.relative_error
      costs[#costs + 1], errors[#errors + 1] = row.cost, best
    end
  end
  return costs, errors
end

local function cost_panel(s, style)
  local list = {}
  for _, family in ipairs(s.families) do
    if not family.alone then -- a single point must show among curves
      local color, point = table.unpack(style[family.short])
      local x, y = cost_curve(family)
      list[#list + 1] = { label = family.short, x = x, y = y, color = color, point = point,
        width = #x == 1 and 3 or 1.5, point_size = #x == 1 and 2.2 or 0.9 }
    end
  end
  table.sort(list, function(a, b)
    return #a.x > #b.x or (#a.x == #b.x and a.label < b.label)
  end)
  return { title = s.name .. ": best error against cost",
    xlabel = "gradient evaluations + 2 × second-derivative products",
    ylabel = "relative error of the estimate", series = list }
end

local function panels_of(s, style)
  local together, alone = {}, {}
  for _, family in ipairs(s.families) do
    if family.series then
      table.insert(family.alone and alone or together, family)
    end
  end
  local row = { #together > 0 and variants_panel(s, together, style) or nil }
  for _, family in ipairs(alone) do
    row[#row + 1] = alone_panel(s, family)
  end
  row[#row + 1] = cost_panel(s, style)
  for _, panel in ipairs(row) do
    panel.xlog, panel.ylog, panel.ylimits = true, true, { FLOOR, CEILING }
  end
  return row
end

-- grid: a list of lists of studies.
function figure.plot(grid, path)
  local rows, style = {}, styles_of(grid)
  for i, studies in ipairs(grid) do
    rows[i] = {}
    for _, s in ipairs(studies) do
      local own = panels_of(s, style)
      table.move(own, 1, #own, #rows[i] + 1, rows[i])
    end
  end
  gnuplot.draw({ title = "How wrong is each meta-gradient?", rows = rows, width = 480,
    height = 330 }, path)
end

return figure
