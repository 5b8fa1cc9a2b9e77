-- SPDX-License-Identifier: MIT
-- The reader of annotations: what it reads, and that it passes over nothing.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local annotations = require "nudge.doc.annotations"
local headers = require "nudge.doc.headers"
local inline = require "nudge.doc.inline"
local library = require "nudge.doc.library"
local markdown = require "nudge.doc.markdown"
local page = require "nudge.doc.page"
local plain = require "nudge.doc.plain"
local roff = require "nudge.doc.roff"
local tap = require "tap"
local types = require "nudge.doc.types"

local HEAD = "---@meta\n-- SPDX\n-- A title.\n-- And more.\n\n"
local CLASS = HEAD .. "---What it is.\n---@class nudge.A\n---@field x integer\nlocal A = {}\n\n"

local function read(text)
  return annotations.read(text, "a.lua")
end

tap.test("types are written as they were", function()
  for _, text in ipairs { "integer", "nudge.Array|number[]", "string?", '"a"|"b"',
    "table<string, any>", "(string|integer)[]", "{ a: integer, b?: string, [string]: number }",
    "fun(a: nudge.A, b?: integer, ...: number): string, integer?", "integer[][]" } do
    local t, rest = types.parse(text .. " and words")
    tap.is(t.text, text)
    tap.is(rest, "and words")
  end
end)

