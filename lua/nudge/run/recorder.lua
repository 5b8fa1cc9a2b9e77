-- SPDX-License-Identifier: MIT
-- Writes one run into the store of its folder. What is given waits in memory and is written in
-- short transactions. If the store cannot be written (a full disk), the run goes on, what waits is
-- kept and tried again, and the end of the run says where it is.
local core = require "nudge.core"
local metrics = require "nudge.run.metrics"
local process = require "nudge.process"
local store_file = require "nudge.store_file"
local text = require "nudge.text"
local writer = require "nudge.run.writer"

local recorder = {}
recorder.__index = recorder
recorder.__name = "nudge.recorder"

local SECONDS = 0.5 -- between two commits
local SECONDS_AFTER_FAILURE = 5

-- A recorder for the run whose id a function of the store and its path gives.
local function open(host, id_of)
  local db, path = store_file.write(host.out)
  local self = setmetatable({
    folder = host.out, db = db, path = path, pending = {}, last = core.clock(), pause = SECONDS,
    doubtful = false,
  }, recorder)
  local good, failure = pcall(store_file.transaction, db, "IMMEDIATE", function()
    self.run = id_of(db, path)
    self.writer = writer.new(db, self.run)
  end)
  if not good then
    db:close()
    error(failure, 0)
  end
  return self
end

-- A new run, known to the store at once.
function recorder.begin(host)
  local manifest = require("nudge.run.manifest").make(host)
  local json = text.json(manifest)
  return open(host, function(db)
    return writer.begin(db, {
      name = host.script:match "([^/]+)$":gsub("%.lua$", ""), script = manifest.script.path,
      sha256 = manifest.script.sha256, manifest = json, host = manifest.host,
      settings = manifest.settings or {},
    })
  end)
end

-- Run `id` of the store goes on in this process; changed: its manifest from now on, or nil.
function recorder.resume(host, id, changed)
  return open(host, function(db, path)
    writer.take_over(db, path, id)
    if changed then
      writer.change(db, id, changed.script, text.json(changed))
    end
    return id
  end)
end

function recorder:id()
  return self.run
end

local function try(self, how)
  if not core.real_path(self.path) then -- SQLite would go on with a file that has no name
    core.raise("io", self.path .. ": is gone: it was removed or moved while the run went on")
  end
  store_file.undo(self.db)
  if self.doubtful then -- the last one failed, and what it made is gone
    self.writer:forget()
  end
  self.doubtful = true
  self.db:exec("PRAGMA synchronous = " .. how)
  local n = #self.pending
  store_file.transaction(self.db, "IMMEDIATE", function()
    for i = 1, n do
      self.writer:write(self.pending[i])
    end
    self.writer:touch()
  end)
  self.doubtful = false
  self.pending = table.move(self.pending, n + 1, #self.pending, 1, {})
end

local of_the_file = { io = true, format = true, not_found = true }

-- True when all is written. A store that cannot be written is no error of the run; anything else
-- (no memory, an interrupt) is.
local function commit(self, how)
  local good, failure = pcall(try, self, how)
  self.last = core.clock()
  if good then
    if self.failure then
      core.notice(string.format("%s: can be written again; nothing is lost", self.path))
    end
    self.failure, self.pause = nil, SECONDS
    return true
  end
  if type(failure) ~= "table" or not of_the_file[failure.code] then
    error(failure, 0)
  end
  if not self.failure then
    core.notice(failure.text .. "; the run goes on, and tries again")
  end
  self.failure, self.pause = failure.text, SECONDS_AFTER_FAILURE
  return false, failure.text
end

-- Everything that was given is on the disk when this returns true; else false and why.
function recorder:commit()
  return commit(self, "FULL")
end

local function add(self, entry)
  self.pending[#self.pending + 1] = entry
  if core.clock() - self.last >= self.pause then
    commit(self, "NORMAL")
  end
end

-- Metrics of one step of a series; those of an earlier call for that step stay or are replaced.
-- volatile_names: a list of metrics that differ between equal runs (times, memory).
function recorder:row(series, step, values, volatile_names)
  local names, numbers = metrics.of("series " .. series, values)
  local volatile = {}
  for _, name in ipairs(volatile_names or {}) do
    volatile[name] = true
  end
  add(self, { "row", series, step, names, numbers, volatile })
end

-- Rows of a series after a step are no more: the run is resumed from there.
function recorder:forget_rows(series, after_step)
  add(self, { "forget", series, after_step })
end

-- A file that belongs to the run, as it is now.
function recorder:artefact(path, kind)
  local folder, real, _, bytes = core.real_path(self.folder), core.real_path(path)
  local prefix = folder and folder:gsub("/$", "") .. "/" or ""
  local digest = core.sha256_file(path) -- or an error: the file is not there
  local inside = prefix ~= "" and real:sub(1, #prefix) == prefix
  add(self, { "artefact", inside and real:sub(#prefix + 1) or real, kind, bytes, digest,
    core.wall_clock() })
end

-- The settings of a run whose script has changed.
function recorder:settings(values)
  add(self, { "settings", values })
end

-- A list of rows under a name; a later one of that name replaces it.
function recorder:table(name, rows)
  add(self, { "table", name, text.json(rows) })
end

-- What a stage is made of: values, learners, rules, and tables of them.
function recorder:options(stage, given)
  self:table(stage .. "/options", { require("nudge.run.options").flat(given) })
end

-- What could not be written, as a file elsewhere. Gives its path, or nil.
local function rescue(self)
  local rows = { waiting = {} }
  for i, entry in ipairs(self.pending) do
    rows.waiting[i] = writer.plain(entry)
  end
  local name = string.format("nudge-run-%d-%d.json", self.run, (process.own()))
  for _, folder in ipairs { self.folder, os.getenv "TMPDIR" or "/tmp", "/tmp" } do
    local path = folder .. "/" .. name
    if pcall(core.write_file, path, text.json(rows) .. "\n") then
      return path
    end
  end
end

-- The last of a run. Gives a line if something could not be written.
function recorder:finish(status, message)
  self.pending[#self.pending + 1] = { "finish", status, message, core.wall_clock() }
  local good, failure = pcall(try, self, "NORMAL")
  local where = not good and rescue(self)
  pcall(self.db.close, self.db)
  if good then
    return nil
  end
  return string.format("%s; what was not written of run %d is %s",
    type(failure) == "table" and failure.text or tostring(failure), self.run,
    where and "in " .. where or "lost: no other folder could be written")
end

return recorder
