-- SPDX-License-Identifier: MIT
-- Writes the derivative code of nudge with wrong versions of its functions beside the right ones:
--   lua mutate.lua SOURCE_ROOT TARGET_ROOT SEED COUNT
-- replaces the files below TARGET_ROOT and prints one line per mutant: number, class, file,
-- function, change. A program built of them is right; with NUDGE_MUTANT=k in its environment it is
-- mutant k. COUNT 0: all that there are, in order.
local folder = arg[0]:match "^(.*)/" or "."
package.path = folder .. "/?.lua;" .. package.path
local tokens = require "tokens"
local changes_of = require "operators"

-- Where derivatives are made, and the functions there that make none.
local subjects = {
  { "core/graph/rules_elementwise.c" },
  { "core/graph/rules_matmul.c" },
  { "core/graph/rules_reduce.c" },
  { "core/graph/rules_shape.c" },
  { "core/graph/derive.c", "check_nodes", "check_shapes", "end_walk", "begin_walk", "settle",
    "check_tasks", "check_reverse" },
  { "core/engine/derivatives.c", "ndg_derivatives" },
  { "core/engine/optimizers.c", "ndg_optimizer_name", "ndg_optimizer_slots", "ndg_optimizer_check",
    "ndg_optimizer_resolve" },
  { "core/engine/transposed.c", "check" },
  -- The one meta-gradient that is written by hand, since others are judged by it.
  { "plugins/quadratic/closed_form.c", "rows_of", "locate", "close_equations", "open_equations",
    "optimum" },
}

local root, target, seed, count = arg[1], arg[2], tonumber(arg[3]), tonumber(arg[4])

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- Written only if it changes, so that nothing is compiled again in vain.
local function write(path, text)
  local file = io.open(path, "rb")
  local same = file and file:read "a" == text
  if file then
    file:close()
  end
  if not same then
    file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
  end
end

local function one_line(text)
  return (text:gsub("%s+", " "))
end

-- Keys name a mutant for good, whatever its number: the second, third, ... of equal ones is so
-- marked.
local function add_mutants(pool, subject)
  local text = read(root .. "/" .. subject[1])
  local left_out = {}
  for i = 2, #subject do
    left_out[subject[i]] = true
  end
  local seen = {}
  for _, f in ipairs(tokens.functions(text)) do
    for _, c in ipairs(left_out[f.name] and {} or changes_of(f, text)) do
      local key = ("%s: %s: %s: %s => %s"):format(subject[1]:match "[%w_]+%.c$", f.name, c.class,
        one_line(c.original), one_line(c.said))
      seen[key] = (seen[key] or 0) + 1
      c.key = seen[key] == 1 and key or ("%s (%d)"):format(key, seen[key])
      c.file, c.f = subject[1], f
      pool[#pool + 1] = c
    end
  end
  return text
end

-- Mutants that compute the same: lines that begin with the name of a file. The others say why.
local function equivalent()
  local keys = {}
  for line in io.lines(folder .. "/equivalent") do
    if line:find "^[%w_]+%.c: " then
      keys[line] = true
    end
  end
  return keys
end

-- The first `n` of a shuffle; a small generator of its own, so that a seed means the same anywhere.
local function draw(pool, n)
  local state = seed % 2147483647 + 1
  local function below(bound)
    state = state * 48271 % 2147483647
    return state % bound + 1
  end
  for _ = 1, 16 do
    below(1)
  end
  for i = 1, math.min(n, #pool) do
    local k = i - 1 + below(#pool - i + 1)
    pool[i], pool[k] = pool[k], pool[i]
  end
  return table.move(pool, 1, math.min(n, #pool), 1, {})
end

-- The function with each of its mutants before its own body.
local function with_mutants(text, f, mutants)
  local body = text:sub(f.first, f.last)
  local parts = {}
  for _, m in ipairs(mutants) do
    local wrong = body:sub(1, m.from - 1) .. m.text .. body:sub(m.to + 1)
    parts[#parts + 1] = ("if (ndg_mutant == %d) {\n#line %d\n%s%s}\n"):format(m.number,
      m.number * 1000, wrong, (" " .. f.header):find "^[%a ]- void [%a_]" and "return;" or "")
  end
  return table.concat(parts) .. body
end

-- Each file asks for itself: plugins do not see what others define.
local head = [[
#include <stdlib.h>
static int ndg_mutant;
__attribute__((constructor)) static void choose_mutant(void) {
  const char *number = getenv("NUDGE_MUTANT");
  ndg_mutant = number ? atoi(number) : 0;
}
]]

local pool, texts = {}, {}
for _, subject in ipairs(subjects) do
  texts[subject[1]] = add_mutants(pool, subject)
end
local same = equivalent()
local candidates = {}
for _, m in ipairs(pool) do
  if not same[m.key] then
    candidates[#candidates + 1] = m
  end
  same[m.key] = nil
end
for key in pairs(same) do
  io.stderr:write("mutations: no longer in the code, but listed as equivalent: ", key, "\n")
  os.exit(1)
end
local chosen = count > 0 and draw(candidates, count) or candidates
local by_function = {}
for i, m in ipairs(chosen) do
  m.number = i
  by_function[m.f] = by_function[m.f] or {}
  table.insert(by_function[m.f], m)
  print(("%d\t%s"):format(i, m.key))
end
for _, subject in ipairs(subjects) do
  local text, path = texts[subject[1]], subject[1]
  local functions = {}
  for f in pairs(by_function) do
    if by_function[f][1].file == path then
      functions[#functions + 1] = f
    end
  end
  table.sort(functions, function(a, b)
    return a.first > b.first
  end)
  for _, f in ipairs(functions) do
    text = text:sub(1, f.first - 1) .. with_mutants(text, f, by_function[f]) .. text:sub(f.last + 1)
  end
  write(target .. "/" .. path, head .. text)
end
io.stderr:write(("mutations: %d of %d possible\n"):format(#chosen, #candidates))
