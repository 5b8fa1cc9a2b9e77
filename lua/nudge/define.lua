-- SPDX-License-Identifier: MIT
-- nudge.define_learner, nudge.define_rule: components that a script makes. Where the functions of a
-- script are called, what they get and give is checked here.
local core = require "nudge.core"
local check = require "nudge.check"
local options = require "nudge.define.options"
local example = require "nudge.define.example"
local learner = require "nudge.define.learner"
local rule = require "nudge.define.rule"

local define = {}

local library = debug.getinfo(1, "S").source:match "^@(.*/)" or ""

-- "script.lua:12" and the path of the file: the innermost line outside nudge's own Lua.
local function caller()
  for level = 3, 100 do
    local info = debug.getinfo(level, "Sl")
    if not info then
      break
    end
    local path = info.source:match "^@(.*)"
    if path and info.currentline > 0 and path:sub(1, #library) ~= library then
      return string.format("%s:%d", info.short_src, info.currentline), path
    end
  end
  return "a script", core.host().script or "a script"
end

local common = {
  id = "!string", title = "!string", doc = "string", version = "string", cite = "string",
  options = "table", check = "function", batch_invariant = "boolean",
}

local function with(own)
  local all = {}
  for _, part in ipairs { common, own } do
    for name, wanted in pairs(part) do
      all[name] = wanted
    end
  end
  return all
end

local function make(kind, given, own, functions)
  local what = "nudge.define_" .. kind
  local d = check.fields(what, given, with(own))
  if not d.id:find("^[a-z][a-z0-9_]*%.[a-z0-9_.]*$") then
    check.fail("%s: id '%s' needs the prefix of its owner, in small letters, as in 'lab.%s'", what,
      d.id, (d.id:lower():gsub("[^a-z0-9_]+", "_"):gsub("^_+", "")))
  end
  local place, path = caller()
  local owner = string.format("%s %s", kind, d.id)
  local spec = {
    id = d.id, title = d.title, doc = d.doc or d.title, version = d.version or "1.0.0",
    cite = d.cite, place = place, path = path, batch_invariant = d.batch_invariant,
    options = options.normalise(owner, d.options or {}),
    needs = rule.needs(owner, d.needs or {}),
    functions = functions(d), examples = example.normalise(owner, d.example),
  }
  spec.functions.check = d.check
  core.define(kind, spec)
end

function define.learner(given)
  make("learner", given, { parameters = "!function", loss = "!function",
    example = "table" }, learner.functions)
end

function define.rule(given)
  make("rule", given, { estimate = "!function", truncation = "function",
    estimand = "string|function", needs = "table" }, rule.functions)
end

return define
