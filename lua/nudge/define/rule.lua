-- SPDX-License-Identifier: MIT
-- The functions of a rule that a script defines.
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

function rule.functions(owner, given)
  return {
    estimate = function(problem, o)
      local gradient, record = given.estimate(problem, o)
      record = record and check.fields(owner .. ": the record that estimate gives", record, {
        residual = "number", stability_radius = "number", status = "string", note = "string" })
      return gradient, record
    end,
    truncation = given.truncation,
  }
end

return rule
