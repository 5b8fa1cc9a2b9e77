-- SPDX-License-Identifier: MIT
-- The annotations name everything that the API has, and nothing else; parameters have the names
-- that functions give them.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local annotations = require "nudge.doc.annotations"
local components = require "nudge.doc.components"
local core = require "nudge.core"
local library = require "nudge.doc.library"
local luacats = require "nudge.doc.luacats"
local result = require "nudge.meta_train.result"
local study = require "nudge.study"
local tap = require "tap"

local model = library.read()

-- The methods of a userdata type stand behind its __index, a table or a closure over one.
local function methods_of(type_name)
  local index = debug.getregistry()[type_name].__index
  if type(index) == "function" then
    index = select(2, debug.getupvalue(index, 1))
  end
  return index
end

local function without(members, others)
  local out = {}
  for name, member in pairs(members) do
    out[name] = not others[name] and member or nil
  end
  return out
end

local function index_of(object)
  return getmetatable(object).__index
end

-- What there is at run time, by the class that annotates it. Tables of functions in the module
-- `nudge` are found by themselves.
local owners = {
  ["nudge"] = nudge,
  ["nudge.Array"] = methods_of "nudge.array",
  ["nudge.Random"] = methods_of "nudge.random",
  ["nudge.Problem"] = methods_of "nudge.problem",
  ["nudge.Outer"] = methods_of "nudge.outer",
  ["nudge.Component"] = methods_of "nudge.learner",
  ["nudge.Rule"] = without(methods_of "nudge.rule", methods_of "nudge.learner"),
  ["nudge.Study"] = { table = study.table, csv = study.csv, json = study.json, plot = study.plot },
  ["nudge.Training"] = { table = result.table, csv = result.csv, json = result.json },
  ["nudge.Earlier"] = index_of(nudge.earlier("", {})),
  ["nudge.Store"] = require("nudge.store").methods,
  ["nudge.Figure"] = index_of(nudge.figure { panels = { { image = nudge.zeros(2, 2) } } }),
  ["nudge.Rows"] = index_of(nudge.rows { columns = { "a" }, rows = {} }),
  ["nudge.Comparison"] = index_of(nudge.comparison { methods = { { label = "a" } }, seeds = 1,
    run = function() return {} end }),
  ["nudge.Vector"] = methods_of "nudge.vector",
  ["nudge.Estimate"] = methods_of "nudge.estimate",
  ["nudge.Domain"] = index_of(nudge.domains.sinusoid()),
}
for name, value in pairs(nudge) do
  if type(value) == "table" then
    owners["nudge." .. name] = value
  end
end

tap.test("annotations are well-formed and complete", function()
  tap.is(table.concat(library.check(model), "\n"), "")
end)

for owner, members in pairs(owners) do
  tap.test("functions of " .. owner, function()
    tap.ok(model.classes[owner], "class " .. owner)
    for name, member in pairs(members) do
      if type(member) == "function" and name:sub(1, 2) ~= "__" then
        tap.ok(model.functions[owner .. "." .. name] or model.functions[owner .. ":" .. name],
          "annotation of " .. owner .. " " .. name)
      end
    end
  end)
end

tap.test("every annotated function is there, with the parameters that it has", function()
  for name, f in pairs(model.functions) do
    local member = owners[f.owner] and owners[f.owner][f.short]
    tap.is(type(member), "function", name)
    local info = debug.getinfo(member, "Su")
    local skip = f.method and 1 or 0 -- self
    if info.what == "Lua" then
      tap.is(#f.params + skip, info.nparams, "number of parameters of " .. name)
      for i, param in ipairs(f.params) do
        tap.is(param.name, debug.getlocal(member, i + skip), "parameter " .. i .. " of " .. name)
      end
    end
  end
end)

tap.test("every operation of a node is annotated, and nothing else", function()
  local fields, there = { shape = true, classes = true }, core.node_methods()
  for _, field in ipairs(model.classes["nudge.Node"].fields) do
    tap.ok(there[field.name] or fields[field.name], field.name)
    fields[field.name] = true
  end
  for name in pairs(there) do
    tap.ok(fields[name], name)
  end
end)

tap.test("a rule has every method of a component", function()
  tap.is(next(without(methods_of "nudge.learner", methods_of "nudge.rule")), nil)
end)

tap.test("every file of annotations is read", function()
  local topics = { options = true }
  for _, name in ipairs(library.topics) do
    topics[name] = true
  end
  for _, file in ipairs(core.list_folder(library.folder)) do
    tap.ok(topics[file:match "^(.*)%.lua$"], "a topic for lua/meta/" .. file)
    tap.ok(loadfile(library.folder .. file), file .. " is Lua; it")
  end
end)

tap.test("annotations of options are annotations", function()
  local text = luacats.write(components.list())
  local read = annotations.read(text, "options.lua")
  local classes = {}
  for _, class in ipairs(read.classes) do
    classes[class.name] = class
  end
  for _, c in ipairs(components.list()) do
    local class = classes["nudge.options." .. c.id]
    tap.is(#class.fields, #c.options, c.id)
    for i, option in ipairs(c.options) do
      tap.is(class.fields[i].name, option.name)
      tap.is(not class.fields[i].optional, option.required, option.name)
    end
  end
  tap.is(#read.functions, 2)
  tap.is(#read.functions[1].overloads + #read.functions[2].overloads, #components.list())
  tap.ok(load(text), "it is Lua")
end)

tap.done()
