-- SPDX-License-Identifier: MIT
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

local function same(a, t)
  local other = nudge.array(t, a:kind())
  tap.ok(a:equals(other), tostring(a) .. " equals the wanted array")
end

tap.test("nested tables become arrays and come back", function()
  local a = nudge.array { { 1, 2, 3 }, { 4, 5, 6 } }
  tap.is(#a, 2)
  tap.is(table.concat(a:shape(), "x"), "2x3")
  tap.is(a:kind(), "real")
  tap.is(tostring(a), "nudge.array 2x3 real")
  local t = a:totable()
  tap.is(t[2][3], 6.0)
  tap.is(math.type(nudge.array({ 1, 2 }, "index")[2]), "integer")
end)

tap.test("tables that are no arrays are refused", function()
  tap.raises(function() nudge.array {} end, "axis 1 .* is empty", "test_arrays.lua:%d+:")
  tap.raises(function() nudge.array { { 1, 2 }, { 3 } } end, "ragged", "has 1 elements")
  tap.raises(function() nudge.array { { 1 }, 2 } end, "ragged", "number")
  tap.raises(function() nudge.array { 1, "2" } end, "element 2", "string")
  tap.raises(function() nudge.array { 1, { 2 } } end, "element 2", "table")
  tap.raises(function() nudge.array { { { { { 1 } } } } } end, "at most 4 axes")
  tap.raises(function() nudge.array({ 1.5 }, "index") end, "whole number")
  tap.raises(function() nudge.array({ 2 ^ 40 }, "index") end, "32 bits")
  tap.raises(function() nudge.array(3) end, "table expected")
end)

tap.test("indices are 1-based and checked", function()
  local a = nudge.array { { 1, 2, 3 }, { 4, 5, 6 } }
  tap.is(a[{ 2, 3 }], 6.0)
  tap.is(a:get(1, 2), 2.0)
  tap.is(a[2][1], 4.0)
  a:set(1, 1, 9)
  tap.is(a[1][1], 9.0)
  tap.raises(function() return a[3] end, "index 3 of axis 1 is outside 1%.%.2")
  tap.raises(function() return a[0] end, "index 0")
  tap.raises(function() return a:get(1) end, "1 indices for an array of 2 axes")
  tap.raises(function() return a[{ 1, 4 }] end, "index 4 of axis 2")
  tap.raises(function() return a[1.5] end, "whole number")
  tap.raises(function() a:set(1, 1, "x") end, "number expected")
end)

tap.test("views share data and die with their owner", function()
  local a = nudge.array { { 1, 2 }, { 3, 4 }, { 5, 6 } }
  local rows = a:rows(2, 3)
  same(rows, { { 3, 4 }, { 5, 6 } })
  rows:set(1, 1, 7)
  tap.is(a:get(2, 1), 7.0)
  local view_of_view = rows[2]
  a:close()
  a:close()
  tap.raises(function() return rows:get(1, 1) end, "view's array is closed")
  tap.raises(function() return view_of_view[1] end, "view's array is closed")
  tap.raises(function() return #a end, "array is closed")
  tap.matches(tostring(a), "closed")
  local b = nudge.array { { 1, 2 } }[1]
  collectgarbage()
  tap.is(b[2], 2.0, "a view keeps its owner")
  tap.raises(function() return nudge.array { 1 }:rows(1, 2) end, "rows 1 to 2")
end)

tap.test("views in another shape, and standardising in place", function()
  local a = nudge.array { { 1, 2, 3 }, { 4, 5, 6 } }
  local flat = a:view(6)
  same(flat:standardise(2, 4), { -0.25, 0, 0.25, 0.5, 0.75, 1 })
  same(a, { { -0.25, 0, 0.25 }, { 0.5, 0.75, 1 } })
  same(a:rows(2, 2):view(3, 1), { { 0.5 }, { 0.75 }, { 1 } })
  a[1]:standardise(0, 0.25)
  same(flat, { -1, 0, 1, 0.5, 0.75, 1 })
  tap.raises(function() a:view(4) end, "cannot reshape 2x3 into 4")
  tap.raises(function() a:standardise(0, 0) end, "deviation must be positive")
  tap.raises(function() a:standardise(0 / 0, 1) end, "mean must be finite")
  tap.raises(function() nudge.array({ 1 }, "index"):standardise(0, 1) end, "only real arrays")
  tap.raises(function() nudge.zeros(2):freeze():view(2):standardise(0, 1) end, "frozen")
  a:close()
  tap.raises(function() return flat[1] end, "closed")
end)

tap.test("single numbers: half the memory, rounded, never changed", function()
  local a = nudge.array { { 1, 0.1, -3 }, { 4, 1e30, 1e-3 } }
  local s = a:single()
  tap.is(s:kind(), "single")
  tap.is(s:get(1, 2), string.unpack("f", string.pack("f", 0.1)))
  same(s:real(), { { 1, s:get(1, 2), -3 }, { 4, s:get(2, 2), s:get(2, 3) } })
  tap.ok(s:real():single():equals(s))
  tap.is(s:real():kind(), "real")
  tap.is(s[2][1], 4.0)
  same(s * 2 + a * 0, { { 2, 2 * s:get(1, 2), -6 }, { 8, 2 * s:get(2, 2), 2 * s:get(2, 3) } })
  tap.is(s[1]:sum(), s:real()[1]:sum())
  tap.ok(s:take(nudge.array({ 2, 1 }, "index")):equals((a:take(nudge.array({ 2, 1 }, "index"))
    :single())))
  tap.is(s:columns(2, 3):kind(), "single")
  tap.is(s:view(3, 2):get(2, 1), -3.0)
  for _, change in ipairs {
    function() s:set(1, 1, 2) end, function() s:copy():set(1, 1, 2) end,
    function() s:rows(1, 1):fill(2) end, function() s:standardise(0, 1) end,
    function() s:close() end,
  } do
    tap.raises(change, "frozen")
  end
  local file <close> = tap.file ".npy"
  tap.raises(function() nudge.npy.write(file.path, s) end, "a:real")
end)

tap.test("arithmetic with arrays, numbers and last axes", function()
  local a, b = nudge.array { { 1, 2 }, { 3, 4 } }, nudge.array { { 2, 2 }, { 4, 4 } }
  same(a + b, { { 3, 4 }, { 7, 8 } })
  same(b - a, { { 1, 0 }, { 1, 0 } })
  same(a * 2, { { 2, 4 }, { 6, 8 } })
  same(12 / a, { { 12, 6 }, { 4, 3 } })
  same(1 - a, { { 0, -1 }, { -2, -3 } })
  same(-a, { { -1, -2 }, { -3, -4 } })
  same(a + nudge.array { 10, 20 }, { { 11, 22 }, { 13, 24 } })
  same(nudge.array { 10, 20 } - a, { { 9, 18 }, { 7, 16 } })
  same(nudge.array({ 1, 2 }, "index") / 2, { 0.5, 1 })
  tap.raises(function() return a + nudge.array { 1, 2, 3 } end, "2x2 and 3")
  tap.raises(function() return a + {} end, "nudge.array expected")
  tap.raises(function() return a + "x" end, "nudge.array expected")
end)

tap.test("axes of length 1 are repeated", function()
  local column, row = nudge.array { { 1 }, { 2 } }, nudge.array { { 10, 20, 30 } }
  same(column + row, { { 11, 21, 31 }, { 12, 22, 32 } })
  same(row - column, { { 9, 19, 29 }, { 8, 18, 28 } })
  -- Every pair of shapes of up to three axes of length 1 or more, against loops over indices.
  local lengths, shapes = { 1, 2, 3 }, {}
  for _, a in ipairs(lengths) do
    shapes[#shapes + 1] = { a }
    for _, b in ipairs(lengths) do
      shapes[#shapes + 1] = { a, b }
      for _, c in ipairs(lengths) do
        shapes[#shapes + 1] = { a, b, c }
      end
    end
  end
  local function padded(shape)
    local out = { 1, 1, 1 }
    table.move(shape, 1, #shape, 4 - #shape, out)
    return out
  end
  local random = nudge.random(3)
  for _, left in ipairs(shapes) do
    for _, right in ipairs(shapes) do
      local p, q, both, fits = padded(left), padded(right), {}, true
      for axis = 1, 3 do
        fits = fits and (p[axis] == q[axis] or p[axis] == 1 or q[axis] == 1)
        both[axis] = math.max(p[axis], q[axis])
      end
      local u = random:normal(p[1] * p[2] * p[3]):reshape(table.unpack(left))
      local v = random:normal(q[1] * q[2] * q[3]):reshape(table.unpack(right))
      if fits then
        local sum = u / v
        tap.is(#sum:shape(), math.max(#left, #right))
        u, v = u:reshape(table.unpack(p)), v:reshape(table.unpack(q))
        sum = sum:reshape(table.unpack(both))
        for i = 1, both[1] do
          for j = 1, both[2] do
            for k = 1, both[3] do
              local x = u[{ math.min(i, p[1]), math.min(j, p[2]), math.min(k, p[3]) }]
              local y = v[{ math.min(i, q[1]), math.min(j, q[2]), math.min(k, q[3]) }]
              tap.is(sum[{ i, j, k }], x / y)
            end
          end
        end
      else
        tap.raises(function()
          return u / v
        end, "do not go together")
      end
    end
  end
end)

tap.test("reductions", function()
  local a = nudge.array { { 1, -2, 3 }, { 4, 5, -6 } }
  tap.is(a:sum(), 5.0)
  tap.near(a:mean(), 5 / 6, 1e-16)
  tap.near(a:norm(), math.sqrt(91), 1e-16)
  tap.is(a:dot(a), 91.0)
  tap.is(select(2, a:max()), 5)
  tap.is(a:min(), -6.0)
  same(a:sum(1), { 5, 3, -3 })
  same(a:sum(2), { 2, 3 })
  same(a:mean(2), { 2 / 3, 1 })
  tap.raises(function() a:sum(3) end, "no such axis")
  tap.raises(function() a:dot(nudge.array { 1 }) end, "differ in size")
  local nan = (nudge.array { 1, 0 / 0, 3 }):max()
  tap.ok(nan ~= nan, "NaN wins")
  tap.is((nudge.array { 1e16, 1, -1e16 }):sum(), 1.0, "sum is wider than double")
end)

tap.test("elementwise functions, reshaping, selection", function()
  local a = nudge.array { { 1, 4 }, { 9, 16 } }
  same(a:sqrt(), { { 1, 2 }, { 3, 4 } })
  same(a:reshape(4), { 1, 4, 9, 16 })
  same(a:columns(2), { { 4 }, { 16 } })
  same(a:take(nudge.array({ 2, 1, 2 }, "index")), { { 9, 16 }, { 1, 4 }, { 9, 16 } })
  same(nudge.zeros(2, 2):copy_from { 1, 4, 9, 16 }, { { 1, 4 }, { 9, 16 } })
  same(nudge.zeros(2, 2):copy_from(a), a:totable())
  same(nudge.zeros(3):fill(2), { 2, 2, 2 })
  same(a:copy():fill(0), { { 0, 0 }, { 0, 0 } })
  tap.raises(function() a:reshape(3) end, "cannot reshape 2x2 into 3")
  tap.raises(function() a:take(nudge.array({ 3 }, "index")) end, "index 3 is outside 1%.%.2")
  tap.raises(function() a:copy_from { 1 } end, "differ in size")
  tap.raises(function() a:copy_from { 1, 2, 3, "x" } end, "element 4")
  tap.raises(function() nudge.zeros(0) end, "at least length 1")
  tap.raises(function() nudge.zeros(1 << 30, 1 << 30) end, "too large")
  local image = nudge.array { { { 1, 3 }, { 5, 7 } } }
  same(image:block_means(2), { { { 4 } } })
  tap.raises(function() image:block_means(3) end, "do not divide")
end)

tap.test("spaced numbers include both ends", function()
  same(nudge.linspace(0, 1, 5), { 0, 0.25, 0.5, 0.75, 1 })
  local x = nudge.logspace(1e-8, 10, 25)
  tap.is(x[1], 1e-8)
  tap.is(x[25], 10.0)
  tap.near(math.log(x[9] / x[8], 10), 0.375, 1e-12)
  tap.is(nudge.linspace(3, 5, 1)[1], 3.0)
  tap.raises(function() nudge.logspace(0, 1, 3) end, "must be positive")
  tap.raises(function() nudge.linspace(0, 1 / 0, 3) end, "must be finite")
end)

tap.test("npy files read back the same", function()
  local file <close> = tap.file ".npy"
  for _, a in ipairs { nudge.array { { 1, 2.5 }, { -0.0, 1e-300 } },
    nudge.array({ 3, -4 }, "index") } do
    nudge.npy.write(file.path, a)
    tap.ok(nudge.npy.read(file.path):equals(a))
  end
  tap.raises(function() nudge.npy.write("/nowhere/a.npy", nudge.zeros(1)) end, "/nowhere/a.npy")
  tap.raises(function() nudge.npy.read "/nowhere/a.npy" end, "/nowhere/a.npy")
end)

tap.test("random streams depend on name and number only", function()
  local root = nudge.random(1)
  local a = root:stream("task", 3):normal(100)
  root:stream("other"):uniform(10)
  tap.ok(root:stream("task", 3):normal(100):equals(a))
  tap.ok(not root:stream("task", 4):normal(100):equals(a))
  local p = root:stream("p"):permutation(50)
  local seen = {}
  for i = 1, 50 do
    seen[p[i]] = true
  end
  tap.is(#seen, 50, "a permutation of 1..50")
  local u = root:stream("u"):uniform(1000)
  tap.ok(u:min() >= 0 and u:max() < 1)
  local k = root:integer(6)
  tap.ok(k >= 1 and k <= 6)
  tap.raises(function() root:uniform(0) end, "at least 1")
end)

tap.done()
