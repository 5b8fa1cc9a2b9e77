-- SPDX-License-Identifier: MIT
-- The file of a store: one SQLite database per folder for results, its tables, and what is no store
-- of this nudge.
local core = require "nudge.core"

local store_file = {}

local NAME = "nudge.db"
local APPLICATION = 0x6e756467 -- "nudg"
local VERSION = 1

-- rows.value has no type: what is stored comes back as it was, integers as integers and -0 as -0.
-- Only NaN, which SQLite does not know, is NULL.
local SCHEMA = string.format([[
CREATE TABLE runs(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, status TEXT NOT NULL,
  script TEXT, script_sha256 TEXT, started REAL NOT NULL, updated REAL NOT NULL, finished REAL,
  pid INTEGER NOT NULL, host TEXT NOT NULL, process TEXT, message TEXT, manifest TEXT NOT NULL);
CREATE INDEX runs_by_name ON runs(name);
CREATE INDEX runs_by_status ON runs(status);
CREATE TABLE settings(
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, name TEXT NOT NULL, type TEXT NOT NULL,
  value, PRIMARY KEY(run, name)) WITHOUT ROWID;
CREATE TABLE series(
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  name TEXT NOT NULL, UNIQUE(run, name));
CREATE TABLE metrics(
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE,
  name TEXT NOT NULL, volatile INTEGER NOT NULL, UNIQUE(series, name));
CREATE TABLE rows(
  series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE, step INTEGER NOT NULL,
  metric INTEGER NOT NULL REFERENCES metrics ON DELETE CASCADE, value,
  PRIMARY KEY(series, step, metric)) WITHOUT ROWID;
CREATE TABLE artefacts(
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, name TEXT NOT NULL, path TEXT NOT NULL,
  kind TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, written REAL NOT NULL,
  PRIMARY KEY(run, path)) WITHOUT ROWID;
CREATE TABLE tables(
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, name TEXT NOT NULL, json TEXT NOT NULL,
  PRIMARY KEY(run, name)) WITHOUT ROWID;
CREATE VIEW named_rows AS
  SELECT series.run, series.name AS series, rows.step, metrics.name AS metric, rows.value,
    metrics.volatile
  FROM rows JOIN series ON series.id = rows.series JOIN metrics ON metrics.id = rows.metric;
PRAGMA application_id = %d;
PRAGMA user_version = %d;
]], APPLICATION, VERSION)

function store_file.path(folder)
  return (folder == nil or folder == "." or folder == "") and NAME
    or folder:gsub("/+$", "") .. "/" .. NAME
end

-- One statement sees the file as of one moment, while another process makes a store of it.
local WHAT = [[
SELECT (SELECT application_id FROM pragma_application_id),
  (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_master)]]

-- "new" (nothing in it yet), "store", or an error.
local function check(db, path)
  local s <close> = db:prepare(WHAT)
  local application, version, entries = s:first()
  if application ~= APPLICATION then
    if version == 0 and entries == 0 then
      return "new"
    end
    core.raise("io", path .. ": is an SQLite database, but no store of nudge")
  elseif version > VERSION then
    core.raise("io", string.format("%s: was written by a newer nudge: its version is %d, and this "
      .. "nudge knows versions up to %d", path, version, VERSION))
  end
  return "store"
end

-- Ends a transaction that an error has left open; SQLite may have undone it itself.
function store_file.undo(db)
  if db:in_transaction() then
    db:exec "ROLLBACK"
  end
end

local function in_transaction(db, how, f, ...)
  db:exec("BEGIN " .. how)
  f(...)
  db:exec "COMMIT"
end

-- f(...) in a transaction ("DEFERRED" for reading, "IMMEDIATE" for writing); an error undoes it.
function store_file.transaction(db, how, f, ...)
  store_file.undo(db) -- memory may have failed, or an interrupt come, before it was done
  local good, failure = pcall(in_transaction, db, how, f, ...)
  if not good then
    pcall(store_file.undo, db)
    error(failure, 0)
  end
end

local function closing(db, f, ...)
  local good, result = pcall(f, db, ...)
  if not good then
    db:close()
    error(result, 0)
  end
  return result
end

-- Made or opened for writing. Nothing is changed before the file is known to be a store.
function store_file.write(folder)
  local path = store_file.path(folder)
  local db = core.database(path, "create")
  closing(db, function()
    check(db, path)
    db:log_writes()
    db:exec "PRAGMA synchronous = NORMAL"
    if check(db, path) == "new" then
      store_file.transaction(db, "IMMEDIATE", function()
        if check(db, path) == "new" then -- two processes may want to make it
          db:exec(SCHEMA)
        end
      end)
    end
  end)
  return db, path
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

-- How a store may be opened for reading. The last to close it removes SQLite's files beside it, but
-- only who may write does. Where nobody may write, SQLite has no place for its locks; nor does it
-- need any, unless there is a journal that waits.
local function try_read(path, how)
  local db
  local good, kind = pcall(function()
    db = core.database(path, how)
    db:exec "PRAGMA query_only = 1"
    return check(db, path)
  end)
  if not good and db then
    db:close()
  end
  return good and db, kind
end

function store_file.read(folder)
  local path = store_file.path(folder)
  if not exists(path) then
    core.raise("not_found", string.format("there is no store of runs in %s: %s is missing",
      folder == nil and "." or folder, path))
  end
  local db, kind
  local last = not exists(path .. "-wal") and "read unchanged" or nil
  for _, how in ipairs { "write", "read", last } do
    db, kind = try_read(path, how)
    if db then
      break
    end
  end
  if not db then
    error(kind, 0)
  elseif kind == "new" then
    db:close()
    core.raise("io", path .. ": is empty, and no store of nudge")
  end
  return db, path
end

return store_file
