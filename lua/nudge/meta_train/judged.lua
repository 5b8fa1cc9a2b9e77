-- SPDX-License-Identifier: MIT
-- What was learned, judged on other data: the phi that a meta-step or a test has reached, on the
-- evaluation samples of tasks that nothing was learned from.
local check = require "nudge.check"
local problem = require "nudge.problem"

local judged = {}
judged.__index = judged

local OWNER = "nudge.meta_train: judge"

-- { name = tasks } of a script.
function judged.check(given)
  local taken = { learn = true, eval = true }
  for _, name in ipairs(check.sorted_keys(given)) do
    local tasks = given[name]
    if type(name) ~= "string" or not name:find "^%a[%w_]*$" or #name > 32 then
      check.fail("%s: a name of letters, digits and _ is wanted for each of the data, got '%s'",
        OWNER, tostring(name))
    elseif taken[name] then
      check.fail("%s: '%s' is what the rows call the tasks' own losses; choose another name",
        OWNER, name)
    elseif type(tasks) ~= "table" or type(tasks.arrays) ~= "table" or tasks.n_tasks ~= 1 then
      check.fail("%s: %s must be tasks from nudge.tasks that hold one task", OWNER, name)
    end
  end
  return given
end

-- Opens a problem for each of the data; n_phi numbers are to be judged.
function judged.open(run, n_phi)
  local self = setmetatable({ run = run, names = check.sorted_keys(run.judge or {}), problems = {},
    columns = {} }, judged)
  for _, name in ipairs(self.names) do
    local p = problem.open { learner = run.learner, tasks = run.judge[name], dtype = run.dtype,
      seed = run.seed, inner = { lr = 1, steps = 0 } }
    self.problems[name] = p
    if p:info().n_phi ~= n_phi then
      check.fail("%s: %s has tasks for %d numbers in phi, the domain %s for %d", OWNER, name,
        p:info().n_phi, run.domain.name, n_phi)
    end
    table.insert(self.columns, name .. "_loss")
    table.insert(self.columns, name .. "_accuracy")
  end
  return self
end

function judged:close()
  for _, p in pairs(self.problems) do
    p:close()
  end
  self.problems = {}
end
judged.__close = judged.close

-- The columns of one phi by name; theta is the present one.
function judged:look(phi)
  local out = {}
  for _, name in ipairs(self.names) do
    local p = self.problems[name]
    if self.theta ~= self.run.theta then
      p:set_theta(self.run.theta)
    end
    local at = p:losses(phi)
    out[name .. "_loss"] = at.eval_loss[1]
    out[name .. "_accuracy"] = at.eval_accuracy and at.eval_accuracy[1]
  end
  self.theta = self.run.theta
  return out
end

return judged
