-- SPDX-License-Identifier: MIT
-- What the series of a group came to: the last values, over seeds where there are several, and the
-- least and greatest on the way.
local curves = require "nudge.curves"
local html = require "nudge.page.html"
local tables = require "nudge.page.tables"

local results = {}

-- The last value of a metric, the least and the greatest with their steps; nil: it has none.
local function summary(rows, metric)
  local out = {}
  for _, row in ipairs(rows) do
    local v = row[metric]
    if type(v) == "number" then
      out.last = v
      if v == v and (not out.least or v < out.least) then
        out.least, out.least_at = v, row.step
      end
      if v == v and (not out.greatest or v > out.greatest) then
        out.greatest, out.greatest_at = v, row.step
      end
    end
  end
  return out
end

local function metric_columns(group, ...)
  local columns = { ... }
  for _, metric in ipairs(group.metrics) do
    columns[#columns + 1] = { metric.name:gsub("_", " "), number = true }
  end
  return columns
end

local function named(page, entry, title)
  return { html.raw(html.text(page:swatch(entry.curve), title)) }
end

local function last_values(page, group)
  local rows = {}
  for i, entry in ipairs(group.entries) do
    local last = entry.rows[#entry.rows]
    rows[i] = { named(page, entry, entry.title), last and last.step }
    for k, metric in ipairs(group.metrics) do
      rows[i][k + 2] = summary(entry.rows, metric.name).last
    end
  end
  return tables.make("Last values", metric_columns(group, "series",
    { "last step", number = true }), rows)
end

-- Entries by their common name, in order.
local function repetitions(group)
  local list, by_label = {}, {}
  for _, entry in ipairs(group.entries) do
    if not by_label[entry.label] then
      by_label[entry.label] = {}
      list[#list + 1] = by_label[entry.label]
    end
    table.insert(by_label[entry.label], entry)
  end
  return list
end

local function mean_cell(entries, metric)
  local values = {}
  for _, entry in ipairs(entries) do
    values[#values + 1] = summary(entry.rows, metric).last
  end
  local mean, deviation, n = curves.mean(values)
  if n == 0 then
    return nil
  elseif n == 1 then
    return mean
  end
  return { tables.number(mean) .. (deviation > 0 and string.format(" ± %.2g", deviation) or ""),
    sort = mean }
end

local function means(page, group, repeated)
  local rows = {}
  for i, entries in ipairs(repeated) do
    rows[i] = { named(page, entries[1], entries[1].label), #entries }
    for k, metric in ipairs(group.metrics) do
      rows[i][k + 2] = mean_cell(entries, metric.name)
    end
  end
  return tables.make("Last values, mean ± standard deviation over seeds", metric_columns(group,
    "series", { "seeds", number = true }), rows)
end

local EXTREMES = { { "least", number = true }, { "at step", number = true },
  { "greatest", number = true }, { "at step", number = true } }

local function extremes(group)
  local rows = {}
  for _, entry in ipairs(group.entries) do
    for _, metric in ipairs(group.metrics) do
      local s = summary(entry.rows, metric.name)
      if s.least and s.least ~= s.greatest then
        rows[#rows + 1] = { entry.title, (metric.name:gsub("_", " ")), s.least, s.least_at,
          s.greatest, s.greatest_at }
      end
    end
  end
  return #rows > 0 and html.tag("details", nil, html.tag("summary", nil,
    "Least and greatest values"), tables.make("Over all steps",
      { "series", "metric", table.unpack(EXTREMES) }, rows))
end

-- One series: a row per metric, which has all there is.
local function single(group)
  local entry, rows = group.entries[1], {}
  for _, metric in ipairs(group.metrics) do
    local s = summary(entry.rows, metric.name)
    local moves = s.least ~= s.greatest
    rows[#rows + 1] = { (metric.name:gsub("_", " ")), s.last, moves and s.least or nil,
      moves and s.least_at or nil, moves and s.greatest or nil, moves and s.greatest_at or nil }
  end
  local last = entry.rows[#entry.rows]
  return tables.make(string.format("%s, %d steps; last: step %s", entry.series, #entry.rows,
    tostring(last and last.step or "–")),
    { "metric", { "last", number = true }, table.unpack(EXTREMES) }, rows)
end

function results.of(page, group)
  if #group.entries == 1 then
    return single(group)
  end
  local repeated = repetitions(group)
  if #repeated == #group.entries then
    return { last_values(page, group), extremes(group) }
  end
  return { means(page, group, repeated), html.tag("details", nil, html.tag("summary", nil,
    "Last values of each seed"), last_values(page, group)), extremes(group) }
end

return results
