-- SPDX-License-Identifier: MIT
-- nudge.store: the runs that a folder keeps, for reading.
local core = require "nudge.core"
local check = require "nudge.check"

local Store = {}
Store.__index = Store
Store.__name = "nudge.store"

local store = { methods = Store }

-- The store of a folder (default: that of --out). What this run has waiting is written first.
function store.open(folder)
  if folder ~= nil and type(folder) ~= "string" then
    check.fail("nudge.store.open takes a folder, got %s", check.type_of(folder))
  end
  local recorder = require("nudge.run").active()
  if recorder then
    recorder:commit()
  end
  local db, path = require("nudge.store_file").read(folder or core.host().out)
  return setmetatable({ db = db, path = path, folder = folder or core.host().out, prepared = {} },
    Store)
end

function Store:close()
  self.db:close()
end
Store.__close = Store.close

local function query(self, text)
  local s = self.prepared[text]
  if not s then
    s = self.db:prepare(text)
    self.prepared[text] = s
  end
  return s
end

local COLUMNS = "id, name, status, script, script_sha256, started, updated, finished, message, "
  .. "pid, host, process, (SELECT group_concat((value ->> 'name') || '=' || (value ->> 'value'), "
  .. "' ') FROM json_each(manifest, '$.set')) AS set_text"

-- A run whose process is gone has not said how it ended: it was killed.
local function described(row)
  if row.status == "running" and require("nudge.process").has_ended(row.host, row.pid,
    row.process) then
    row.status = "killed"
  end
  row.process = nil
  row.set, row.set_text = row.set_text or "", nil
  return row
end

local filters = { status = "string", script = "string", name = "string", limit = "integer" }

