-- SPDX-License-Identifier: MIT
-- nudge.rows: text for people, and files that read back the same numbers.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

local function example()
  return nudge.rows {
    columns = { "method", { name = "mse", title = "error", format = "%.2f" },
      { name = "seeds", hidden = true } },
    rows = { { method = "a, b", mse = 1 / 3, seeds = 3 }, { method = "c" } },
  }
end

tap.test("the text has titles, formats and no hidden column", function()
  tap.is(example():table(), "  method  error\n  a, b     0.33\n  c           -\n")
  tap.matches(example(), "2 rows of 3 columns")
end)

tap.test("files hold every column, and numbers to the last digit", function()
  local csv <close> = tap.file ".csv"
  local json <close> = tap.file ".json"
  example():csv(csv.path):json(json.path)
  local lines = {}
  for line in tap.read(csv.path):gmatch "[^\n]+" do
    lines[#lines + 1] = line
  end
  tap.is(lines[1], "method,mse,seeds")
  local mse, seeds = lines[2]:match '^"a, b",([^,]+),(%d+)$'
  tap.is(tonumber(mse), 1 / 3)
  tap.is(seeds, "3")
  tap.is(lines[3], "c,,")
  local text = tap.read(json.path)
  tap.is(tonumber(text:match '"mse": ([^,\n]+)'), 1 / 3)
  tap.matches(text, '"method": "c"')
end)

tap.test("what is not right is named", function()
  tap.raises(function()
    nudge.rows { columns = { "a" }, rows = { { a = 1 }, { b = 2 } } }
  end, "row 2", "b")
  tap.raises(function()
    nudge.rows { columns = { { title = "a" } }, rows = {} }
  end, "column 1", "name")
  tap.raises(function()
    example():csv(1)
  end, "path")
  tap.raises(function()
    example():json "/nonexistent/rows.json"
  end, "/nonexistent/rows.json")
end)

tap.done()
