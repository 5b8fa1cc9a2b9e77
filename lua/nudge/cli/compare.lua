-- SPDX-License-Identifier: MIT
-- nudge compare RUN RUN...: what differs in how runs were made, and what their metrics reached.
local arguments = require "nudge.cli.arguments"
local check = require "nudge.check"
local format = require "nudge.cli.format"
local stores = require "nudge.store"
local text = require "nudge.text"

local MAX_RUNS = 12

-- Lines of a table: a label and a cell for each run. Those that are the same in all are left out
-- unless wanted.
local function add_line(lines, label, values, always)
  local differ = always
  for i = 1, values.n do
    differ = differ or values[i] ~= values[1]
  end
  if differ then
    local line = { label }
    for i = 1, values.n do
      line[i + 1] = format.value(values[i])
    end
    lines[#lines + 1] = line
  end
  return differ
end

local function each(runs, f)
  local values = { n = #runs }
  for i, run in ipairs(runs) do
    values[i] = f(run)
  end
  return values
end

local function write(title, lines, n)
  if #lines > 0 then
    io.write(title, "\n", format.table(lines, "l" .. ("r"):rep(n), "  "))
  end
end

local function heading(runs)
  local lines = {}
  add_line(lines, "", each(runs, function(run) return "run " .. run.id end), true)
  add_line(lines, "name", each(runs, function(run) return run.name end), true)
  add_line(lines, "status", each(runs, function(run) return run.status end), true)
  add_line(lines, "started", each(runs, function(run) return format.date(run.started) end), true)
  add_line(lines, "took", each(runs, format.took), true)
  io.write(format.table(lines, "l" .. ("r"):rep(#runs)))
end

local function each_has(runs, of)
  for _, run in ipairs(runs) do
    if not of(run) then
      return false
    end
  end
  return true
end

-- What a run was made with, as flat names and values: settings, program, and options of the stages
-- that all runs have.
local function made_with(run, runs)
  local m, out = run.manifest, {}
  for name, value in pairs(run.settings) do
    out["setting " .. name] = value
  end
  for name, rows in pairs(run.tables) do
    local stage = name:match "^(.*)/options$"
    local common = stage and each_has(runs, function(other)
      return other.tables[name]
    end)
    for option, value in pairs(common and rows[1] or {}) do
      out[stage .. ": " .. option] = value
    end
  end
  for _, plugin in ipairs(m.plugins or {}) do
    out["plugin " .. plugin.path:match "[^/]*$"] = plugin.sha256:sub(1, 12)
  end
  local nudge, blas = m.nudge or {}, m.blas or {}
  out.script, out["script's sha256"] = run.script, (run.script_sha256 or "?"):sub(1, 12)
  out["nudge's sha256"] = ((nudge.program or {}).sha256 or "?"):sub(1, 12)
  out.nudge, out.compiler = nudge.version, nudge.compiler
  out.host, out.threads = run.host, m.threads
  out.BLAS, out["BLAS core"], out.kernels = blas.library, blas.core, m.kernels
  return out
end

local function show_differences(runs)
  local all, names = {}, {}
  for i, run in ipairs(runs) do
    all[i] = made_with(run, runs)
    for name in pairs(all[i]) do
      names[name] = true
    end
  end
  local lines = {}
  for _, name in ipairs(check.sorted_keys(names)) do
    local values = { n = #runs }
    for i in ipairs(runs) do
      values[i] = all[i][name]
    end
    add_line(lines, name, values)
  end
  write("\nmade with", lines, #runs)
  if #lines == 0 then
    print "\nmade with the same settings, program and libraries"
  end
end

-- Series that several runs have, in the order of the first that has them; and lines that tell of
-- the others.
local function series_names(runs, chosen)
  local order, having = {}, {}
  for _, run in ipairs(runs) do
    for _, s in ipairs(run.series) do
      if not having[s.name] and chosen(s.name) then
        having[s.name], order[#order + 1] = {}, s.name
      end
      table.insert(having[s.name] or {}, run)
    end
  end
  local names, alone = {}, {}
  for _, name in ipairs(order) do
    local list = #having[name] > 1 and names or alone
    list[#list + 1] = #having[name] > 1 and name
      or string.format("only run %d has %s", having[name][1].id, name)
  end
  return names, alone
end

-- Summaries of a series by run, and its metrics that do not differ by nature.
local function summaries(store, runs, name, chosen)
  local by_run, metrics, seen = {}, {}, {}
  for i, run in ipairs(runs) do
    by_run[i] = {}
    for _, m in ipairs(store:summary(run.id, name)) do
      by_run[i][m.name] = m
      if not seen[m.name] and not m.volatile and chosen(m.name) then
        seen[m.name], metrics[#metrics + 1] = true, m.name
      end
    end
  end
  return by_run, metrics
end

local function same(a, b)
  return a == b or a ~= a and b ~= b
end

-- Of these the largest value is the best, of all others the smallest.
local function is_share(name)
  return name:find "accuracy" or name:find "cosine" or name:find "agreement"
end

-- "1.7012 ± 0.52", "1.6988 at 70"
local function value_text(x, error, step)
  return x and format.value(x) .. (error and " ± " .. text.number(error, "%.2g") or "")
    .. (step and " at " .. step or "")
end

-- The last value of a metric in each run, and its best where that is not the last one. False: they
-- are the same in all.
local function add_metric(lines, by_run, metric)
  local best = is_share(metric) and "highest" or "lowest"
  local last, other, better, differ = { n = #by_run }, { n = #by_run }, false, false
  for i, summary in ipairs(by_run) do
    local m, error = summary[metric] or {}, summary[metric .. "_error"] or {}
    last[i] = value_text(m.last, error.last)
    other[i] = value_text(m[best], nil, m[best .. "_step"])
    better = better or m[best] and m[best] == m[best] and m[best] ~= m.last
    local first = by_run[1][metric] or {}
    differ = differ or not same(m.last, first.last) or not same(m[best], first[best])
  end
  if differ then
    add_line(lines, metric .. ", last", last, true)
  end
  if differ and better then
    add_line(lines, metric .. ", " .. best, other, true)
  end
  return differ
end

-- False: its metrics reached the same in all runs, and nothing is shown.
local function show_series(store, runs, name, chosen)
  local by_run, metrics = summaries(store, runs, name, chosen)
  local lines, alike = {}, {}
  for _, metric in ipairs(metrics) do
    local of = metric:match "^(.*)_error$" -- stands beside its metric
    if not (of and by_run[1][of]) and not add_metric(lines, by_run, metric) then
      alike[#alike + 1] = metric
    end
  end
  write("\n" .. name, lines, #runs)
  if #lines > 0 and #alike > 0 then
    print("  the same in all: " .. format.line(table.concat(alike, ", ")))
  end
  return #lines > 0
end

-- Names that no run has are typing errors.
local function check_names(runs, given)
  local known = { series = {}, metric = {} }
  for _, run in ipairs(runs) do
    for _, s in ipairs(run.series) do
      known.series[s.name] = true
      for _, m in ipairs(s.metrics) do
        known.metric[m.name] = true
      end
    end
  end
  for what, names in pairs(known) do
    for _, name in ipairs(given[what] or {}) do
      if not names[name] then
        check.fail("no run has a %s '%s'; %s", what, name,
          check.suggestion(name, check.sorted_keys(names)))
      end
    end
  end
end

return function(given)
  local operands = arguments.operands(given, 2, MAX_RUNS, "from 2 to 12 runs are")
  local store <close> = stores.open()
  local runs = {}
  for i, id in ipairs(operands) do
    runs[i] = store:run(id)
  end
  check_names(runs, given)
  local names, alone = series_names(runs, arguments.chooser(given, "series"))
  local metric = arguments.chooser(given, "metric")
  heading(runs)
  show_differences(runs)
  local alike = {}
  for _, name in ipairs(names) do
    if not show_series(store, runs, name, metric) then
      alike[#alike + 1] = name
    end
  end
  if #alike > 0 then
    print("\nlast and best values are the same in all: " .. (#alike <= 6
      and format.line(table.concat(alike, ", ")) or string.format("%d series", #alike)))
  end
  if #alone > 0 then
    print("\n" .. table.concat(alone, "\n"))
  end
  local path = arguments.one(given, "plot")
  if path then
    require("nudge.cli.curves").draw(store, runs, names, given.metric and metric, path)
  end
end
