-- SPDX-License-Identifier: MIT
-- Rules times swept options: which estimates a study makes, and which of them share work.
local core = require "nudge.core"
local check = require "nudge.check"

local sweep = {}

-- Values of one swept option, ascending and without repeats: an array, or a list of numbers or
-- texts.
local function values_of(name, given)
  local values = check.type_of(given) == "nudge.array" and given:totable() or given
  if type(values) ~= "table" or #values == 0 then
    check.fail("sweep: %s must be a list or an array of values", name)
  end
  local out, seen = {}, {}
  for _, value in ipairs(values) do
    if type(value) == "table" then
      check.fail("sweep: %s must be a list of numbers or texts", name)
    end
    if type(value) ~= type(values[1]) then
      check.fail("sweep: the values of %s must all be of one type", name)
    end
    if value ~= value then
      check.fail("sweep: %s contains NaN", name)
    end
    if not seen[value] then
      seen[value] = true
      out[#out + 1] = value
    end
  end
  if type(out[1]) ~= "boolean" then
    table.sort(out)
  end
  return out
end

-- Options of a rule that a swept name means: that option, or those that end in it, so that `steps`
-- moves free_steps and nudged_steps together. Options that the script gave stay as given.
local function targets_of(name, schema, given)
  if schema[name] then
    return given[name] == nil and { name } or {}
  end
  local targets = {}
  for _, option in ipairs(schema) do
    if option.name:sub(-#name - 1) == "_" .. name and given[option.name] == nil then
      targets[#targets + 1] = option.name
    end
  end
  return targets
end

local function is_steps(name)
  return name == "steps" or name:sub(-6) == "_steps"
end

-- Appends an option's value to the labels that several rules share where it tells them apart.
local function extend_labels(entries, labels, option)
  local first, differs = {}, {}
  for i, entry in ipairs(entries) do
    local value, label = entry.rule:given()[option], labels[i]
    first[label] = first[label] or { value = value }
    differs[label] = differs[label] or first[label].value ~= value
  end
  for i, entry in ipairs(entries) do
    local value = entry.rule:given()[option]
    if differs[labels[i]] and not entry.label and value ~= nil and type(value) ~= "table" then
      labels[i] = labels[i] .. " " .. (type(value) == "string" and value
        or option .. "=" .. tostring(value))
    end
  end
end

-- The option whose value names a rule more closely than its id: its first one, if that is a choice
-- (variant, solver).
local function naming_option(id)
  local first = core.options("rule", id)[1]
  return first and first.choices and first.name
end

-- "contrastive holomorphic points=8": id, variant or solver, and the options that tell a rule from
-- others like it; or the label that the script gave.
local function labels_of(entries)
  local labels, ids = {}, {}
  for i, entry in ipairs(entries) do
    local id = entry.rule:id()
    local naming = naming_option(id)
    labels[i] = entry.label or (naming and id .. " " .. entry.rule:options()[naming] or id)
    ids[id] = true
  end
  for _, id in ipairs(check.sorted_keys(ids)) do
    for _, option in ipairs(core.options("rule", id)) do
      if option.name ~= naming_option(id) then
        extend_labels(entries, labels, option.name)
      end
    end
  end
  return labels
end

-- All combinations of the dimensions' values; the last one varies fastest.
local function combinations(dimensions)
  local out = { {} }
  for _, d in ipairs(dimensions) do
    local longer = {}
    for _, combination in ipairs(out) do
      for _, value in ipairs(d.values) do
        local extended = { table.unpack(combination) }
        extended[#extended + 1] = value
        longer[#longer + 1] = extended
      end
    end
    out = longer
  end
  return out
end

-- Estimates that differ only in steps, or only in the variant of a rule, may go on from each
-- other's phases: they are one group.
local function group_key(rule, dimensions, combination)
  local key = { rule:id() }
  for i, d in ipairs(dimensions) do
    if not is_steps(d.name) then
      key[#key + 1] = d.name .. "=" .. tostring(combination[i])
    end
  end
  return #key > 1 and table.concat(key, " ") or nil
end

local function steps_of(point)
  local steps = 0
  for name, value in pairs(point.values) do
    steps = is_steps(name) and steps + value or steps
  end
  return steps
end

-- The dimensions that a sweep has for one rule.
local function dimensions_of(rule, names, swept, used)
  local schema, own, dimensions = core.options("rule", rule:id()), rule:given(), {}
  for _, name in ipairs(names) do
    local targets = targets_of(name, schema, own)
    if #targets > 0 then
      used[name] = true
      dimensions[#dimensions + 1] = { name = name, targets = targets, values = swept[name] }
    end
  end
  return dimensions
end

-- One estimate: a family's rule with the options of one combination.
local function point_of(family, combination)
  local options, values = family.rule:given(), {}
  for k, d in ipairs(family.dimensions) do
    values[d.name] = combination[k]
    for _, target in ipairs(d.targets) do
      options[target] = combination[k]
    end
  end
  return { family = family, values = values, rule = core.rule(family.id, options),
    key = group_key(family.rule, family.dimensions, combination) }
end

-- By group, then by steps, then as composed.
local function runs_before(a, b)
  if a.group ~= b.group then
    return a.group < b.group
  end
  local x, y = steps_of(a), steps_of(b)
  if x ~= y then
    return x < y
  end
  return a.number < b.number
end

-- entries: { rule =, label =, alone = } each. Gives families (one per entry) and all points in the
-- order in which to run them, each with its rule object and group.
function sweep.plan(entries, given)
  local names, swept, used = check.sorted_keys(given), {}, {}
  for _, name in ipairs(names) do
    swept[name] = values_of(name, given[name])
  end
  local labels, families, points, groups, n_groups = labels_of(entries), {}, {}, {}, 0
  for i, entry in ipairs(entries) do
    local id = entry.rule:id()
    local family = { label = labels[i], id = id, rule = entry.rule, index = i, rows = {},
      short = labels[i]:sub(1, #id + 1) == id .. " " and labels[i]:sub(#id + 2) or labels[i],
      alone = entry.alone, dimensions = dimensions_of(entry.rule, names, swept, used) }
    families[i] = family
    for _, combination in ipairs(combinations(family.dimensions)) do
      local point = point_of(family, combination)
      point.number = #points + 1
      point.key = point.key or point.number
      if not groups[point.key] then
        n_groups = n_groups + 1
        groups[point.key] = n_groups
      end
      point.group = groups[point.key]
      points[#points + 1] = point
    end
  end
  for _, name in ipairs(names) do
    if not used[name] then
      check.fail("sweep: no rule of this study has an option '%s' that is not set already", name)
    end
  end
  table.sort(points, runs_before)
  return families, points
end

return sweep
