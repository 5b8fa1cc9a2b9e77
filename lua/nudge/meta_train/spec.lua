-- SPDX-License-Identifier: MIT
-- What a script says about a meta-training: checked, with defaults filled in.
local check = require "nudge.check"
local judged = require "nudge.meta_train.judged"
local outer = require "nudge.outer"
local schedule = require "nudge.meta_train.schedule"
local workbench = require "nudge.meta_train.workbench"

local spec = {}

local OWNER = "nudge.meta_train"

local fields = {
  name = "string", learner = "!nudge.learner", domain = "!any", inner = "!table",
  rule = "!nudge.rule", outer = "!table", steps = "!integer", meta_batch = "!integer",
  parts = "integer", dtype = "string", seed = "integer", theta = "nudge.array",
  validation = "table", test = "table", losses = "boolean", on_divergence = "string",
  accept = "table", on_step = "function", judge = "table",
}
local outer_fields = { schedule = "string|table|function" }
for name, kind in pairs(outer.fields) do
  outer_fields[name] = kind
end
local evaluation_fields = {
  validation = { every = "!integer", tasks = "!integer", steps = "integer|table" },
  test = { tasks = "!integer", steps = "integer|table" },
}

-- Tasks in each part of a meta-batch.
local function part_sizes(meta_batch, parts)
  local sizes = {}
  for i = 1, parts do
    sizes[i] = meta_batch // parts + (i <= meta_batch % parts and 1 or 0)
  end
  return sizes
end

local function check_evaluation(t, name, default)
  local owner = OWNER .. ": " .. name
  local e = check.fields(owner, t[name], evaluation_fields[name])
  check.range(owner, "tasks", e.tasks, 1, math.maxinteger)
  check.range(owner, "every", e.every or 1, 1, math.maxinteger)
  e.steps = workbench.step_numbers(owner, "steps", e.steps, default)
  return e
end

-- What does not need the inner optimiser, which nudge.problem checks.
function spec.check(given)
  local t = check.fields(OWNER, given, fields)
  local domain = t.domain
  if type(domain) ~= "table" or type(domain.tasks) ~= "function"
    or type(domain.name) ~= "string" then
    check.fail("%s: domain must be one that nudge.domains.NAME{...} or nudge.domain{...} made, "
      .. "got %s", OWNER, check.type_of(domain))
  end
  check.range(OWNER, "steps", t.steps, 0, math.maxinteger)
  check.range(OWNER, "meta_batch", t.meta_batch, 1, math.maxinteger)
  t.part_sizes = part_sizes(t.meta_batch,
    check.range(OWNER, "parts", t.parts or 1, 1, t.meta_batch))
  t.on_divergence = check.choice(OWNER, "on_divergence", t.on_divergence or "stop",
    { "stop", "skip" })
  t.accepted = {}
  for _, status in ipairs(check.list(OWNER, "accept", t.accept or {}, "string")) do
    t.accepted[check.choice(OWNER, "accept", status, { "not_converged", "past_radius" })] = true
  end
  if t.judge and t.losses == false then
    check.fail("%s: judge looks at what meta-steps learn; remove losses = false", OWNER)
  end
  t.judge = t.judge and judged.check(t.judge)
  t.losses = t.losses or t.judge ~= nil
  t.outer = outer.check(OWNER .. ": outer", t.outer, outer_fields)
  t.outer.schedule = t.outer.schedule or "constant"
  t.factor = schedule.of(OWNER .. ": outer", t.outer.schedule, t.steps)
  t.name = check.name(OWNER, "name", t.name or t.domain.name)
  return t
end

-- The rest, once the number of inner steps is known to be one.
function spec.check_evaluations(t, inner_steps)
  t.inner_steps = inner_steps
  t.validation = t.validation and check_evaluation(t, "validation", { inner_steps })
  t.test = t.test and check_evaluation(t, "test",
    inner_steps > 0 and { 0, inner_steps } or { 0 })
end

return spec
