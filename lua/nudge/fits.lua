-- SPDX-License-Identifier: MIT
-- nudge.fits: how a learner fits tasks of one input and one output, on its way.
local check = require "nudge.check"
local problem = require("nudge.problem").open

local OWNER = "nudge.fits"

local fields = {
  learner = "!nudge.learner", domain = "!any", inner = "!table", grid = "!nudge.array",
  steps = "!table", tasks = "integer", split = "string", theta = "nudge.array", seed = "integer",
  dtype = "string", yrange = "table",
}

local function array_of(tasks, name)
  for _, a in ipairs(tasks.arrays) do
    if a.name == name then
      return a.values
    end
  end
  check.fail("%s: the tasks of %s have no %s", OWNER, tasks.domain, name)
end

-- Row i of an array whose first axis runs over tasks, as a list; one task has no such axis.
local function numbers(values, i, n_tasks, what)
  local row = n_tasks > 1 and values[i] or values
  local shape = row:shape()
  if #shape == 2 and shape[2] ~= 1 then
    check.fail("%s: %s has %d columns; fits are drawn of one input and one output", OWNER, what,
      shape[2])
  end
  return row:reshape(shape[1])
end

-- { learner, domain, inner, grid, steps, ... }: a panel of nudge.figure per task, with the true
-- function, what the learner answers after each of `steps` inner steps, and the samples.
return function(given)
  local t = check.fields(OWNER, given, fields)
  local n, split = check.range(OWNER, "tasks", t.tasks or 1, 1, 1000), t.split or "test"
  check.list(OWNER, "steps", t.steps, "integer")
  check.range(OWNER, "the number of steps", #t.steps, 1, 4) -- as many as there are blues
  if type(t.domain) ~= "table" or type(t.domain.tasks) ~= "function" then
    check.fail("%s: domain must be one that nudge.domains.NAME{...} or nudge.domain{...} made",
      OWNER)
  end
  local p <close> = problem { learner = t.learner, inner = t.inner, seed = t.seed, dtype = t.dtype,
    tasks = t.domain:tasks(split, 1, n, { eval_grid = t.grid }) }
  if t.theta then
    p:set_theta(t.theta)
  end
  local path, learned, panels = p:adapt { steps = t.steps }, t.domain:tasks(split, 1, n), {}
  local inputs, targets = array_of(learned, "learn.inputs"), array_of(learned, "learn.targets")
  for i = 1, n do
    local series = { { x = t.grid, y = t.domain:truth(split, i, t.grid), label = t.domain.name,
      color = "vermilion", dashed = true } }
    for k, steps in ipairs(t.steps) do
      series[#series + 1] = { x = t.grid, points = false,
        y = numbers(p:predict(path.phi[k]), i, n, "what is learned"),
        label = "after " .. steps .. " steps", color = "blue" .. (k == #t.steps and 4 or k) }
    end
    series[#series + 1] = { x = numbers(inputs, i, n, "learn.inputs"), points = true,
      y = numbers(targets, i, n, "learn.targets"), label = "learned from", color = "black" }
    panels[i] = { series = series, yrange = t.yrange }
  end
  return panels
end
