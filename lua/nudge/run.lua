-- SPDX-License-Identifier: MIT
-- The run that this process keeps: at most one, begun when there is something to keep.
local core = require "nudge.core"

local run = {}

local current -- recorder
local refused -- why there is none, where its beginning failed while a file was written
local stages = {}
local goes_on = false -- from where another process left it
local has_changed = false -- the script that did so

-- The recorder if there is one already.
function run.active()
  return current
end

-- os.exit ends a script before its end: what is kept is completed first.
local function finish_before_exit()
  local exit = os.exit
  os.exit = function(code, close) -- luacheck: ignore 122
    local good = code == nil or code == true or code == 0
    local line = run.finish(good and "done" or "failed",
      not good and "os.exit(" .. tostring(code) .. ")" or nil)
    if line then
      core.notice(line)
    end
    exit(code, close)
  end
end

-- The recorder, begun if there is none; nil where nothing is kept (--no-store).
function run.current()
  local host = core.host()
  if not current and not refused and host.keep and host.script then
    current = require("nudge.run.recorder").begin(host)
    finish_before_exit()
  end
  return current
end

-- Goes on with run `id` instead of beginning one: before anything is kept. changed: its manifest,
-- if the script is not what it was.
function run.resume(id, changed)
  assert(not current, "this process keeps a run already")
  current = require("nudge.run.recorder").resume(core.host(), id, changed)
  goes_on, has_changed = true, changed ~= nil
  finish_before_exit()
  return current
end

-- Did another process begin this run?
function run.resumed()
  return goes_on
end

-- The script has said what its settings are.
function run.declared(settings)
  if has_changed and current then
    current:settings(settings)
  end
end

-- A name that no other stage of this run has: those that come again are numbered, in order of call.
function run.stage(name)
  local own, n = name, 1
  while stages[own] do
    n = n + 1
    own = string.format("%s (%d)", name, n)
  end
  stages[own] = true
  return own
end

-- One of nudge's own writers has written a file: kept if it is among the results. The file is more
-- than the record of it: without a store the script goes on, and its end says so.
function run.wrote(path, kind)
  local host = core.host()
  if refused or not host.keep or not host.script then
    return
  end
  local folder, real, what = core.real_path(host.out), core.real_path(path)
  if not folder or what ~= "file" or real:sub(1, #folder + 1) ~= folder:gsub("/$", "") .. "/" then
    return
  end
  if not current then
    local good, result = pcall(run.current)
    if not good and not (type(result) == "table" and result.text) then
      error(result, 0)
    end
    refused = not good and result.text or nil
  end
  if current then
    current:artefact(path, kind)
  end
end

-- The script has ended: "done", "failed" or "interrupted". Gives a line if something is not kept,
-- and the run's id.
function run.finish(status, message)
  if refused then
    return "this run is not kept: " .. refused
  elseif current then
    local recorder = current
    current = nil
    local line = recorder:finish(status, message)
    if status == "done" and not line then
      require("nudge.checkpoint").clear(core.host().out, recorder:id())
    end
    return line, recorder:id()
  end
end

return run
