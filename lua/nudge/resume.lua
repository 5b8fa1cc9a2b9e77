-- SPDX-License-Identifier: MIT
-- nudge run --resume: which run goes on, whether it can go on here, and with what.
local core = require "nudge.core"
local check = require "nudge.check"
local checkpoint = require "nudge.checkpoint"
local manifest = require "nudge.run.manifest"
local run = require "nudge.run"
local stores = require "nudge.store"

local resume = {}

local function lines_of(text)
  local out = {}
  for line in (text:gsub("\n$", "") .. "\n"):gmatch "(.-)\n" do
    out[#out + 1] = line
  end
  return out
end

local function range(first, last)
  return first == last and "line " .. first or string.format("lines %d-%d", first, last)
end

-- Where two texts differ, between what they have in common at both ends.
local function where(old, new)
  old, new = lines_of(old), lines_of(new)
  local before, after = 0, 0
  while before < math.min(#old, #new) and old[before + 1] == new[before + 1] do
    before = before + 1
  end
  while after < math.min(#old, #new) - before and old[#old - after] == new[#new - after] do
    after = after + 1
  end
  local was = #old - after > before and range(before + 1, #old - after)
  local is = #new - after > before and range(before + 1, #new - after)
  return was and is and string.format("%s in place of %s", is, was)
    or is and "new: " .. is or was and "gone: " .. was or "the end of the last line"
end

-- The script as it was, wherever it lies now; and what has changed in it, if that is allowed.
local function script_of(r, given, may_change)
  local was = r.manifest.script
  local path = given or was.path
  if not was.sha256 then
    check.fail("run %d cannot go on: its script %s was not a file that can be read again", r.id,
      was.path)
  elseif not given and not core.real_path(path) then
    check.fail("run %d: its script %s is not there any more; say where it is: nudge run SCRIPT "
      .. "--resume %d", r.id, path, r.id)
  end
  local is = { path = core.real_path(path) or path, sha256 = core.sha256_file(path) }
  if is.sha256 == was.sha256 then
    return path
  end
  local old = checkpoint.script(core.host().out, r.id, was.sha256)
  local new = manifest.script_text(is)
  local lines = old and new and where(old, new)
  if not may_change then
    check.fail("run %d was made by another script than %s is now%s: SHA-256 %.12s..., now "
      .. "%.12s...; --changed-script goes on with it all the same, without it a changed script "
      .. "begins a run of its own", r.id, path, lines and " (" .. lines .. ")" or "", was.sha256,
      is.sha256)
  end
  return path, { from = was, to = is, lines = lines or nil, at = os.date "!%Y-%m-%dT%H:%M:%SZ" }
end

-- Files besides the script that defined learners and rules are what they were.
local function check_definitions(r, may_change)
  for _, was in ipairs(r.manifest.definitions or {}) do
    local there = core.real_path(was.path)
    local changed = was.sha256 and was.path ~= r.manifest.script.path
      and (not there or core.sha256_file(was.path) ~= was.sha256)
    if changed and not may_change then
      check.fail("run %d was made with other definitions than %s has now%s; --changed-script goes "
        .. "on with them all the same", r.id, was.path, there and "" or ": it is not there")
    end
  end
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

-- The run takes place in this process from now on, with a script that has changed only if it may.
-- Gives { script, settings } to run with.
function resume.prepare(name, may_change)
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
  local script, change = script_of(r, host.script, may_change)
  check_definitions(r, may_change)
  host.script = script
  local other = differences(r.manifest, manifest.make(host))
  if change then
    r.manifest.script = change.to
    r.manifest.changed_scripts = r.manifest.changed_scripts or {}
    table.insert(r.manifest.changed_scripts, change)
  end
  run.resume(r.id, change and r.manifest)
  if change then
    checkpoint.keep_script(host.out, r.id)
    core.notice(string.format("run %d goes on with a changed script%s; what it has kept is not "
      .. "computed again", r.id, change.lines and " (" .. change.lines .. ")" or ""))
  end
  if #other > 0 then
    core.notice(string.format("run %d was begun with %s; from here on it may differ in last digits",
      r.id, table.concat(other, "; ")))
  end
  return { script = script, settings = r.manifest.set or {} }
end

return resume
