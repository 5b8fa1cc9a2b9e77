-- SPDX-License-Identifier: MIT
-- The problems of a meta-training: one for each use and number of tasks, compiled once and then
-- given other tasks; and adaptation to the tasks of a split with the losses it reaches.
local check = require "nudge.check"
local problem = require "nudge.problem"

local workbench = {}
workbench.__index = workbench

local MAX_TASKS = 100 -- adapted to at once: memory is bounded, and an interrupt soon heard

-- description: learner, domain, inner, dtype, seed, name as of nudge.problem.
function workbench.new(description)
  return setmetatable({ description = description, entries = {} }, workbench)
end

function workbench:close()
  for _, entry in pairs(self.entries) do
    entry.problem:close()
  end
  self.entries = {}
end
workbench.__close = workbench.close

-- Tasks of a domain that may be a script's own: those that were asked for, or an error.
local function tasks_of(d, split, first, n)
  local tasks = d:tasks(split, first, n)
  if type(tasks) ~= "table" or type(tasks.arrays) ~= "table" or tasks.n_tasks ~= n then
    check.fail("domain %s gave %s for %d tasks of %s from task %d on; its method tasks(split, "
      .. "first, n) gives them as nudge.domain does", d.name, type(tasks) ~= "table"
      and (tasks == nil and "nothing" or check.type_of(tasks)) or type(tasks.arrays) ~= "table"
      and "no arrays" or "n_tasks = " .. tostring(tasks.n_tasks), n, split, first)
  end
  return tasks
end

-- An entry whose problem holds the very arrays of these tasks, as a fixed domain's do.
function workbench:serving(tasks)
  for _, entry in pairs(self.entries) do
    if entry.arrays == tasks.arrays then
      return entry
    end
  end
end

-- The problem that holds tasks first .. first + n - 1 of a split, for one use.
function workbench:problem(use, split, first, n)
  local key = use .. n
  local entry = self.entries[key]
  if entry and entry.split == split and entry.first == first then
    return entry.problem
  end
  local d = self.description
  local tasks = tasks_of(d.domain, split, first, n)
  entry = entry or self:serving(tasks)
  if entry then
    entry.problem:set_tasks(tasks)
  else
    entry = { problem = problem.open { learner = d.learner, tasks = tasks, inner = d.inner,
      dtype = d.dtype, seed = d.seed, name = d.name } }
  end
  self.entries[key] = entry
  entry.split, entry.first, entry.arrays = split, first, tasks.arrays
  return entry.problem
end

-- "task 137 of sinusoid (train)", as the engine calls it.
function workbench:task_name(split, index)
  return string.format("task %d of %s (%s)", index, self.description.domain.name, split)
end

-- What is known of each task after some steps; judged columns besides.
workbench.losses = { "learn_loss", "eval_loss", "eval_accuracy" }

function workbench:names()
  local out = table.move(workbench.losses, 1, #workbench.losses, 1, {})
  local columns = self.description.judged and self.description.judged.columns or {}
  return table.move(columns, 1, #columns, #out + 1, out)
end

local function finite(x)
  return x == x and math.abs(x) < math.huge
end

-- Appends what some tasks reached; those whose losses are no numbers have diverged too.
local function append(out, adapted, first, n, judged)
  local diverged = {}
  for _, position in ipairs(adapted.diverged) do
    diverged[position] = true
  end
  out.note = out.note or adapted.note
  for k in ipairs(out.steps) do
    for t = 1, n do
      for _, name in ipairs(workbench.losses) do
        local values = adapted[name]
        local x = values and values:get(k, t) or 0 / 0
        table.insert(out[name][k], x)
        if name ~= "eval_accuracy" and not finite(x) then
          diverged[t] = true
        end
      end
      local others = judged and not diverged[t] and judged:look(adapted.phi[k][t]) or {}
      for _, name in ipairs(judged and judged.columns or {}) do
        table.insert(out[name][k], others[name] or 0 / 0)
      end
    end
  end
  for t = 1, n do
    if diverged[t] then
      table.insert(out.diverged, first + t - 1)
    end
  end
end

-- Losses of the first n tasks of a split after the given numbers of inner steps: lists by step and
-- task. `diverged` lists indices of tasks.
function workbench:adapt(split, n, steps, theta)
  local out = { split = split, tasks = n, steps = steps, diverged = {} }
  local judged = self.description.judged
  for _, name in ipairs(self:names()) do
    out[name] = {}
    for k in ipairs(steps) do
      out[name][k] = {}
    end
  end
  for first = 1, n, MAX_TASKS do
    local m = math.min(MAX_TASKS, n - first + 1)
    local p = self:problem("adapt " .. split, split, first, m)
    p:set_theta(theta)
    append(out, p:adapt { steps = steps, phi = judged ~= nil, soft = true }, first, m, judged)
  end
  return out
end

-- Numbers of inner steps as a script gives them: one, or an ascending list.
function workbench.step_numbers(owner, name, given, default)
  local steps = given == nil and default or type(given) == "table" and given or { given }
  local out = {}
  for i, value in ipairs(check.list(owner, name, steps, "number")) do
    out[i] = math.tointeger(value)
    if not out[i] or out[i] < 0 or (i > 1 and out[i] <= out[i - 1]) then
      check.fail("%s: %s must be ascending whole numbers from 0 on, got %s", owner, name,
        tostring(value))
    end
  end
  if #out == 0 then
    check.fail("%s: %s is empty", owner, name)
  end
  return out
end

return workbench
