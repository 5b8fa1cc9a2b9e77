-- SPDX-License-Identifier: MIT
-- What nudge.meta_train gives: curves, the best theta and the test, as text and as files.
local check = require "nudge.check"
local output = require "nudge.output"
local text = require "nudge.text"

local training = {}
training.__index = training
training.__name = "nudge.training"

local MAX_ROWS = 12 -- of a curve in the text

-- An empty result. made_of: learner, rule, domain, inner, outer, sizes.
function training.new(name, made_of)
  return setmetatable({
    name = name, made_of = made_of, steps = {}, validation = {},
    cost = { gradient_evaluations = 0, seconds = 0, evaluation_seconds = 0 },
  }, training)
end

local number, aligned = text.number, text.aligned

local function heading(r)
  local m = r.made_of
  local inner, outer = m.inner, m.outer
  local clip = outer.clip_norm < math.huge and ", clip_norm " .. number(outer.clip_norm) or ""
  clip = clip .. (outer.clip_value < math.huge and ", clip_value " .. number(outer.clip_value)
    or "")
  local plan = type(outer.schedule) == "table" and outer.schedule.kind
    or type(outer.schedule) == "function" and "own" or outer.schedule
  return string.format("%s\n  domain   %s; %d tasks per meta-step, %d of %d meta-steps%s\n"
    .. "  learner  %s, %d phi, %d theta; %s, lr %s, %d steps; %s\n"
    .. "  rule     %s; outer %s, lr %s, schedule %s%s", r.name, m.domain, m.meta_batch, #r.steps,
    m.steps, r.stopped and " (stopped by " .. r.stopped .. ")" or "", m.learner:id(), m.n_phi,
    m.n_theta, inner.optimizer, number(inner.lr), inner.steps, m.dtype, m.rule:id(),
    outer.optimizer, number(outer.lr), plan, clip)
end

local function total(rows, name)
  local sum, where = 0, 0
  for _, row in ipairs(rows) do
    local n = row[name] == true and 1 or tonumber(row[name]) or 0
    sum, where = sum + n, where + (n > 0 and 1 or 0)
  end
  return sum, where
end