-- Conditions on what is stored; that a running run was killed is only seen afterwards.
local function conditions(t)
  local where, values = {}, {}
  local function add(condition, ...)
    where[#where + 1] = condition
    table.move({ ... }, 1, select("#", ...), #values + 1, values)
  end
  if t.status then
    add("status = ?", t.status == "killed" and "running" or t.status)
  end
  if t.name then
    add("name = ?", t.name)
  end
  if t.script then -- a path, or the end of one
    add("(script = ? OR substr(script, -length(?) - 1) = '/' || ?)", t.script, t.script, t.script)
  end
  return #where > 0 and " WHERE " .. table.concat(where, " AND ") or "", values
end

-- Runs, the newest first; filter by status, script (a path or its end) and name.
function Store:runs(filter)
  local t = check.fields("store:runs", filter or {}, filters)
  local where, values = conditions(t)
  local checked = t.status == "running" or t.status == "killed"
  local limit = check.range("store:runs", "limit", t.limit or math.maxinteger, 0, math.maxinteger)
  values[#values + 1] = checked and -1 or limit
  local rows = query(self, "SELECT " .. COLUMNS .. " FROM runs" .. where
    .. " ORDER BY id DESC LIMIT ?"):all(table.unpack(values))
  local out = {}
  for _, row in ipairs(rows) do
    row = described(row)
    if #out < limit and (not checked or row.status == t.status) then
      out[#out + 1] = row
    end
  end
  return out
end

-- The id of a run that is there: a number, its text, or "last".
local function id_of(self, given)
  local last = query(self, "SELECT max(id) FROM runs"):first()
  local id = given == "last" and last or math.tointeger(tonumber(given))
  if not id or not query(self, "SELECT id FROM runs WHERE id = ?"):first(id) then
    core.raise("not_found", string.format("%s: there is no run '%s'; %s", self.path,
      tostring(given), last and "the last one is " .. last or "there are no runs yet"))
  end
  return id
end

local converted = {
  boolean = function(value)
    return value == "true"
  end,
}

local function settings_of(self, id)
  local out = {}
  for _, row in ipairs(query(self, "SELECT name, type, value FROM settings WHERE run = ?")
    :all(id)) do
    local convert = converted[row.type]
    out[row.name] = row.value
    if convert then
      out[row.name] = convert(row.value)
    elseif row.value == nil then -- what SQLite makes of NaN
      out[row.name] = 0 / 0
    end
  end
  return out
end

local function series_of(self, id)
  local out = {}
  for _, s in ipairs(query(self, "SELECT id, name FROM series WHERE run = ? ORDER BY id")
    :all(id)) do
    local steps, last = query(self,
      "SELECT count(DISTINCT step), max(step) FROM rows WHERE series = ?"):first(s.id)
    local metrics = query(self, "SELECT name, volatile FROM metrics WHERE series = ? ORDER BY id")
      :all(s.id)
    for _, metric in ipairs(metrics) do
      metric.volatile = metric.volatile ~= 0
    end
    out[#out + 1] = { name = s.name, steps = steps, last_step = last, metrics = metrics }
  end
  return out
end

local function artefacts_of(self, id)
  local out = query(self, "SELECT name, path, kind, bytes, sha256, written FROM artefacts "
    .. "WHERE run = ? ORDER BY written, path"):all(id)
  for _, a in ipairs(out) do
    if a.path:sub(1, 1) ~= "/" and self.folder ~= "." then
      a.path = self.folder:gsub("/+$", "") .. "/" .. a.path
    end
  end
  return out
end

local function tables_of(self, id)
  local json, out = require "nudge.json", {}
  for _, row in ipairs(query(self, "SELECT name, json FROM tables WHERE run = ?"):all(id)) do
    out[row.name] = json.decode(row.json)
  end
  return out
end

local function read_run(self, given, out)
  local id = id_of(self, given)
  local row = query(self, "SELECT " .. COLUMNS .. ", manifest FROM runs WHERE id = ?"):all(id)[1]
  for name, value in pairs(described(row)) do
    out[name] = value
  end
  out.manifest = require("nudge.json").decode(row.manifest)
  out.settings, out.series = settings_of(self, id), series_of(self, id)
  out.artefacts, out.tables = artefacts_of(self, id), tables_of(self, id)
end

-- Everything about a run but its rows, as of one moment.
function Store:run(id)
  local out = {}
  require("nudge.store_file").transaction(self.db, "DEFERRED", read_run, self, id, out)
  return out
end

-- Rows of a series as { step =, metric = value }, in order of step.
function Store:rows(id, series, options)
  local t = check.fields("store:rows", options or {}, { after_step = "integer" })
  local of = query(self, "SELECT id FROM series WHERE run = ? AND name = ?")
    :first(id_of(self, id), series)
  local names, out, row = {}, {}, nil
  for _, metric in ipairs(query(self, "SELECT id, name FROM metrics WHERE series = ?"):all(of)) do
    names[metric.id] = metric.name
  end
  for _, cell in ipairs(query(self, "SELECT step, metric, value FROM rows WHERE series = ? "
    .. "AND (?2 IS NULL OR step > ?2) ORDER BY step"):all(of, t.after_step)) do
    if not row or row.step ~= cell.step then
      row = { step = cell.step }
      out[#out + 1] = row
    end
    row[names[cell.metric]] = cell.value or 0 / 0
  end
  return out
end

-- What became of each metric of a series, in the order they came: first, last, lowest and highest
-- value with their steps. What is no number is no extremum.
function Store:summary(id, series)
  local of = query(self, "SELECT id FROM series WHERE run = ? AND name = ?")
    :first(id_of(self, id), series)
  local out, by_id = {}, {}
  for i, m in ipairs(query(self, "SELECT id, name, volatile FROM metrics WHERE series = ? "
    .. "ORDER BY id"):all(of)) do
    out[i] = { name = m.name, volatile = m.volatile ~= 0 }
    by_id[m.id] = out[i]
  end
  for _, what in ipairs { { "first", "min(step)" }, { "last", "max(step)" },
    { "lowest", "min(value)" }, { "highest", "max(value)" } } do
    for _, row in ipairs(query(self, string.format("SELECT metric, step, value, count(*) AS n, "
      .. "%s AS picked FROM rows WHERE series = ? GROUP BY metric", what[2])):all(of)) do
      local metric = by_id[row.metric]
      metric[what[1]], metric[what[1] .. "_step"] = row.value or 0 / 0, row.step
      metric.n = row.n
    end
  end
  return out
end

function Store:__tostring()
  return "nudge.store " .. self.path
end

return store
