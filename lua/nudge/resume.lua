-- SPDX-License-Identifier: MIT
-- nudge run --resume: which run goes on, whether it can go on here, and with what.
local core = require "nudge.core"
local check = require "nudge.check"
local checkpoint = require "nudge.checkpoint"
local manifest = require "nudge.run.manifest"
local run = require "nudge.run"
local stores = require "nudge.store"

local resume = {}

-- The script as it was, wherever it lies now.
local function script_of(r, given)
  local was = r.manifest.script
  local path = given or was.path
  if not was.sha256 then
    check.fail("run %d cannot go on: its script %s was not a file that can be read again", r.id,
      was.path)
  elseif not given and not core.real_path(path) then
    check.fail("run %d: its script %s is not there any more; say where it is: nudge run SCRIPT "
      .. "--resume %d", r.id, path, r.id)
  end
  local is = core.sha256_file(path)
  if is ~= was.sha256 then
    check.fail("run %d was made by another script than %s is now: SHA-256 %.12s..., now %.12s...; "
      .. "a changed script begins a run of its own", r.id, path, was.sha256, is)
  end
  return path
end

-- Settings of the command line say nothing new.
local function check_settings(r, given)
  local was = {}
  for _, one in ipairs(r.manifest.set or {}) do
    was[one.name] = one.value
  end
  for _, one in ipairs(given) do
    if was[one.name] ~= one.value then
      check.fail("run %d was made %s, not with --set %s=%s; without --set it goes on as it was",
        r.id, was[one.name] and string.format("with --set %s=%s", one.name, was[one.name])
        or "without --set " .. one.name, one.name, one.value)
    end
  end
end

local function plugins_of(m)
  local out = {}
  for _, plugin in ipairs(m.plugins or {}) do
    out[plugin.path:match "[^/]+$"] = plugin.sha256
  end
  return out
end

-- What may change the last digits of what is computed from here on.
local function differences(was, is)
  local out = {}
  local function compare(what, a, b)
    if a ~= b then
      out[#out + 1] = string.format("%s %s, now %s", what, tostring(a), tostring(b))
    end
  end
  if was.nudge.program.sha256 ~= is.nudge.program.sha256 then
    out[1] = "another build of nudge"
  end
  compare("BLAS", was.blas.library, is.blas.library)
  compare("BLAS core", was.blas.core, is.blas.core)
  compare("kernels", was.kernels, is.kernels)
  local old, new = plugins_of(was), plugins_of(is)
  for _, name in ipairs(check.sorted_keys(old)) do
    if new[name] ~= old[name] then
      out[#out + 1] = (new[name] and "another build of plugin " or "the plugin ") .. name
    end
  end
  return out
end

-- The run takes place in this process from now on. Gives { script, settings } to run with.
function resume.prepare(name)
  local host = core.host()
  local r
  do
    local store <close> = stores.open(host.out)
    r = store:run(name)
  end
  if r.status == "done" then
    checkpoint.clear(host.out, r.id) -- should it have been killed just before that
    check.fail("run %d is done: there is nothing to go on with", r.id)
  end
  check_settings(r, host.settings)
  local script = script_of(r, host.script)
  host.script = script
  local other = differences(r.manifest, manifest.make(host))
  run.resume(r.id)
  if #other > 0 then
    core.notice(string.format("run %d was begun with %s; from here on it may differ in last digits",
      r.id, table.concat(other, "; ")))
  end
  return { script = script, settings = r.manifest.set or {} }
end

return resume
