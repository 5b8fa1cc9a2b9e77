-- SPDX-License-Identifier: MIT
-- Which series of which runs belong together: those of one kind, the last part of their names
-- ("sinusoid/train" and "digits/train" are both of the kind "train").
local groups = {}

function groups.run_label(run)
  return "run " .. run.id
end

local function split(name)
  local first, kind = name:match "^(.*)/([^/]+)$"
  return first or "", kind or name
end

-- What tells an entry of a group from the others: the run where there are several, the name where
-- there are several.
local function label_of(entry, several_runs, several_names)
  local parts = {}
  if several_names and entry.name ~= "" then
    parts[1] = entry.name
  end
  if several_runs or #parts == 0 then
    table.insert(parts, 1, groups.run_label(entry.run))
  end
  return table.concat(parts, ", ")
end

local function note_metrics(group, series)
  for _, metric in ipairs(series.metrics) do
    if not group.known[metric.name] then
      group.known[metric.name] = true
      table.insert(group.metrics, { name = metric.name, volatile = metric.volatile })
    end
  end
end

-- runs: as store:run gives them; rows_of(run, series name) gives a series' rows. A list of
-- { kind, metrics = { { name, volatile } }, entries = { { run, name, series, rows, label } } }.
function groups.of(runs, rows_of)
  local list, by_kind, names, n_names = {}, {}, {}, 0
  for _, run in ipairs(runs) do
    for _, series in ipairs(run.series) do
      local name, kind = split(series.name)
      local group = by_kind[kind]
      if not group then
        group = { kind = kind, metrics = {}, known = {}, entries = {} }
        by_kind[kind], list[#list + 1] = group, group
      end
      if not names[name] then
        names[name], n_names = true, n_names + 1
      end
      note_metrics(group, series)
      table.insert(group.entries, { run = run, name = name, series = series.name,
        rows = rows_of(run, series.name) })
    end
  end
  for _, group in ipairs(list) do
    for _, entry in ipairs(group.entries) do
      entry.label = label_of(entry, #runs > 1, n_names > 1)
    end
  end
  return list
end

return groups
