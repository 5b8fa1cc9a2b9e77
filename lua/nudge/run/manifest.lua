-- SPDX-License-Identifier: MIT
-- What a run was made with: enough to see why two runs differ.
local core = require "nudge.core"
local process = require "nudge.process"
local settings = require "nudge.settings"

local manifest = { now = nil } -- now: of this process, once it was made

-- A path with the digest of its contents; a pipe's cannot be read again.
local function file(path)
  local real, kind = core.real_path(path)
  return { path = real or path, sha256 = kind == "file" and core.sha256_file(real) or nil }
end

local function files(paths)
  local out = {}
  for i, path in ipairs(paths) do
    out[i] = file(path)
  end
  return out
end

local function processor()
  for line in io.lines "/proc/cpuinfo" do
    local model = line:match "^model name%s*:%s*(.+)$"
    if model then
      return model
    end
  end
end

-- The script's text, if it is still that of the digest.
function manifest.script_text(script)
  local good, text = pcall(function()
    local f <close> = assert(io.open(script.path, "rb"))
    return f:read "a"
  end)
  return good and script.sha256 and core.sha256(text) == script.sha256 and text or nil
end

-- A table that JSON can hold.
function manifest.make(host)
  local facts = core.facts()
  local known, model = pcall(processor)
  manifest.now = {
    nudge = { version = facts.version, compiler = facts.compiler, lua = facts.lua,
      program = file "/proc/self/exe" },
    script = file(host.script),
    settings = settings.values, set = host.settings,
    plugins = files(facts.plugins), definitions = files(facts.definitions), blas = facts.blas,
    kernels = facts.kernels, threads = facts.threads, processor = known and model or nil,
    host = process.host(), out = core.real_path(host.out), started = os.date "!%Y-%m-%dT%H:%M:%SZ",
  }
  return manifest.now
end

return manifest
