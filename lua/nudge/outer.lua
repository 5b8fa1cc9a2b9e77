-- SPDX-License-Identifier: MIT
-- nudge.outer: defaults and checks in front of the outer optimiser.
local core = require "nudge.core"
local check = require "nudge.check"

local outer = {}

-- What a script says about an outer optimiser, besides the problem whose theta it moves.
outer.fields = {
  optimizer = "string", nesterov = "boolean", lr = "!number", momentum = "number",
  beta2 = "number", epsilon = "number", weight_decay = "number", clip_norm = "number",
  clip_value = "number", freeze = "string|table",
}
local optimizers = { "sgd", "momentum", "adam", "adamw" }
-- Which optimisers use a field; given to another one, it would have no effect.
local used_by = {
  nesterov = { momentum = true },
  momentum = { momentum = true, adam = true, adamw = true },
  beta2 = { adam = true, adamw = true },
  epsilon = { adam = true, adamw = true },
  weight_decay = { adamw = true },
}
local defaults = {
  nesterov = false, momentum = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 1e-4,
  clip_norm = math.huge, clip_value = math.huge,
}

-- Checked, with every field set.
function outer.check(owner, given, fields)
  local o = check.fields(owner, given, fields)
  o.optimizer = check.choice(owner, "optimizer", o.optimizer or "adam", optimizers)
  for _, field in ipairs(check.sorted_keys(used_by)) do
    if o[field] ~= nil and not used_by[field][o.optimizer] then
      check.fail("%s.%s has no effect with %s; %s", owner, field, o.optimizer,
        field == "weight_decay" and "adamw decays weights" or "remove it")
    end
  end
  for field, value in pairs(defaults) do
    if o[field] == nil then
      o[field] = value
    end
  end
  return o
end

-- Names of the theta groups that fit patterns, in which * stands for anything: { name = true }.
local function frozen_groups(owner, freeze, groups)
  local frozen, names = {}, {}
  for i, group in ipairs(groups) do
    names[i] = group.name
  end
  local patterns = type(freeze) == "string" and { freeze } or freeze or {}
  for _, pattern in ipairs(check.list(owner, "freeze", patterns, "string")) do
    local found = false
    local anchored = "^" .. tostring(pattern):gsub("%W", "%%%0"):gsub("%%%*", ".*") .. "$"
    for _, name in ipairs(names) do
      if name:find(anchored) then
        found, frozen[name] = true, true
      end
    end
    if not found then
      check.fail("%s: freeze = '%s' fits no theta group; %s", owner, tostring(pattern),
        check.suggestion(pattern, names))
    end
  end
  return frozen
end

-- The optimiser of checked fields for a problem's theta.
function outer.make(owner, problem, o)
  return core.outer {
    problem = problem, optimizer = o.optimizer, nesterov = o.nesterov, lr = o.lr,
    momentum = o.momentum, beta2 = o.beta2, epsilon = o.epsilon, weight_decay = o.weight_decay,
    clip_norm = o.clip_norm, clip_value = o.clip_value,
    frozen = frozen_groups(owner, o.freeze, problem:groups().theta),
  }
end

local own_fields = { problem = "!nudge.problem" }
for name, kind in pairs(outer.fields) do
  own_fields[name] = kind
end

-- { problem, optimizer, lr, ... }: an outer optimiser for a loop of the script's own.
function outer.open(given)
  local o = outer.check("nudge.outer", given, own_fields)
  return outer.make("nudge.outer", o.problem, o)
end

return outer