tap.test("names of a type", function()
  local found = {}
  local t = types.parse "table<string, fun(a: nudge.A): nudge.B[]>|{ c: nudge.C, [nudge.D]: any }"
  types.each_name(t, function(name)
    found[#found + 1] = name
  end)
  table.sort(found)
  tap.is(table.concat(found, " "), "any nudge.A nudge.B nudge.C nudge.D string table")
end)

for text, message in pairs {
  ["{ a }"] = "':' is wanted", ["fun(a: integer"] = "',' or '%)'", ["table<string"] = "',' or '>'",
  ["|integer"] = "a type is wanted", ["nudge."] = "ends in '%.'", ["integer*"] = "should end",
} do
  tap.test("the type " .. text .. " is none", function()
    tap.raises(function()
      types.parse(text)
    end, message)
  end)
end

tap.test("a file is read", function()
  local out = read(CLASS .. "---Does it.\n---\n---Well.\n---@param a integer how many\n"
    .. "---@param ... string\n---@return integer n # so many\n---@return string?\n"
    .. "function A:f(a, ...) end\n")
  tap.is(out.title, "A title")
  tap.is(out.doc, "And more.")
  tap.is(out.classes[1].doc, "What it is.")
  tap.is(out.classes[1].fields[1].type.text, "integer")
  local f = out.functions[1]
  tap.is(f.name, "nudge.A:f")
  tap.is(f.doc, "Does it.\n\nWell.")
  tap.is(f.params[1].doc, "how many")
  tap.is(f.params[2].name, "...")
  tap.is(f.returns[1].name, "n")
  tap.is(f.returns[1].doc, "so many")
  tap.is(f.returns[2].name, nil)
end)

tap.test("a last line without an end counts", function()
  tap.is(#read(CLASS .. "---It.\nfunction A.f() end").functions, 1)
end)

for text, message in pairs {
  ["---@parm a integer\nfunction A.f(a) end\n"] = "a.lua:11: no annotation %-%-%-@parm",
  ["function A.f(a) end\n"] = "parameter a has no annotation",
  ["---@param b integer\nfunction A.f(a) end\n"] = "parameter 1 is a, annotated as b",
  ["---@param a integer\nfunction A.f() end\n"] = "has no parameter a",
  ["function B.f() end\n"] = "'B' is no class",
  ["---Words.\n\nfunction A.f() end\n"] = "above a line that is no function",
  ["---Words.\n"] = "belong to nothing",
  ["---@field x integer\n"] = "a field without a class",
  ["---@class nudge.B C\n"] = "a class is wanted",
  ["---@return integer some words\nfunction A.f() end\n"] = "a name is wanted",
  ["x = 1\n"] = "nothing but",
  ["-- words\n"] = "no annotation",
  ["local B = {} ---@class nudge.B\n"] = "within a line",
} do
  tap.test("refused: " .. text:gsub("\n", "\\n"), function()
    tap.raises(function()
      read(CLASS .. text)
    end, message)
  end)
end

tap.test("a file says its title and that it is one of annotations", function()
  tap.raises(function() read "-- A title.\n\n" end, "first line")
  tap.raises(function() read "---@meta\n-- no title\n\n" end, "no title")
end)

-- A model of one text.
local function model_of(text)
  local topic = read(text)
  topic.name = "a"
  local model = { topics = { topic }, classes = {}, functions = {} }
  for _, class in ipairs(topic.classes) do
    model.classes[class.name] = model.classes[class.name] or class
    class.topic = topic
  end
  for _, f in ipairs(topic.functions) do
    model.functions[f.name] = f
  end
  return model
end

tap.test("the whole is checked", function()
  local wrong = library.check(model_of(CLASS
    .. "---@class nudge.Unused: nudge.Parent\n---@field y nudge.Nobody\n---@field y integer\n\n"
    .. "---@class nudge.given.f\n---@field z integer\n\n---@param given nudge.given.f\n"
    .. "function A.f(given) end\n\n---It.\nfunction A.f() end\n"))
  local text = table.concat(wrong, "\n")
  for _, one in ipairs { "a.lua:11: nudge.Unused: there is no class nudge.Parent",
    "there is no class nudge.Nobody", "has a field y twice",
    "a.lua:16: nudge.given.f, field z is not described", "nudge.A.f is not described",
    "nudge.A.f is annotated twice", "class nudge.Unused is used nowhere" } do
    tap.ok(text:find(one, 1, true), one)
  end
end)

local function sample()
  return page.new("lua/a.md", inline.code "a", inline.plain "about")
    :text(inline.markup("Use `b` or a|b * \\ <c>.\n'.' begins", function() return "b.md#b" end))
    :terms({ "Name", "Type", "What" }, { { name = "x", facts = { inline.code "p|q" },
      text = inline.plain ".words" } })
    :code(".start\n\\n", "lua")
end

tap.test("Markdown escapes what it must", function()
  local text = markdown.write(sample())
  tap.ok(text:find("Use [`b`](../b.md#b) or a\\|b \\* \\\\ \\<c>.", 1, true), text)
  tap.ok(text:find("| `x` | `p\\|q` | .words |", 1, true), text)
  tap.ok(text:find("```lua\n.start\n\\n\n```", 1, true), text)
end)

tap.test("roff has no line that is a request by accident", function()
  local text = roff.write(sample(), { name = "a", section = "3", version = "1" })
  for line in text:gmatch "[^\n]+" do
    tap.ok(not line:find "^[.']" or line:find "^%.[A-Z\\]", line)
  end
  tap.ok(text:find("\\&.words", 1, true) and text:find("\\&.start\n\\en", 1, true), text)
end)

tap.test("lines on a terminal fit", function()
  local text = plain.write(page.new("", inline.plain "ä", inline.plain "")
    :text(inline.plain(("wörter "):rep(50))), { width = 40 })
  for line in text:gmatch "[^\n]+" do
    tap.ok(utf8.len(line) <= 40, line)
  end
end)

tap.test("a header is read paragraph by paragraph", function()
  local lines = {}
  for line in ([[
/* SPDX */
/* What it is.

   More. */
#ifndef NUDGE_A_H
#define NUDGE_A_H

/* [any; any; pure] It. */
static inline int ndg_a(int x) {
  int y = x; /* { */

  return y;
}
enum { NDG_B = 0, NDG_C = 1 };

typedef struct ndg_d {
  int (*e)(int);
} ndg_d;
#endif]]):gmatch "([^\n]*)\n?" do
    lines[#lines + 1] = line
  end
  local out = headers.read(lines)
  tap.is(#out, 3)
  tap.is(out[1].comment, "What it is.\n\nMore.")
  tap.is(table.concat(out[2].names, " "), "ndg_a NDG_B NDG_C")
  tap.is(out[2].comment, "[any; any; pure] It.")
  tap.ok(out[2].code:find("return y;\n}\nenum", 1, true), out[2].code)
  tap.is(table.concat(out[3].names, " "), "ndg_d")
end)

tap.test("all headers are found", function()
  local found = headers.all()
  tap.is(#found, 7)
  for _, header in ipairs(found) do
    tap.ok(#header.entries > 1 and header.doc ~= "", header.name)
  end
end)

tap.test("anchors are GitHub's", function()
  tap.is(inline.anchor "nudge.Problem (class)", "nudgeproblem-class")
  tap.is(inline.anchor "problem:set_theta", "problemset_theta")
end)

tap.done()
