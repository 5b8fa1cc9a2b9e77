-- SPDX-License-Identifier: MIT
-- What takes a study its time: the exact gradient and the estimates. Kept where that is long, for a
-- run that is stopped.
local core = require "nudge.core"
local check = require "nudge.check"
local checkpoint = require "nudge.checkpoint"
local fingerprint = require "nudge.fingerprint"
local options = require "nudge.run.options"

local work = {}

local WORTH = 1 -- seconds; what is shorter is computed again

local function kept(s, what, more, f)
  local spec = s.problem:spec()
  return checkpoint.compute("study", string.format("%s: %s", s.stage or s.name, what),
    options.flat { learner = spec.learner, inner = spec.inner, dtype = spec.dtype,
      seed = spec.seed, data = fingerprint(spec.tasks.arrays),
      theta = fingerprint { { name = "start", values = s.problem:theta() } }, what = more },
    f, WORTH)
end

-- The exact gradient with its evidence.
function work.exact(s, kind)
  return kept(s, "exact", kind, function()
    local stage = s.name .. ": exact meta-gradient"
    core.report(stage, 0, 0)
    local exact = s.problem:exact { kind = kind }
    core.report(stage, 1, 1)
    return exact
  end)
end

local function described(rule)
  local flat, parts = options.flat(rule:options()), { rule:id() }
  for i, name in ipairs(check.sorted_keys(flat)) do
    local value = flat[name]
    parts[i + 1] = name .. " " .. (type(value) == "number" and core.number_text(value)
      or tostring(value))
  end
  return table.concat(parts, ", ")
end

-- Gradient, record, status and time of each rule, in order.
function work.estimates(s, rules, groups)
  local which = {}
  for i, rule in ipairs(rules) do
    which[i] = described(rule)
  end
  return kept(s, "estimates", core.sha256(table.concat(which, "\n")), function()
    return core.batch(s.problem, rules, groups, s.name .. ": estimates")
  end)
end

return work
