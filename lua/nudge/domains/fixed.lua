-- SPDX-License-Identifier: MIT
-- One problem as a domain: the same task at every index, so that meta-learning tunes learning on it
-- alone. The index decides which minibatches are drawn; learning begins at the same initial phi.
local core = require "nudge.core"
local check = require "nudge.check"
local domain = require "nudge.domain"

local fields = { tasks = "!table", name = "string", start = "string" }

-- The task n times, first axes along the copies.
local function repeated(arrays, n)
  if n == 1 then
    return arrays
  end
  local out = {}
  for i, a in ipairs(arrays) do
    local copies = {}
    for k = 1, n do
      copies[k] = a.values
    end
    out[i] = { name = a.name, role = a.role, classes = a.classes,
      values = core.stack(copies):freeze() }
  end
  return out
end

local function checked(given)
  local owner = "nudge.domains.fixed"
  local t = check.fields(owner, given, fields)
  if type(t.tasks.arrays) ~= "table" then
    check.fail("%s: tasks must come from nudge.tasks", owner)
  elseif t.tasks.n_tasks ~= 1 then
    check.fail("%s: tasks must hold one task, got %s", owner, tostring(t.tasks.n_tasks))
  end
  t.start = check.choice(owner, "start", t.start or "same", { "same", "own" })
  t.name = t.name or "fixed"
  t.arrays = {}
  for i, a in ipairs(t.tasks.arrays) do
    if check.type_of(a.values) ~= "nudge.array" then
      check.fail("%s: task array %s must be a nudge.array, got %s", owner, tostring(a.name),
        check.type_of(a.values))
    end
    t.arrays[i] = { name = a.name, role = a.role, classes = a.classes, values = a.values:freeze() }
  end
  return t
end

-- { tasks, name, start = "same" | "own" }: tasks are frozen, so that problems read them without a
-- copy. With start = "own" each index has an initial phi of its own.
return function(given)
  local t = checked(given)
  local made = {} -- arrays of the task by number of copies, of the last number asked for
  local d = domain.new { name = t.name, seed = 0, family = {} }
  function d:tasks(split, first, n, override) -- luacheck: ignore self
    if override ~= nil then
      check.fail("domain %s: its task is fixed; it takes no eval_grid", t.name)
    end
    first, n = domain.check_indices(d, "tasks", split, first, n or 1)
    if not made[n] then
      made = { [n] = repeated(t.arrays, n) }
    end
    local out = { n_tasks = n, arrays = made[n], indices = {}, domain = t.name, split = split,
      origin = t.tasks.origin }
    out.starts = t.start == "same" and {} or nil
    for i = 1, n do
      out.indices[i] = first + i - 1
      if out.starts then
        out.starts[i] = 0
      end
    end
    return out
  end
  for _, method in ipairs { "task", "truth" } do
    d[method] = function()
      check.fail("domain %s: its task is fixed, and nothing about it is drawn", t.name)
    end
  end
  return d
end