-- What happened on the way and must not go unseen.
local function notes(r)
  local lines = {}
  local function note(format, rows, name)
    local sum, where = total(rows, name)
    if sum > 0 then
      lines[#lines + 1] = "  " .. string.format(format, sum, where)
    end
  end
  note("WARNING  %d tasks diverged or were refused and are left out, in %d meta-steps", r.steps,
    "diverged")
  note("WARNING  %d tasks diverged in validation and are left out, in %d validations",
    r.validation, "diverged")
  if r.test and #r.test.diverged > 0 then
    lines[#lines + 1] = string.format("  WARNING  %d of %d test tasks diverged and are left out",
      #r.test.diverged, r.test.tasks)
  end
  note("%d estimates with a soft status were accepted, in %d meta-steps", r.steps, "softly")
  note("clip_norm shortened the gradient in %d meta-steps", r.steps, "norm_clipped")
  note("clip_value cut %d elements of the gradient, in %d meta-steps", r.steps, "clipped")
  note("constraints moved %d elements of theta, in %d meta-steps", r.steps, "projected")
  return lines
end

-- About MAX_ROWS rows of a curve, the last among them.
local function thinned(rows)
  local stride, out = math.max(1, math.ceil((#rows - 1) / (MAX_ROWS - 1))), {}
  for i, row in ipairs(rows) do
    if (#rows - i) % stride == 0 then
      out[#out + 1] = row
    end
  end
  return out
end

local function curve(rows, columns)
  local header, out = {}, {}
  for i, column in ipairs(columns) do
    header[i] = column[2]
  end
  out[1] = header
  for _, row in ipairs(rows) do
    local cells = {}
    for i, column in ipairs(columns) do
      cells[i] = number(row[column[1]], "%.4g")
    end
    out[#out + 1] = cells
  end
  return aligned(out)
end

-- Columns of judged data that a row has.
local function add_judged(columns, names, row)
  for _, name in ipairs(names) do
    if row and row[name] then
      columns[#columns + 1] = { name, (name:gsub("_", " ")) }
    end
  end
  return columns
end

local function losses(first, rows, judged)
  local columns = { first, { "learn_loss", "learn loss" }, { "eval_loss", "eval loss" },
    { "eval_loss_error", "standard error" } }
  if rows[1] and rows[1].eval_accuracy then
    columns[#columns + 1] = { "eval_accuracy", "accuracy" }
  end
  return add_judged(columns, judged, rows[1])
end

local function step_columns(row, judged)
  local out = { { "step", "meta-step" }, { "gradient_norm", "gradient norm" },
    { "update_norm", "step of theta" }, { "factor", "schedule" }, { "tasks", "tasks" },
    { "gradient_evaluations", "gradients" } }
  if row.learn_loss then
    table.insert(out, 2, { "learn_loss", "learn loss" })
    table.insert(out, 3, { "eval_loss", "eval loss" })
  end
  if row.eval_accuracy then
    table.insert(out, 4, { "eval_accuracy", "accuracy" })
  end
  return add_judged(out, judged, row)
end

function training:table()
  local out = { heading(self) }
  out[#out + 1] = string.format("  cost     %s inner gradient evaluations per task; %.1f s, and "
    .. "%.1f s for validation and test", number(self.cost.gradient_evaluations, "%.1f"),
    self.cost.seconds, self.cost.evaluation_seconds)
  local lines = notes(self)
  table.move(lines, 1, #lines, #out + 1, out)
  if #self.steps > 0 then
    out[#out + 1] = "\n" .. curve(thinned(self.steps), step_columns(self.steps[1],
      self.made_of.judged))
  end
  if #self.validation > 0 then
    local rows = self.validation
    out[#out + 1] = string.format("\n  validation: %d tasks after %d inner steps; best at "
      .. "meta-step %d", rows[1].tasks + rows[1].diverged, rows[1].inner_steps, self.best.step)
    out[#out + 1] = curve(thinned(rows), losses({ "step", "meta-step" }, rows,
      self.made_of.judged))
  end
  if self.test then
    out[#out + 1] = string.format("\n  test: %d tasks with the theta of meta-step %d",
      self.test.tasks, self.test.step)
    out[#out + 1] = curve(self.test.rows, losses({ "inner_steps", "inner steps" },
      self.test.rows, self.made_of.judged))
  end
  return table.concat(out, "\n") .. "\n"
end

local columns = {
  "part", "step", "inner_steps", "task", "learn_loss", "learn_loss_error", "eval_loss",
  "eval_loss_error", "eval_accuracy", "eval_accuracy_error", "gradient_norm", "update_norm",
  "factor", "tasks", "diverged", "softly", "norm_clipped", "clipped", "projected",
  "gradient_evaluations", "seconds",
}

local function labelled(part, step, row)
  local out = { part = part, step = step }
  for name, value in pairs(row) do
    out[name] = value
  end
  return out
end

-- Every row of every curve, and the losses of every test task.
local function csv_rows(r)
  local rows = {}
  for _, row in ipairs(r.steps) do
    rows[#rows + 1] = labelled("train", row.step, row)
  end
  for _, row in ipairs(r.validation) do
    for _, one in ipairs(row.adaptation or { row }) do
      local labels = labelled("validation", row.step, one)
      labels.gradient_evaluations, labels.seconds = row.gradient_evaluations, row.seconds
      rows[#rows + 1] = labels
    end
  end
  local test = r.test
  for _, row in ipairs(test and test.rows or {}) do
    rows[#rows + 1] = labelled("test", test.step, row)
  end
  for k, steps in ipairs(test and test.steps or {}) do
    for t = 1, test.tasks do
      rows[#rows + 1] = { part = "test task", step = test.step, inner_steps = steps, task = t,
        learn_loss = test.learn_loss:get(k, t), eval_loss = test.eval_loss:get(k, t),
        eval_accuracy = test.eval_accuracy and test.eval_accuracy:get(k, t) }
    end
  end
  return rows
end

local function check_path(what, path)
  if type(path) ~= "string" or path == "" then
    check.fail("%s: a path is wanted, got %s", what, path == "" and "''" or check.type_of(path))
  end
  return path
end

-- Everything that is a curve or a loss as one CSV file; `part` says what a row belongs to.
function training:csv(path)
  local all = table.move(columns, 1, #columns, 1, {})
  for _, name in ipairs(self.made_of.judged) do
    table.insert(all, name)
    table.insert(all, name .. "_error")
  end
  output.write(check_path("csv", path), text.csv(all, csv_rows(self)), "csv")
  return self
end

-- Values that a file can hold: numbers, texts, tables of them, arrays as lists.
local function plain(value)
  if type(value) == "table" then
    local out = {}
    for key, element in pairs(value) do
      out[key] = plain(element)
    end
    return out
  elseif check.type_of(value) == "nudge.array" then
    return value:totable()
  elseif type(value) == "function" or type(value) == "userdata" then
    return nil
  end
  return value
end

-- Settings, curves, theta and the test as JSON.
function training:json(path)
  local m = self.made_of
  local out = plain {
    name = self.name, domain = m.domain, learner = m.learner:id(),
    learner_options = m.learner:options(), rule = m.rule:id(), rule_options = m.rule:options(),
    inner = m.inner, outer = m.outer, dtype = m.dtype, seed = m.seed, n_phi = m.n_phi,
    n_theta = m.n_theta, meta_batch = m.meta_batch, meta_steps = m.steps, groups = m.groups,
    stopped = self.stopped, cost = self.cost, steps = self.steps, validation = self.validation,
    test = self.test, best = self.best, theta = self.theta,
  }
  output.write(check_path("json", path), text.json(out) .. "\n", "json")
  return self
end

function training:__tostring()
  return string.format("nudge.training %s, %d meta-steps", self.name, #self.steps)
end

return training
