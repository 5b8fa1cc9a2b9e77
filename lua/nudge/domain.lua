-- SPDX-License-Identifier: MIT
-- A domain draws tasks. A task depends on the domain's seed, the name of the split and its index,
-- and on nothing else: neither on the batch it comes in nor on what was drawn before.
--
-- A family says how, for a batch { split, first, n } of tasks at once; first axes run over tasks:
--   family.make(batch, points): list of { name, values, classes }; points are samples to evaluate
--     at instead of drawn ones, or nil
--   family.parameters(batch), where it is: what the tasks are made of, arrays by name
--   family.truth(batch, points), where it is: true targets at the same points for all tasks
-- batch:draw(kind, name, width, bound) gives each task a row of numbers from a stream of its own.
local core = require "nudge.core"
local check = require "nudge.check"

local domain = {}

local splits = { "train", "valid", "test" }
local MAX_TASKS = (1 << 31) - 1

local Domain = {}
Domain.__index = Domain
Domain.__name = "nudge.domain"

function Domain:__tostring()
  return "nudge.domain " .. self.name
end

local Batch = {}
Batch.__index = Batch

function Batch:draw(kind, name, width, bound)
  return core.draw_rows(self.random, kind, self.first, self.n, width, name, bound)
end

local function whole(owner, name, value, lowest, highest)
  local i = math.tointeger(value)
  if not i then
    check.fail("%s: %s = %s is not a whole number", owner, name, tostring(value))
  end
  return check.range(owner, name, i, lowest, highest)
end

local function batch_of(self, method, split, first, n)
  local owner = string.format("domain %s: %s", self.name, method)
  check.choice(owner, "split", split, splits)
  return setmetatable({
    random = self.random[split],
    split = split,
    first = whole(owner, n and "first" or "index", first, 1, math.maxinteger - MAX_TASKS),
    n = whole(owner, "n", n or 1, 1, MAX_TASKS),
  }, Batch)
end

-- Has a split tasks first .. first + n - 1? Gives the two as integers, or it is an error of a
-- method.
function domain.check_indices(self, method, split, first, n)
  local batch = batch_of(self, method, split, first, n)
  return batch.first, batch.n
end

-- An error of the i-th task of a batch.
function domain.fail(name, batch, i, format, ...)
  check.fail("task %d of %s (%s): %s", batch.first + i - 1, name, batch.split,
    string.format(format, ...))
end

-- Points as samples x features; a plain list counts as samples of one feature.
local function matrix_of(self, what, points)
  local owner = string.format("domain %s: %s", self.name, what)
  if check.type_of(points) ~= "nudge.array" or points:kind() ~= "real" then
    check.fail("%s must be a real nudge.array of points, got %s", owner, check.type_of(points))
  end
  local shape, wanted = points:shape(), self.n_inputs
  if #shape == 1 and (wanted or 1) == 1 then
    return points:reshape(shape[1], 1)
  elseif #shape ~= 2 or (wanted and shape[2] ~= wanted) then
    check.fail("%s must have points x %s inputs, got %s", owner, wanted or "",
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

-- Real data are finite and labels are below their number of classes, or the task is named.
local function check_values(self, batch, a)
  local shape = a.values:shape()
  local row = 1
  for axis = 3, #shape do
    row = row * shape[axis]
  end
  local lowest, low_at = a.values:min()
  local highest, high_at = a.values:max()
  local function refuse(value, at, what)
    local task = (at - 1) // (row * shape[2])
    domain.fail(self.name, batch, task + 1, "%s is %s in row %d; %s", a.name,
      value ~= value and "nan" or string.format("%g", value), (at - 1) // row % shape[2] + 1, what)
  end
  if a.values:kind() == "index" then
    local classes = a.classes
    local what = string.format("labels go from 0 to %d, as classes = %d says", classes - 1, classes)
    if lowest < 0 then
      refuse(lowest, low_at, what)
    elseif highest >= classes then
      refuse(highest, high_at, what)
    end
  elseif highest ~= highest or highest == math.huge then
    refuse(highest, high_at, "data must be finite: mend what draws it")
  elseif lowest == -math.huge then
    refuse(lowest, low_at, "data must be finite: mend what draws it")
  end
end

-- n tasks of a split, from index `first` on, as nudge.tasks gives them. override.eval_grid: samples
-- to evaluate at, the same for all tasks, with the true targets.
function Domain:tasks(split, first, n, override)
  local batch = batch_of(self, "tasks", split, first, n or 1)
  local points
  if override ~= nil then
    local owner = string.format("domain %s: tasks", self.name)
    points = check.fields(owner, override, { eval_grid = "nudge.array" }).eval_grid
    points = points and matrix_of(self, "eval_grid", points)
  end
  local out = {
    n_tasks = batch.n, arrays = {}, indices = {}, domain = self.name, split = split,
    origin = self.name .. " (generated)",
  }
  for i, a in ipairs(self.family.make(batch, points)) do
    check_values(self, batch, a)
    out.arrays[i] = {
      name = a.name, classes = a.classes, role = a.role or "samples",
      values = batch.n == 1 and single(a.values) or a.values,
    }
  end
  for i = 1, batch.n do
    out.indices[i] = batch.first + i - 1
  end
  return out
end

-- What one task is made of: amplitude and phase, say. Numbers, or arrays.
function Domain:task(split, index)
  local batch = batch_of(self, "task", split, index)
  local out = { split = split, index = batch.first }
  if not self.family.parameters then
    check.fail("domain %s: a domain made of a function does not say what its tasks are made of",
      self.name)
  end
  for name, values in pairs(self.family.parameters(batch)) do
    out[name] = #values:shape() == 1 and values[1] or single(values)
  end
  return out
end

-- The true targets of a task, without noise, at points that the script chooses.
function Domain:truth(split, index, points)
  local batch = batch_of(self, "truth", split, index)
  return single(self.family.truth(batch, matrix_of(self, "truth", points)))
end

-- A domain from a family: { name, seed, n_inputs, n_outputs, family }.
function domain.new(fields)
  check.name("domain", "name", fields.name)
  local root, random = core.random(fields.seed), {}
  for _, split in ipairs(splits) do
    random[split] = root:stream(split)
  end
  fields.random = random
  return setmetatable(fields, Domain)
end

return domain
