-- SPDX-License-Identifier: MIT
-- What a run has computed, in files beside its store: a run that was stopped goes on instead of
-- beginning again. A stage is what one call computes (a meta-training, nudge.keep); its file is
-- replaced whole, after the rows that belong to it are in the store.
local core = require "nudge.core"
local manifest = require "nudge.run.manifest"
local run = require "nudge.run"

local checkpoint = {}

local FOLDER = "nudge-checkpoints"
local SCRIPT = "/script.lua" -- as it was, to tell later what has changed
local SHARE = 0.01     -- of the time may go into saving ...
local SECONDS = 60     -- ... but as much work as this is never lost
local FIRST_COST = 1e-3 -- seconds of a save, as long as none was measured

local Stage = {}
Stage.__index = Stage

local ready -- path of the run's folder, once it is known to hold nothing of other runs

function checkpoint.folder(out, id)
  return string.format("%s%s/%d", out == "." and "" or out:gsub("/+$", "") .. "/", FOLDER, id)
end

local function remove_files(folder, ending)
  for _, name in ipairs(core.list_folder(folder) or {}) do
    if name:sub(-#ending) == ending then
      os.remove(folder .. "/" .. name)
    end
  end
end

-- Files of a run that was deleted with its store are not this run's; unfinished ones are nobody's.
local function folder_of(recorder)
  if not ready then
    local folder = checkpoint.folder(core.host().out, recorder:id())
    if not run.resumed() then
      remove_files(folder, ".ckpt")
    end
    remove_files(folder, ".tmp")
    ready = folder
  end
  return ready
end

local function remove_folder(folder) -- an empty one; os.remove takes files too
  if core.list_folder(folder) then
    os.remove(folder)
  end
end

-- The run is done: nothing of it will be gone on with.
function checkpoint.clear(out, id)
  local folder = checkpoint.folder(out, id)
  remove_files(folder, ".ckpt")
  remove_files(folder, ".tmp")
  os.remove(folder .. SCRIPT)
  remove_folder(folder)
  remove_folder((folder:gsub("/[^/]*$", ""))) -- if it was the last
end

-- The state of a stage under a name that no other stage of its kind has in this run (run.stage);
-- where nothing is kept (--no-store), one that is never there. identity: flat names and values that
-- the state depends on.
function checkpoint.stage(kind, name, identity)
  local recorder = run.current()
  local s = { kind = kind, name = name, identity = identity or {}, last = core.clock(),
    cost = FIRST_COST }
  if recorder then
    s.recorder, s.folder = recorder, folder_of(recorder)
    s.path = string.format("%s/%s-%s.ckpt", s.folder, name:gsub("[^%w_]+", "-"):sub(1, 60),
      core.sha256(kind .. "\n" .. name):sub(1, 8))
  end
  return setmetatable(s, Stage)
end

local REMEDY = "; without this file the stage is computed anew"

local function shown(value)
  return type(value) == "number" and core.number_text(value) or tostring(value)
end

local function refuse_other(self, there)
  local names, differences = {}, {}
  for _, list in ipairs { self.identity, there } do
    for name in pairs(list) do
      names[name] = true
    end
  end
  for _, name in ipairs(require("nudge.check").sorted_keys(names)) do
    local was, is = there[name], self.identity[name]
    if was ~= is and not (was ~= was and is ~= is) then
      differences[#differences + 1] = string.format("%s was %s and is %s", name, shown(was),
        shown(is))
    end
  end
  if #differences > 0 then
    local more = #differences > 3 and string.format(" (and %d more)", #differences - 3) or ""
    core.raise("invalid", string.format("checkpoint %s is of another problem: %s%s%s", self.path,
      table.concat(differences, ", ", 1, math.min(3, #differences)), more, REMEDY))
  end
end

-- The state as it was saved last by the process that this one goes on from, or nil.
function Stage:load()
  if not self.path or not run.resumed() then
    return nil
  end
  local good, there, saved = pcall(core.load_packed, self.path, self.kind)
  if not good then
    if type(there) == "table" and (there.code == "format" or there.code == "io") then
      core.raise(there.code, "checkpoint " .. there.text .. REMEDY)
    end
    error(there, 0)
  elseif not there then
    return nil
  end
  refuse_other(self, saved.identity)
  return saved.state
end

local of_the_file = { io = true, not_found = true }
local script_is_kept = false

-- A copy of the script beside the states. Without it nothing is lost but a word on what has
-- changed.
local function keep_script(folder)
  local script = manifest.now and manifest.now.script
  local text = script and not script_is_kept and manifest.script_text(script)
  if text then
    local good, failure = pcall(core.write_file, folder .. SCRIPT, text)
    if not good and not (type(failure) == "table" and of_the_file[failure.code]) then
      error(failure, 0)
    end
    script_is_kept = good
  end
end

-- The script of a run that goes on with another one than before.
function checkpoint.keep_script(out, id)
  local folder = checkpoint.folder(out, id)
  if core.list_folder(folder) then
    keep_script(folder)
  end
end

-- The script as it was when the run's stages were kept, or nil.
function checkpoint.script(out, id, sha256)
  return manifest.script_text { path = checkpoint.folder(out, id) .. SCRIPT, sha256 = sha256 }
end

-- True once the state is on the disk, behind the rows that were given. A file that cannot be
-- written is no error of the run: what was saved before stays, and the next time it is tried again.
function Stage:save(state)
  if not self.path then
    return false
  end
  local started = core.clock()
  self.recorder:commit()
  local good, failure = pcall(function()
    core.make_folders(self.folder)
    core.save_packed(self.path, self.kind, { identity = self.identity, state = state })
    keep_script(self.folder)
  end)
  self.last = core.clock()
  self.cost = self.last - started
  if not good and not (type(failure) == "table" and of_the_file[failure.code]) then
    error(failure, 0)
  elseif not good and not self.failed then
    core.notice("checkpoint: " .. failure.text .. "; the run goes on, and tries again")
  elseif good and self.failed then
    core.notice("checkpoint: " .. self.path .. " can be written again")
  end
  self.failed = not good
  return good
end

-- Has so much been computed since the last time that saving costs little beside it?
function Stage:due()
  local passed = core.clock() - self.last
  return self.path ~= nil and passed >= math.min(SECONDS, self.cost / SHARE)
end

-- What f gives: kept, or computed and then kept if that took `worth` seconds at least.
function checkpoint.compute(kind, name, identity, f, worth)
  local stage = checkpoint.stage(kind, name, identity)
  local state = stage:load()
  if not state then
    local started = core.clock()
    state = { value = f() }
    if core.clock() - started >= (worth or 0) then
      stage:save(state)
    end
  end
  return state.value
end

return checkpoint
