-- SPDX-License-Identifier: MIT
-- A domain draws tasks. A task depends on the domain's seed, the name of the split and its index,
-- and on nothing else: neither on the batch it comes in nor on what was drawn before.
--
-- A family says how: family.make(draw, n, points) gives n tasks as a list of { name, values,
-- classes } whose first axis runs over tasks; draw(kind, name, width, bound) is a row of numbers
-- per task, each from a stream of its own; points are samples to evaluate at instead of drawn ones.
-- family.parameters(draw) gives what a task is made of: arrays by name, a row per task.
local core = require "nudge.core"
local check = require "nudge.check"

local domain = {}

local splits = { "train", "valid", "test" }
local MAX_TASKS = (1 << 31) - 1

local Domain = {}
Domain.__index = Domain

function Domain:__tostring()
  return "nudge.domain " .. self.name
end

local function whole(owner, name, value, lowest, highest)
  local i = math.tointeger(value)
  if not i then
    check.fail("%s: %s = %s is not a whole number", owner, name, tostring(value))
  end
  return check.range(owner, name, i, lowest, highest)
end

-- Numbers of tasks first .. first + n - 1 of a split.
local function draws(self, split, first, n)
  local random = self.random[split]
  return function(kind, name, width, bound)
    return core.draw_rows(random, kind, first, n, width, name, bound)
  end
end

local function check_place(self, method, split, first, n)
  local owner = string.format("domain %s: %s", self.name, method)
  check.choice(owner, "split", split, splits)
  first = whole(owner, n and "first" or "index", first, 1, math.maxinteger - MAX_TASKS)
  return first, n and whole(owner, "n", n, 1, MAX_TASKS)
end

-- Samples x features; a plain list counts as samples of one feature.
local function check_points(self, owner, points)
  if check.type_of(points) ~= "nudge.array" or points:kind() ~= "real" then
    check.fail("%s: the points must be a real nudge.array, got %s", owner, check.type_of(points))
  end
  local shape, wanted = points:shape(), self.n_inputs
  if #shape == 1 and (wanted or 1) == 1 then
    return points:reshape(shape[1], 1)
  elseif #shape ~= 2 or (wanted and shape[2] ~= wanted) then
    check.fail("%s: the points must be samples x %s, got %s", owner,
      wanted and wanted .. (wanted == 1 and " input" or " inputs") or "inputs",
      table.concat(shape, "x"))
  end
  return points
end

-- The first axis falls away where there is one task.
local function single(values)
  local shape = values:shape()
  table.remove(shape, 1)
  return values:reshape(table.unpack(shape))
end

-- n tasks of a split, from index `first` on, as nudge.tasks gives them. override.eval_grid: samples
-- to evaluate at, the same for all tasks, with the true targets.
function Domain:tasks(split, first, n, override)
  first, n = check_place(self, "tasks", split, first, n or 1)
  local points
  if override ~= nil then
    local owner = string.format("domain %s: tasks", self.name)
    points = check.fields(owner, override, { eval_grid = "nudge.array" }).eval_grid
    points = points and check_points(self, owner .. ": eval_grid", points)
  end
  local out = {
    n_tasks = n, arrays = {}, indices = {}, domain = self.name, split = split,
    origin = self.name .. " (generated)",
  }
  for i, a in ipairs(self.family.make(draws(self, split, first, n), n, points, split, first)) do
    out.arrays[i] = {
      name = a.name, classes = a.classes, role = a.role or "samples",
      values = n == 1 and single(a.values) or a.values,
    }
  end
  for i = 1, n do
    out.indices[i] = first + i - 1
  end
  return out
end

-- What one task is made of: amplitude and phase, say. Numbers, or arrays where they are several.
function Domain:task(split, index)
  index = check_place(self, "task", split, index)
  if not self.family.parameters then
    check.fail("domain %s does not say what its tasks are made of", self.name)
  end
  local out = { split = split, index = index }
  for name, values in pairs(self.family.parameters(draws(self, split, index, 1))) do
    local flat = single(values)
    out[name] = (#flat == 1 and #flat:shape() == 1) and flat[1] or flat
  end
  return out
end

-- The true targets of a task, without noise, at points that the script chooses.
function Domain:truth(split, index, points)
  index = check_place(self, "truth", split, index)
  points = check_points(self, string.format("domain %s: truth", self.name), points)
  if not self.family.truth then
    check.fail("domain %s does not know its truth; give nudge.domain a function truth", self.name)
  end
  return single(self.family.truth(draws(self, split, index, 1), 1, points, split, index))
end

-- A domain from a family: { name, seed, n_inputs, n_outputs, classes, family }.
function domain.new(fields)
  local root, random = core.random(fields.seed or 0), {}
  for _, split in ipairs(splits) do
    random[split] = root:stream(split)
  end
  fields.random = random
  return setmetatable(fields, Domain)
end

return domain
