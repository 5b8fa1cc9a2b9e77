-- SPDX-License-Identifier: MIT
-- The statements that put a run into a store. They run within a transaction of the recorder.
local core = require "nudge.core"
local process = require "nudge.process"

local writer = {}
writer.__index = writer

local function execute(db, statement, ...)
  local s <close> = db:prepare(statement)
  return s:first(...)
end

local function type_of(value)
  return math.type(value) or type(value)
end

local function put_settings(db, id, settings)
  local s <close> = db:prepare "INSERT INTO settings(run, name, type, value) VALUES (?, ?, ?, ?)"
  for name, value in pairs(settings) do
    s:run(id, name, type_of(value), type(value) == "boolean" and tostring(value) or value)
  end
end

-- A new run. Gives its id.
function writer.begin(db, r)
  local now, pid, mark = core.wall_clock(), process.own()
  execute(db, "INSERT INTO runs(name, status, script, script_sha256, started, updated, pid, host, "
    .. "process, manifest) VALUES (?, 'running', ?, ?, ?, ?, ?, ?, ?, ?)", r.name, r.script,
    r.sha256, now, now, pid, r.host, mark, r.manifest)
  local id = db:last_id()
  put_settings(db, id, r.settings)
  return id
end

-- Script and manifest of a run that goes on with another script.
function writer.change(db, id, script, manifest)
  execute(db, "UPDATE runs SET script = ?, script_sha256 = ?, manifest = ? WHERE id = ?",
    script.path, script.sha256, manifest, id)
end

-- A run that has ended goes on in this process.
function writer.take_over(db, path, id)
  local status, host, pid, old = execute(db,
    "SELECT status, host, pid, process FROM runs WHERE id = ?", id)
  if not status then
    core.raise("not_found", string.format("%s: there is no run %s", path, tostring(id)))
  elseif status == "running" and not process.has_ended(host, pid, old) then
    core.raise("invalid", string.format("%s: run %d still runs: process %d on %s", path, id, pid,
      host))
  end
  local now, mark
  pid, mark = process.own()
  now, host = core.wall_clock(), process.host()
  execute(db, "UPDATE runs SET status = 'running', updated = ?, finished = NULL, message = NULL, "
    .. "pid = ?, host = ?, process = ? WHERE id = ?", now, pid, host, mark, id)
end

local statements = {
  touch = "UPDATE runs SET updated = ? WHERE id = ?",
  finish = "UPDATE runs SET status = ?, message = ?, finished = ? WHERE id = ?",
  add_series = "INSERT OR IGNORE INTO series(run, name) VALUES (?, ?)",
  series = "SELECT id FROM series WHERE run = ? AND name = ?",
  add_metric = "INSERT OR IGNORE INTO metrics(series, name, volatile) VALUES (?, ?, ?)",
  metric = "SELECT id FROM metrics WHERE series = ? AND name = ?",
  row = "INSERT OR REPLACE INTO rows(series, step, metric, value) VALUES (?, ?, ?, ?)",
  forget = "DELETE FROM rows WHERE series = ? AND step > ?",
  artefact = "INSERT OR REPLACE INTO artefacts(run, name, path, kind, bytes, sha256, written) "
    .. "VALUES (?, ?, ?, ?, ?, ?, ?)",
  table = "INSERT OR REPLACE INTO tables(run, name, json) VALUES (?, ?, ?)",
}

function writer.new(db, id)
  return setmetatable({ db = db, run = id, prepared = {}, series = {} }, writer)
end

local function prepared(self, name)
  local s = self.prepared[name]
  if not s then
    s = self.db:prepare(statements[name])
    self.prepared[name] = s
  end
  return s
end

-- Ids that a transaction made do not outlive its failure.
function writer:forget()
  self.series = {}
end

local function series_of(self, name)
  local known = self.series[name]
  if not known then
    prepared(self, "add_series"):run(self.run, name)
    known = { id = prepared(self, "series"):first(self.run, name), metrics = {} }
    self.series[name] = known
  end
  return known
end

local function metric_of(self, series, name, volatile)
  local id = series.metrics[name]
  if not id then
    prepared(self, "add_metric"):run(series.id, name, volatile and 1 or 0)
    id = prepared(self, "metric"):first(series.id, name)
    series.metrics[name] = id
  end
  return id
end

local write = {}

function write.row(self, name, step, names, numbers, volatile)
  local series, row = series_of(self, name), prepared(self, "row")
  for i, metric in ipairs(names) do
    row:run(series.id, step, metric_of(self, series, metric, volatile[metric]), numbers[i])
  end
end

function write.forget(self, name, after_step)
  prepared(self, "forget"):run(series_of(self, name).id, after_step)
end

function write.artefact(self, path, kind, bytes, digest, written)
  prepared(self, "artefact"):run(self.run, path:match "[^/]+$", path, kind, bytes, digest, written)
end

function write.table(self, name, json)
  prepared(self, "table"):run(self.run, name, json)
end

function write.settings(self, values)
  execute(self.db, "DELETE FROM settings WHERE run = ?", self.run)
  put_settings(self.db, self.run, values)
end

function write.finish(self, status, message, at)
  prepared(self, "finish"):run(status, message, at, self.run)
end

-- One entry of a recorder.
function writer:write(entry)
  write[entry[1]](self, table.unpack(entry, 2, 6))
end

-- The run was written to just now.
function writer:touch()
  prepared(self, "touch"):run(core.wall_clock(), self.run)
end

-- An entry as a table that JSON can hold: numbers that are not finite as texts.
function writer.plain(entry)
  local out = { kind = entry[1] }
  if entry[1] == "row" then
    out.series, out.step, out.values = entry[2], entry[3], {}
    for i, name in ipairs(entry[4]) do
      local x = entry[5][i]
      out.values[name] = x == x and math.abs(x) < math.huge and x or tostring(x)
    end
  else
    out.values = { table.unpack(entry, 2) }
  end
  return out
end

return writer
