-- SPDX-License-Identifier: MIT
-- The functions of a rule that a script defines.
local core = require "nudge.core"
local check = require "nudge.check"

local rule = {}

local short = {
  graph = "nudge.learner.graph/1", nudge = "nudge.learner.nudge/1",
  second_order = "nudge.learner.second-order/1", complex = "nudge.learner.complex/1",
  transposed_step = "nudge.learner.transposed-step/1",
  closed_form = "nudge.learner.closed-form/1", meta_start = "nudge.learner.meta-start/1",
}

-- Names of capabilities, short or whole.
function rule.needs(owner, given)
  local out = {}
  for i, name in ipairs(check.list(owner, "needs", given, "string")) do
    out[i] = short[name] or name
    if not out[i]:find "/" then
      check.fail("%s: needs '%s' is no capability; %s", owner, name,
        check.suggestion(name, check.sorted_keys(short)))
    end
  end
  return out
end

local optimizer = "string|table"
local requests = {
  relax = { start = "nudge.vector", into = "nudge.vector", state = "boolean",
    beta = "number|table", optimizer = optimizer, steps = "number", tolerance = "number",
    first_step = "number", growth = "string", record = "boolean", soft = "boolean" },
  evaluate = { phi = "!nudge.vector", loss = "string", beta = "number|table",
    want = "!string|table", direction = "nudge.vector", soft = "boolean" },
  solve = { phi = "!nudge.vector", rhs = "!nudge.vector", x = "nudge.vector", solver = "string",
    iterations = "number", tolerance = "number", damping = "number", alpha = "number",
    soft = "boolean" },
  step_transposed = { state = "!nudge.vector", step = "!number", adjoint = "!nudge.vector",
    theta_adjoint = "!nudge.vector", optimizer = optimizer, soft = "boolean" },
}
local optimizer_fields = { optimizer = "!string", lr = "number", momentum = "number",
  beta2 = "number", epsilon = "number" }

-- A misspelt field would be passed over: names are checked before the engine reads them.
local methods = core.estimate_methods()
for name, allowed in pairs(requests) do
  local ask = methods[name]
  methods[name] = function(problem, given)
    local q = check.fields("problem:" .. name, given == nil and {} or given, allowed)
    if type(q.optimizer) == "table" then
      check.fields("problem:" .. name .. ": optimizer", q.optimizer, optimizer_fields)
    end
    return ask(problem, q)
  end
end

local estimands = { "fixed_point", "unrolled", "biased" } -- as numbered in nudge/rule.h

-- What a rule says that it estimates, as the engine asks for it; a name is for all options.
local function estimand(given)
  local function number(name)
    check.choice("nudge.define_rule", "estimand", name, estimands)
    for i, known in ipairs(estimands) do
      if known == name then return i end
    end
  end
  if type(given) ~= "function" then
    local fixed = number(given)
    return function() return fixed end
  end
  return function(o)
    local name, details = given(o)
    details = check.fields("what estimand gives", details or {},
      { damping = "number", window = "number", steps = "number" })
    return number(name), details.damping, details.window, details.steps
  end
end

function rule.functions(given)
  return {
    estimate = function(problem, o)
      local gradient, record = given.estimate(problem, o)
      record = record and check.fields("the record that estimate gives", record, {
        residual = "number", stability_radius = "number", status = "string", note = "string" })
      return gradient, record
    end,
    truncation = given.truncation,
    estimand = given.estimand and estimand(given.estimand),
  }
end

return rule
