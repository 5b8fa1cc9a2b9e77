-- SPDX-License-Identifier: MIT
-- The annotations for editors name everything that the API has, and nothing else.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local result = require "nudge.meta_train.result"
local study = require "nudge.study"
local tap = require "tap"

local library = debug.getinfo(nudge.settings, "S").source:match "^@(.*/)nudge/"
local text = ""
for _, name in ipairs { "nudge", "few_shot", "comparison", "figures", "store" } do
  local file = tap.read(library .. "meta/" .. name .. ".lua")
  text = text .. file
  tap.test(name .. ".lua is Lua", function()
    tap.ok(load(file), name)
    tap.is(file:match "\n[^\n]*%S[^\n]*%-%-%-@", nil, "an annotation within a line")
  end)
end

-- Names declared as `function owner.name(` or `function owner:name(`.
local function declared(owner)
  local names = {}
  for name in text:gmatch("\nfunction " .. owner .. "[.:]([%w_]+)%(") do
    names[name] = true
  end
  return names
end

local function without(members, others)
  local out = {}
  for name, member in pairs(members) do
    out[name] = not others[name] and member or nil
  end
  return out
end

local function check_same(owner, members, wanted_type)
  local names = declared(owner)
  for name, member in pairs(members) do
    if type(member) == wanted_type and name:sub(1, 2) ~= "__" then
      tap.ok(names[name], owner .. " " .. name .. " has no annotation; it")
      names[name] = nil
    end
  end
  tap.is(next(names), nil, "an annotation of " .. owner .. " that nothing has")
end

-- The methods of a userdata type stand behind its __index, a table or a closure over one.
local function methods_of(type_name)
  local index = debug.getregistry()[type_name].__index
  if type(index) == "function" then
    index = select(2, debug.getupvalue(index, 1))
  end
  return index
end

for owner, type_name in pairs { Array = "nudge.array", Random = "nudge.random",
  Problem = "nudge.problem", Outer = "nudge.outer", Component = "nudge.learner" } do
  tap.test("methods of " .. type_name, function()
    check_same(owner, methods_of(type_name), "function")
  end)
end

tap.test("what a rule has beyond a component", function()
  local component, rule = methods_of "nudge.learner", methods_of "nudge.rule"
  check_same("Rule", without(rule, component), "function")
  tap.is(next(without(component, rule)), nil, "a rule has every method of a component")
end)

tap.test("methods of a study", function()
  check_same("Study", { table = study.table, csv = study.csv, json = study.json,
    plot = study.plot }, "function")
end)

tap.test("methods of a result of meta-training", function()
  check_same("Training", { table = result.table, csv = result.csv, json = result.json },
    "function")
end)

for owner, members in pairs { nudge = nudge, npy = nudge.npy, data = nudge.data,
  tasks = nudge.tasks, domains = nudge.domains, store = nudge.store,
  Store = require("nudge.store").methods,
  Figure = getmetatable(nudge.figure { panels = { { series = { { x = { 1 }, y = { 1 } } } } } })
    .__index,
  Rows = getmetatable(nudge.rows { columns = { "a" }, rows = {} }).__index,
  Comparison = getmetatable(nudge.comparison { methods = { { label = "a" } }, seeds = 1,
    run = function() return {} end }).__index,
  Domain = getmetatable(nudge.domains.sinusoid()).__index } do
  tap.test("functions of " .. owner, function()
    check_same(owner, members, "function")
  end)
end

tap.done()
