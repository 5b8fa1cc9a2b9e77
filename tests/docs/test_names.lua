-- SPDX-License-Identifier: MIT
-- docs/lua.md names everything that a script can call, and nothing else.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
package.path = here .. "../lua/?.lua;" .. package.path
local nudge = require "nudge"
local library = require "nudge.doc.library"
local problems = require "problems"
local tap = require "tap"

local page = tap.read(here .. "../../docs/lua.md"):gsub("nudge%.db", "") -- a file

local function each_method(object, pattern, what)
  local found = 0
  for name in page:gmatch(pattern) do
    tap.is(type(object[name]), "function", what .. ":" .. name)
    found = found + 1
  end
  tap.ok(found > 0, what)
end

tap.test("every name of the page is there", function()
  for path in page:gmatch "[^/]nudge%.([%w_.]+)" do
    local value = nudge
    for name in path:gsub("%.$", ""):gmatch "[%w_]+" do
      value = value[name]
      tap.ok(value ~= nil, "nudge." .. path)
    end
  end
end)

tap.test("every function is on the page", function()
  for name, value in pairs(nudge) do
    if type(value) == "table" then
      for field in pairs(value) do
        tap.ok(page:find("nudge." .. name .. "." .. field, 1, true), name .. "." .. field)
      end
    else
      tap.ok(page:find("nudge%." .. name .. "%f[^%w_]"), name)
    end
  end
end)

tap.test("every method of the page is there", function()
  local p <close> = problems.scalar()
  local study = nudge.gradient_error { problem = p, rules = { nudge.rule "implicit" } }
  each_method(p, "problem:([%w_]+)", "problem")
  each_method(study, "study:([%w_]+)", "study")
  each_method(nudge.zeros(2), "%f[%w]a:([%w_]+)", "array")
  each_method(nudge.domains.sinusoid(), "%f[%w]d:([%w_]+)", "domain")
  each_method(nudge.figure { panels = { { series = { { x = { 1 }, y = { 1 } } } } } },
    "%f[%w]f:([%w_]+)", "figure")
  each_method(nudge.rows { columns = { "a" }, rows = {} }, "%f[%w]t:([%w_]+)", "rows")
  each_method(nudge.comparison { methods = { { label = "a" } }, seeds = 1,
    run = function() return {} end }, "%f[%w]c:([%w_]+)", "comparison")
  each_method(nudge.earlier("", {}), "%f[%w]e:([%w_]+)", "earlier")
  each_method(nudge.random(1), "%f[%w]r:([%w_]+)", "random")
  each_method(require "nudge.meta_train.result", "result:([%w_]+)", "result")
  each_method(require("nudge.store").methods, "store:([%w_]+)", "store")
  local o <close> = nudge.outer { problem = p, lr = 1 }
  each_method(o, "%f[%w]o:([%w_]+)", "outer")
  tap.ok(study.rows and study.exact, "rows and exact")
end)

-- `nudge.rows { columns, rows }`: all fields that a function takes, with their marks; an ellipsis
-- stands for more. The annotations know them.
tap.test("fields of calls are those of the annotations", function()
  local model, found = library.read(), 0
  for name, list in page:gmatch "`nudge%.([%w_.]+) { ([^`]*) }`" do
    local f = model.functions["nudge." .. name]
    local class = f and f.params[1] and model.classes[f.params[1].type.name]
    if class and class.name:find "^nudge%.given%." then
      local fields, n = {}, 0
      for _, field in ipairs(library.fields(model, class)) do
        fields[field.name .. (field.optional and "?" or "")] = true
        n = n + 1
      end
      for word in list:gmatch "[%w_]+%??" do
        tap.ok(fields[word], "nudge." .. name .. " { " .. word)
        n = n - 1
      end
      tap.ok(n == 0 or list:find "…", "every field of nudge." .. name)
      found = found + 1
    end
  end
  tap.ok(found > 15, "calls with fields")
end)

tap.done()
