-- SPDX-License-Identifier: MIT
-- Annotated fields are those that functions take, of the same types, required where they are, with
-- the same choices: what nudge.check is asked at run time is held against the annotations.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local check = require "nudge.check"
local core = require "nudge.core"
local library = require "nudge.doc.library"
local problems = require "problems"
local tap = require "tap"

local model = library.read()

-- Who asks, as a pattern of the owner in messages, and the class that says so; functions that ask
-- in their own name are added below. `only`: part of its fields, where what is given decides which.
local asked = {
  { "nudge%.problem: inner", "nudge.given.inner" },
  { "nudge%.gradient_error: rules%[1%]", "nudge.given.study_rule", renamed = { rule = "[1]" } },
  { "nudge%.meta_train: outer", "nudge.given.meta_outer" },
  { "nudge%.meta_train: outer: schedule", "nudge.given.schedule", only = true,
    optional = { every = true, factor = true } },
  { "nudge%.meta_train: validation", "nudge.given.validation" },
  { "nudge%.meta_train: test", "nudge.given.test" },
  { "nudge%.tasks%.arrays: .+", "nudge.given.task_array" },
  { "nudge%.comparison: bands", "nudge.given.bands" },
  { "nudge%.summary: column 1", "nudge.given.summary_column" },
  { "nudge%.rows: column 1", "nudge.given.column" },
  { "nudge%.figure: panel 1", "nudge.Panel", optional = { series = true } },
  { "nudge%.figure: panel 2 with an image", "nudge.Panel", only = true,
    optional = { image = true } },
  { "nudge%.figure: panel 1, series 1.*", "nudge.Series" },
  { "nudge%.figure: panel 1, verticals, line 1", "nudge.Line" },
  { "setting rate", "nudge.given.setting", only = true },
  { "store:runs", "nudge.given.runs" },
  { "store:rows", "nudge.given.stored_rows" },
  { "problem:relax", "nudge.given.relax" },
  { "problem:evaluate", "nudge.given.evaluate" },
  { "problem:solve", "nudge.given.solve" },
  { "problem:step_transposed", "nudge.given.step_transposed" },
}

-- What each owner asked for: { fields, choices }.
local seen = {}
local function of(owner)
  seen[owner] = seen[owner] or { choices = {} }
  return seen[owner]
end
local fields, choice = check.fields, check.choice
function check.fields(owner, given, allowed)
  of(owner).fields = allowed
  return fields(owner, given, allowed)
end
function check.choice(owner, name, value, choices)
  of(owner).choices[name] = choices
  return choice(owner, name, value, choices)
end

-- Calls with as much as it takes to come to every question.
local function ask()
  local inner = { lr = 0.1, steps = 2 }
  local learner = nudge.learner("complex_synapse", { layers = { 1, 2, 1 }, loss = "mse",
    meta = "omega", start_at_omega = true })
  local domain = nudge.domains.sinusoid {}
  local x = nudge.array { { 1 }, { 2 }, { 3 }, { 4 } }
  local p <close> = problems.scalar()
  pcall(nudge.settings, { rate = { 1, min = 0 } })
  nudge.meta_train { learner = learner, domain = domain, inner = inner, rule = nudge.rule "fomaml",
    outer = { lr = 0.1, schedule = { kind = "step", every = 1, factor = 0.5 } }, steps = 1,
    meta_batch = 1, validation = { every = 1, tasks = 1 }, test = { tasks = 1 },
    accept = { "not_converged" } }
  nudge.gradient_error { problem = p, rules = { { nudge.rule "implicit" } } }
  nudge.domains.fixed { tasks = nudge.tasks.arrays { x = { values = x } } }
  local c = nudge.comparison { methods = { { label = "a" } }, seeds = 1,
    run = function() return { x = { 1 }, y = { 1 } } end }
  nudge.summary { comparisons = { c }, columns = { "label" } }
  nudge.figure { panels = {
    { series = c:bands { x = "x", y = "y" }, verticals = { { x = 1 } } }, { image = x } } }
  local Store = require("nudge.store").methods
  pcall(Store.runs, {}, { status = "done" })
  pcall(Store.rows, {}, 1, "a", {})
  for _, name in ipairs { "relax", "evaluate", "solve", "step_transposed" } do
    pcall(core.estimate_methods()[name], nil, {})
  end
