-- SPDX-License-Identifier: MIT
-- Rules times swept options: which estimates a study makes, and which of them share work.
local core = require "nudge.core"
local check = require "nudge.check"

local sweep = {}

-- Values of one swept option, ascending and without repeats: an array or a list of numbers or texts.
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
local function extend_labels(rules, labels, option)
  local first, differs = {}, {}
  for i, rule in ipairs(rules) do
    local value, label = rule:given()[option], labels[i]
    first[label] = first[label] or { value = value }
    differs[label] = differs[label] or first[label].value ~= value
  end
  for i, rule in ipairs(rules) do
    local value = rule:given()[option]
    if differs[labels[i]] and value ~= nil and type(value) ~= "table" then
      labels[i] = labels[i] .. " " .. (type(value) == "string" and value
        or option .. "=" .. tostring(value))
    end
  end
end

-- "contrastive holomorphic points=8": id, and the options that tell a rule from others of its id.
local function labels_of(rules)
  local labels, ids = {}, {}
  for i, rule in ipairs(rules) do
    labels[i] = rule:id()
    ids[rule:id()] = true
  end
  for _, id in ipairs(check.sorted_keys(ids)) do
    for _, option in ipairs(core.options("rule", id)) do
      extend_labels(rules, labels, option.name)
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

-- Estimates that differ only in steps, or only in the variant of a rule, may go on from each other's
-- phases: they are one group.
local function group_key(rule, dimensions, combination)
  local key = { rule:id() }
  for i, d in ipairs(dimensions) do
    if not is_steps(d.name) then
      key[#key + 1] = d.name .. "=" .. tostring(combination[i])
    end
  end
  return #key > 1 and table.concat(key, " ") or nil
end

local function order_of(point)
  local steps = 0
  for name, value in pairs(point.values) do
    steps = is_steps(name) and value or steps
  end
  return steps
end

-- Families (one per rule) with their points, and all points in the order in which to run them, each
-- with its rule object and group.
function sweep.plan(rules, given)
  local names, swept, used = check.sorted_keys(given), {}, {}
  for _, name in ipairs(names) do
    swept[name] = values_of(name, given[name])
  end
  local labels, families, points, groups, n_groups = labels_of(rules), {}, {}, {}, 0
  for i, rule in ipairs(rules) do
    local schema, own = core.options("rule", rule:id()), rule:given()
    local dimensions = {}
    for _, name in ipairs(names) do
      local targets = targets_of(name, schema, own)
      if #targets > 0 then
        used[name] = true
        dimensions[#dimensions + 1] = { name = name, targets = targets, values = swept[name] }
      end
    end
    local family = { label = labels[i], id = rule:id(), rule = rule, dimensions = dimensions,
      index = i }
    families[i] = family
    for _, combination in ipairs(combinations(dimensions)) do
      local options, values = rule:given(), {}
      for k, d in ipairs(dimensions) do
        values[d.name] = combination[k]
        for _, target in ipairs(d.targets) do
          options[target] = combination[k]
        end
      end
      local key = group_key(rule, dimensions, combination)
      if not key or not groups[key] then
        n_groups = n_groups + 1
        groups[key or n_groups] = n_groups
      end
      points[#points + 1] = { family = family, values = values, group = groups[key or n_groups],
        rule = core.rule(rule:id(), options), number = #points }
    end
  end
  for _, name in ipairs(names) do
    if not used[name] then
      check.fail("sweep: no rule of this study has an option '%s' that is not set already", name)
    end
  end
  table.sort(points, function(a, b)
    if a.group ~= b.group then
      return a.group < b.group
    end
    local x, y = order_of(a), order_of(b)
    if x ~= y then
      return x < y
    end
    return a.number < b.number
  end)
  return families, points
end

return sweep
