-- SPDX-License-Identifier: MIT
-- Which series of which runs belong together: those of one kind, the last part of their names
-- ("sinusoid/train" and "digits/train" are both of the kind "train"), in sets that fit a figure.
local check = require "nudge.check"

local groups = {}

local TOGETHER = 9 -- curves in one figure: as many as there are colours that can be told apart

function groups.run_label(run)
  return "run " .. run.id
end

local function split(name)
  local first, kind = name:match "^(.*)/([^/]+)$"
  return first or "", kind or name
end

-- What a stage was made of but its seeds, as a text; nil: it is not known.
local function made_of(run, name)
  local options = (run.tables[name .. "/options"] or {})[1]
  if not options then
    return nil
  end
  local parts = {}
  for _, key in ipairs(check.sorted_keys(options)) do
    if not key:find "seed$" then
      parts[#parts + 1] = key .. "=" .. tostring(options[key])
    end
  end
  return table.concat(parts, "\n")
end

-- Where two texts begin to differ, as a cut of the first at a comma or blank before that.
local function common(a, b)
  local n = 0
  while n < #a and a:byte(n + 1) == b:byte(n + 1) do
    n = n + 1
  end
  return n == #a and a or a:sub(1, n):match "^(.*), [^,]*$" or a:sub(1, n):match "^(.*) %S*$" or a
end

-- Repetitions are stages of a run that differ in their seeds alone: { [name] = common name }.
local function repetitions(run)
  local first, names, out = {}, {}, {}
  for _, series in ipairs(run.series) do
    local name = split(series.name)
    local key = made_of(run, name)
    local known = key and first[key]
    if key and not known then
      first[key] = name
    elseif known and known ~= name then
      names[known] = common(names[known] or known, name)
    end
  end
  for _, series in ipairs(run.series) do
    local name = split(series.name)
    local key = made_of(run, name)
    out[name] = key and names[first[key]] or name
  end
  return out
end

local function note_metrics(group, series)
  for _, metric in ipairs(series.metrics) do
    if not group.known[metric.name] then
      group.known[metric.name] = true
      table.insert(group.metrics, { name = metric.name, volatile = metric.volatile })
    end
  end
end

-- How many different values f has over a list, and the list of each.
local function sorted_by(list, f)
  local keys, by_key = {}, {}
  for _, entry in ipairs(list) do
    local key = f(entry)
    if not by_key[key] then
      keys[#keys + 1], by_key[key] = key, {}
    end
    table.insert(by_key[key], entry)
  end
  return keys, by_key
end

local function label_of(entry)
  return entry.label
end

-- The sets of a group that f tells apart, if each of them fits a figure.
local function sets_by(entries, f, must)
  local keys, by_key = sorted_by(entries, f)
  local sets = {}
  for i, key in ipairs(keys) do
    if not must and #sorted_by(by_key[key], label_of) > TOGETHER then
      return nil
    end
    sets[i] = { heading = key ~= "" and #keys > 1 and key or nil, entries = by_key[key] }
  end
  return sets
end

local function head_of(entry)
  return entry.repeated:match "^(.-), " or entry.repeated
end

local function repeated_of(entry)
  return entry.repeated
end

-- What a curve is called in its set, whose heading it need not say again.
local function name_curves(set, several_runs)
  for _, entry in ipairs(set.entries) do
    local name = entry.label
    if set.heading then
      local rest = entry.repeated == set.heading and "" or entry.repeated:sub(#set.heading + 3)
      name = rest == "" and groups.run_label(entry.run)
        or (several_runs and groups.run_label(entry.run) .. ", " or "") .. rest
    end
    entry.curve = name
  end
end

local function finish(group, several_runs, several_names)
  for _, entry in ipairs(group.entries) do
    local run = groups.run_label(entry.run)
    local named = several_names and entry.repeated ~= ""
    entry.label = not named and run or (several_runs and run .. ", " or "") .. entry.repeated
    entry.title = not named and run or (several_runs and run .. ", " or "") .. entry.name
  end
  group.sets = sets_by(group.entries, function()
    return ""
  end) or sets_by(group.entries, head_of) or sets_by(group.entries, repeated_of, true)
  for _, set in ipairs(group.sets) do
    name_curves(set, several_runs)
  end
  return group
end

-- runs: as store:run gives them; rows_of(run, series name) gives a series' rows. A list of { kind,
-- metrics = { { name, volatile } }, entries = { { run, name, series, rows, title, curve } },
-- sets = { { heading, entries } } }; entries of one `curve` are repetitions and look the same.
function groups.of(runs, rows_of)
  local list, by_kind, names, n_names = {}, {}, {}, 0
  for _, run in ipairs(runs) do
    local repeated = repetitions(run)
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
      table.insert(group.entries, { run = run, name = name, repeated = repeated[name],
        series = series.name, rows = rows_of(run, series.name) })
    end
  end
  for _, group in ipairs(list) do
    finish(group, #runs > 1, n_names > 1)
  end
  return list
end

return groups