end
ask()

-- Functions that take one table ask about it first of all.
for name, f in pairs(model.functions) do
  local t = f.params[1] and f.params[1].type
  if t and not f.method and t.kind == "name" and t.name:find "^nudge%.given%."
    and name ~= "nudge.tasks.arrays" then
    local value = nudge
    for part in name:gsub("^nudge%.", ""):gmatch "[^.]+" do
      value = value[part]
    end
    pcall(value, {})
    pcall(value, { fallback = function() return {} end }) -- of data that are not there
    asked[#asked + 1] = { name:gsub("%.", "%%."), t.name }
  end
end

-- Kinds of values, as nudge.check knows them, that a type allows: { kind = true }.
local userdata = { ["nudge.Array"] = "nudge.array", ["nudge.Learner"] = "nudge.learner",
  ["nudge.Rule"] = "nudge.rule", ["nudge.Problem"] = "nudge.problem",
  ["nudge.Vector"] = "nudge.vector", ["nudge.Node"] = "nudge.node" }
local plain = { string = true, integer = true, number = true, boolean = true, table = true,
  ["function"] = true, any = true }

local function add_kinds(t, out)
  if t.kind == "name" then
    out[userdata[t.name] or plain[t.name] and t.name or "table"] = true
  elseif t.kind == "literal" then
    out[t.text:find '^"' and "string" or "number"] = true
  elseif t.kind == "fun" then
    out["function"] = true
  elseif t.kind == "list" or t.kind == "table" then
    out.table = true
  else
    for _, part in ipairs(t.parts or { t.inner }) do
      add_kinds(part, out)
    end
  end
  return out
end

local function sorted(set)
  local out = {}
  for name in pairs(set) do
    out[#out + 1] = name
  end
  table.sort(out)
  return table.concat(out, "|")
end

local function kinds_asked(wanted)
  local out = {}
  for kind in wanted:gsub("^!", ""):gmatch "[^|]+" do
    out[kind] = true
  end
  return out
end

-- The literals of a type, if it has any.
local function literals_of(t, out)
  if t.kind == "literal" then
    out[t.text:match '^"(.*)"$' or t.text] = true
  end
  for _, part in ipairs(t.parts or { t.inner }) do
    literals_of(part, out)
  end
  return out
end

local function check_field(entry, class, name, wanted, field)
  local what = class.name .. ", field " .. name
  local required = wanted:sub(1, 1) == "!" and not (entry.optional or {})[name]
  if name:sub(1, 1) ~= "[" then
    tap.is(not field.optional, required, what .. ": it is required")
  end
  local is, says = kinds_asked(wanted), add_kinds(field.type, {})
  if is.number and says.integer then -- the engine reads a whole one
    is.number, is.integer = says.number, true
  end
  if not is.any then -- else the function checks by itself
    tap.is(sorted(says), sorted(is), what .. ": types")
  end
end

local function check_choices(class, field, choices)
  local set = {}
  for _, one in ipairs(choices) do
    set[tostring(one)] = true
  end
  tap.is(sorted(literals_of(field.type, {})), sorted(set),
    class.name .. ", choices of " .. field.name)
end

local covered = {}
for _, entry in ipairs(asked) do
  local pattern, name = entry[1], entry[2]
  tap.test(name .. " for " .. pattern:gsub("%%", ""), function()
    local class, found = model.classes[name], nil
    local by_name = {}
    for _, field in ipairs(library.fields(model, class)) do
      by_name[field.name] = field
    end
    for owner, questions in pairs(seen) do
      if owner:find("^" .. pattern .. "$") and questions.fields then
        found, covered[owner] = true, true
        local left = table.move(library.fields(model, class), 1, 1000, 1, {})
        for asked_name, wanted in pairs(questions.fields) do
          local shown = (entry.renamed or {})[asked_name] or asked_name
          tap.ok(by_name[shown], name .. ": annotation of field " .. shown)
          check_field(entry, class, shown, wanted, by_name[shown])
        end
        local n_asked = 0
        for _ in pairs(questions.fields) do
          n_asked = n_asked + 1
        end
        tap.ok(entry.only or n_asked == #left, name .. ": it has a field that is not taken; equal")
        for field, choices in pairs(questions.choices) do
          if by_name[field] and field ~= "schedule" then
            check_choices(class, by_name[field], choices)
          end
        end
      end
    end
    tap.ok(found, "a question by " .. pattern)
  end)
end

tap.test("every question of a function belongs to a class", function()
  for owner, questions in pairs(seen) do
    local known = covered[owner] or not questions.fields or owner:find "^domain " -- a method's
    for _, entry in ipairs(asked) do -- the second series of a panel, say
      known = known or owner:find("^" .. entry[1]:gsub("1", "%%d+") .. "$") ~= nil
    end
    tap.ok(known, "a class for what is given to " .. owner)
  end
end)

-- Functions in C read the fields of their table one by one.
for name, call in pairs {
  learn = function(p, t) p:learn(t) end,
  adapt = function(p, t) p:adapt(t) end,
  estimate = function(p, t) p:estimate(nudge.rule "implicit", t) end,
  exact = function(p, t) p:exact(t) end,
} do
  tap.test("fields that problem:" .. name .. " reads", function()
    local p <close> = problems.scalar()
    local read, wanted = { soft = true }, {} -- which some read only where it matters
    call(p, setmetatable({}, { __index = function(_, field)
      read[field] = true
      return field == "steps" and { 1 } or nil
    end }))
    local params = model.functions["nudge.Problem:" .. name].params
    local t = params[#params].type
    for _, field in ipairs(t.fields or library.fields(model, model.classes[t.name])) do
      wanted[field.name] = true
    end
    tap.is(sorted(read), sorted(wanted), name)
  end)
end

-- Values filled in for what a script leaves out, against "(default: 0.9)" of the annotations.
local function check_defaults(class_name, values)
  local found = 0
  for _, field in ipairs(library.fields(model, model.classes[class_name])) do
    local said = field.doc:match "%(default: `?([%w_.%-]+)"
    local value = values[field.name]
    if said and value ~= nil and value ~= math.huge then
      tap.is(tonumber(said) or said, tonumber(value) or tostring(value),
        class_name .. ", default of " .. field.name)
      found = found + 1
    end
  end
  return found
end

tap.test("defaults of the optimisers are those that are said", function()
  local result = nudge.meta_train { learner = nudge.learner("quadratic", { form = "ridge" }),
    domain = nudge.domains.linear {}, inner = { lr = 0.1, steps = 1 }, steps = 0, meta_batch = 1,
    rule = nudge.rule "implicit", outer = { lr = 0.1 } }
  tap.ok(check_defaults("nudge.given.inner", result.made_of.inner) >= 6, "defaults of inner")
  tap.ok(check_defaults("nudge.given.meta_outer", result.made_of.outer) >= 6, "defaults of outer")
end)

tap.test("every class of given fields is held against a function", function()
  local without = { ["nudge.given.tasks"] = true, -- tables that nudge makes
    ["nudge.given.outer_fields"] = true, ["nudge.given.regression_domain"] = true, -- parents
    ["nudge.given.adapt"] = true, ["nudge.given.exact"] = true } -- of C functions
  for _, entry in ipairs(asked) do
    without[entry[2]] = true
  end
  local left = {}
  for name in pairs(model.classes) do
    left[name] = name:find "^nudge%.given%." and not without[name] or nil
  end
  tap.is(sorted(left), "", "classes that this test does not know")
end)

tap.done()
