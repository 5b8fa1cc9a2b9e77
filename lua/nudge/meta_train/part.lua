-- SPDX-License-Identifier: MIT
-- The meta-gradients of one part of a meta-batch. Where tasks diverge and are to be left out, the
-- others count with the very bits that they have by themselves.
local judge = require "nudge.meta_train.judge"

local part = {}

local soft = { soft = true, per_task = true }

-- Marks positions; says whether there were new ones.
local function mark(out, positions)
  local new = false
  for _, position in ipairs(positions) do
    new = new or not out[position]
    out[position] = true
  end
  return new
end

local function first_in(out, n)
  for position = 1, n do
    if not out[position] then
      return position
    end
  end
end

local function all_finite(gradient, out, n)
  for position = 1, n do
    local norm = not out[position] and gradient:rows(position, position):norm() or 0
    if norm ~= norm or norm == math.huge then
      return false
    end
  end
  return true
end

-- A rule may give up all tasks when one diverges. Then one that has not stands in for those that
-- have: nothing is compiled anew, and tasks do not depend on their neighbours.
local function replace(run, p, first, n, out)
  local tasks, source = run.domain:tasks("train", first, n), first_in(out, n)
  local arrays = {}
  for i, a in ipairs(tasks.arrays) do
    local values = a.values:copy()
    for position in pairs(out) do
      values:rows(position, position):copy_from(values:rows(source, source))
    end
    arrays[i] = { name = a.name, values = values, role = a.role, classes = a.classes }
  end
  local indices = { table.unpack(tasks.indices or {}) }
  for position in pairs(#indices > 0 and out or {}) do
    indices[position] = indices[source]
  end
  p:set_tasks { n_tasks = n, arrays = arrays, domain = tasks.domain, split = tasks.split,
    origin = tasks.origin, indices = #indices > 0 and indices or nil }
end

-- Adds the meta-gradients of tasks first .. first + n - 1 to the optimiser's mean. Gives
-- { problem, out = { position = true } of tasks left out, evaluations, softly, note }.
function part.add(run, first, n)
  local p = run.bench:problem("train", "train", first, n)
  local done = { problem = p, out = {}, evaluations = 0, softly = 0 }
  p:set_theta(run.theta)
  while true do
    local gradient <close>, record = p:estimate(run.rule, soft)
    done.evaluations = done.evaluations + record.gradient_evaluations
      + record.hessian_vector_products
    local new = mark(done.out, record.diverged)
    done.note = done.note or record.status == "diverged" and record.note or nil
    if new and run.on_divergence == "stop" then
      return done
    end
    if not first_in(done.out, n) then
      return done
    elseif not new or all_finite(gradient, done.out, n) then
      done.softly = judge.status(run, record) and 1 or 0
      if mark(done.out, run.optimiser:add(gradient, done.out)) then
        done.note = done.note or record.note
      end
      return done
    end
    replace(run, p, first, n, done.out)
    run.bench:forget("train", n)
  end
end

return part
