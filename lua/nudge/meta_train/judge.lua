-- SPDX-License-Identifier: MIT
-- What is not right ends a meta-training, unless its script has said otherwise: errors that name
-- the meta-step, the task and what to change.
local core = require "nudge.core"

local judge = {}

local REMEDY = "a smaller step size (inner.lr) or nudging strength (beta) would keep it finite"

-- An error of nudge, with where in the training it happened.
local function raise(code, text, where)
  local _, e = pcall(core.raise, code, text)
  for name, value in pairs(where) do
    e[name] = value
  end
  error(e, 0)
end

-- f(...), whose errors say when in the training they came.
function judge.during(step, what, f, ...)
  local good, result = pcall(f, ...)
  if not good then
    if type(result) == "table" and result.text then
      result.text = string.format("nudge.meta_train: %s: %s", what, result.text)
      result.step = step
    end
    error(result, 0)
  end
  return result
end

local function describe(run, split, diverged, n, note)
  local name = run.bench:task_name(split, diverged[1])
  local text = note
  if not note or note == "" then
    text = string.format("%s diverged; %s", name, REMEDY)
  elseif not note:find(name, 1, true) then
    text = string.format("%s: %s", name, note)
  end
  if #diverged == n then
    return n == 1 and text or string.format("none of %d tasks is left: %s", n, text)
  end
  if #diverged > 1 then
    text = string.format("%s (and %d more of %d tasks)", text, #diverged - 1, n)
  end
  return text .. "; on_divergence = 'skip' would leave such tasks out"
end

-- Some of n tasks have diverged or were refused; `diverged` lists their indices, `note` is about
-- the first. Where all have, nothing is left to go on with.
function judge.diverged(run, split, diverged, n, note, status)
  if #diverged > 0 and (run.on_divergence == "stop" or #diverged == n) then
    raise(status == "past_radius" and status or "diverged", describe(run, split, diverged, n, note),
      { domain = run.domain.name, split = split, task = diverged[1] })
  end
end

local soft = {
  { status = "past_radius", text = "%s is nudged past its stability radius; use a smaller beta" },
  { status = "not_converged", text = "%s stopped short of a tolerance; allow more steps or "
    .. "iterations, or a larger tolerance" },
}

-- Soft statuses of tasks that have an estimate, whatever became of others; the first is of index
-- `first`. True if there are some and the script accepts such estimates.
function judge.status(run, record, first)
  local softly = false
  for _, of in ipairs(soft) do
    local position = record[of.status][1]
    if position and not run.accepted[of.status] then
      local index = first + position - 1
      local text = record.status == of.status and record.note ~= "" and record.note
        or string.format(of.text, run.bench:task_name("train", index))
      raise(of.status, string.format("%s; accept = { '%s' } would go on with such estimates", text,
        of.status), { domain = run.domain.name, split = "train", task = index })
    end
    softly = softly or position ~= nil
  end
  return softly
end

return judge
