-- SPDX-License-Identifier: MIT
-- nudge show RUN: what a run was made with and what it has kept.
local core = require "nudge.core"
local arguments = require "nudge.cli.arguments"
local check = require "nudge.check"
local format = require "nudge.cli.format"
local stores = require "nudge.store"
local text = require "nudge.text"

local DIGITS = 12 -- of a digest
local MAX_VALUES = 4 -- of a series, in the overview

local function heading(run)
  local m, now = run.manifest, core.wall_clock()
  local rows = {}
  local function add(name, value)
    if value and value ~= "" then
      rows[#rows + 1] = { name, value }
    end
  end
  local function digest(sha256)
    return sha256 and " (sha256 " .. sha256:sub(1, DIGITS) .. ")" or ""
  end
  local nudge, blas = m.nudge or {}, m.blas or {}
  add("script", (run.script or "?") .. digest(run.script_sha256))
  for _, change in ipairs(m.changed_scripts or {}) do
    add("changed", string.format("%s%s, before%s", change.at, change.lines and ": "
      .. change.lines or "", digest(change.from.sha256)))
  end
  add("started", format.date(run.started) .. ", " .. format.ago(now - run.started))
  add("took", format.took(run) .. (run.status == "killed" and ", as far as it is known" or ""))
  add("message", run.message)
  add("machine", string.format("%s, %s, %s threads", run.host, m.processor or "?", m.threads))
  add("nudge", string.format("%s, %s%s", nudge.version, nudge.compiler,
    digest((nudge.program or {}).sha256)))
  add("kernels", string.format("%s; %s (%s)", m.kernels,
    (blas.library or "?"):match "^%S+ %S+" or blas.library, blas.family))
  return string.format("run %d: %s, %s\n", run.id, format.line(run.name), run.status)
    .. format.table(rows, "ll", "  ")
end

local function section(title, rows, alignment)
  return #rows > 0 and "\n" .. title .. "\n" .. format.table(rows, alignment, "  ") or ""
end

local function settings(run)
  local rows, given = {}, {}
  for _, setting in ipairs(run.manifest.set or {}) do
    given[setting.name] = true
  end
  for _, name in ipairs(check.sorted_keys(run.settings)) do
    rows[#rows + 1] = { name, format.value(run.settings[name]), given[name] and "(--set)" or "" }
  end
  return section("settings", rows, "lrl")
end

-- The most telling metrics of a row: losses, accuracies, errors, norms; else the first ones.
local function telling(metrics)
  local out = {}
  for _, pattern in ipairs { "loss$", "accuracy$", "^relative_error$", "_norm$", "" } do
    for _, metric in ipairs((#out == 0 or pattern ~= "") and metrics or {}) do
      if not metric.volatile and metric.name:find(pattern) and #out < MAX_VALUES then
        out[#out + 1] = metric.name
      end
    end
  end
  return out
end

local function series(store, run)
  local rows = {}
  for _, s in ipairs(run.series) do
    local values, last = {}, s.last_step
      and store:rows(run.id, s.name, { after_step = s.last_step - 1 })[1] or {}
    for i, name in ipairs(telling(s.metrics)) do
      values[i] = name .. " " .. format.value(last[name])
    end
    rows[#rows + 1] = { s.name, tostring(s.steps), tostring(s.last_step or "-"),
      table.concat(values, ", ") }
  end
  if #rows > 0 then
    table.insert(rows, 1, { "name", "steps", "last", "there" })
  end
  return section("series", rows, "lrrl")
end

local function tables(run)
  local rows = {}
  for _, name in ipairs(check.sorted_keys(run.tables)) do
    if not name:find "/options$" then
      local n = #run.tables[name]
      rows[#rows + 1] = { name, n .. (n == 1 and " row" or " rows") }
    end
  end
  return section("tables", rows, "lr")
end

-- Is a file still what the run has written?
local function state(artefact)
  local good, sha256 = pcall(core.sha256_file, artefact.path)
  return not good and "gone" or sha256 ~= artefact.sha256 and "changed since" or ""
end

local function files(run)
  local rows = {}
  for _, a in ipairs(run.artefacts) do
    rows[#rows + 1] = { a.path, a.kind, format.bytes(a.bytes), state(a) }
  end
  return section("files", rows, "llrl")
end

local function metric_rows(store, run, name, chosen)
  local rows = { { "metric", "first", "last", "lowest", "at", "highest", "at" } }
  for _, m in ipairs(store:summary(run.id, name)) do
    if chosen(m.name) then
      rows[#rows + 1] = { m.name, format.value(m.first), format.value(m.last),
        format.value(m.lowest), tostring(m.lowest_step), format.value(m.highest),
        tostring(m.highest_step) }
    end
  end
  return rows
end

local function step_rows(store, run, s, chosen)
  local names, rows = {}, {}
  for _, metric in ipairs(s.metrics) do
    if chosen(metric.name) then
      names[#names + 1] = metric.name
    end
  end
  rows[1] = { "step", table.unpack(names) }
  for _, row in ipairs(store:rows(run.id, s.name)) do
    local cells = { tostring(row.step) }
    for _, name in ipairs(names) do
      cells[#cells + 1] = format.value(row[name])
    end
    rows[#rows + 1] = cells
  end
  return rows, ("r"):rep(#names + 1)
end

local function find_series(run, name)
  local names = {}
  for i, s in ipairs(run.series) do
    if s.name == name then
      return s
    end
    names[i] = s.name
  end
  check.fail("run %d has no series '%s'; %s", run.id, name, #names > 0
    and check.suggestion(name, names) or "it has none")
end

-- One series: its metrics in short, then step by step.
local function show_series(store, run, name, chosen)
  local s = find_series(run, name)
  io.write(string.format("run %d, %s: %d steps\n", run.id, name, s.steps),
    format.table(metric_rows(store, run, name, chosen), "lrrrrrr", "  "), "\n",
    format.table(step_rows(store, run, s, chosen)))
end

local function columns_of(rows)
  local columns, seen, alignment = {}, {}, ""
  for _, row in ipairs(rows) do
    for _, column in ipairs(check.sorted_keys(row)) do
      if not seen[column] then
        seen[column], columns[#columns + 1] = true, column
        alignment = alignment .. (type(row[column]) == "number" and "r" or "l")
      end
    end
  end
  return columns, alignment
end

local function show_table(run, name)
  local rows = run.tables[name]
  if not rows then
    local names = check.sorted_keys(run.tables)
    check.fail("run %d has no table '%s'; %s", run.id, name, #names > 0
      and check.suggestion(name, names) or "it has none")
  end
  local columns, alignment = columns_of(rows)
  local out = { columns }
  for _, row in ipairs(rows) do
    local cells = {}
    for i, column in ipairs(columns) do
      cells[i] = type(row[column]) == "table" and text.json(row[column]):gsub("%s+", " ")
        or format.value(row[column])
    end
    out[#out + 1] = cells
  end
  io.write(string.format("run %d, table %s\n", run.id, name), format.table(out, alignment))
end

return function(given)
  local id = arguments.operands(given, 1, 1, "one run is")[1]
  local store <close> = stores.open()
  local run = store:run(id)
  if given.manifest then
    io.write(text.json(run.manifest), "\n")
    return
  end
  for _, name in ipairs(given.series or {}) do
    show_series(store, run, name, arguments.chooser(given, "metric"))
  end
  for _, name in ipairs(given.table or {}) do
    show_table(run, name)
  end
  if not given.series and not given.table then
    io.write(heading(run), settings(run), series(store, run), tables(run), files(run))
  end
end
