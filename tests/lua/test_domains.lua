-- SPDX-License-Identifier: MIT
-- Domains of tasks: what they draw, that a task depends on its index alone, and their errors.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

-- The values of a batch by name.
local function values_of(tasks)
  local out = {}
  for _, a in ipairs(tasks.arrays) do
    out[a.name] = a.values
  end
  return out
end

-- Is the mean over the first axis the wanted one? Tasks are independent, what is in a task is not:
-- the deviation is that of the tasks' means. 4.5 deviations: 7 in a million by chance.
local function mean_is(per_task, wanted, what)
  local n = #per_task
  local mean = per_task:mean()
  local deviation = math.sqrt((per_task - mean):square():sum() / (n - 1) / n)
  tap.ok(math.abs(mean - wanted) <= 4.5 * deviation,
    string.format("%s: mean %g +- %g, wanted %g; it", what, mean, deviation, wanted))
  tap.ok(deviation < 0.02 * math.max(math.abs(wanted), 1), what .. ": enough tasks")
end

local function task_means(values)
  local n = #values
  return values:reshape(n, #values[1]):mean(2)
end

tap.test("sinusoids have the moments of their closed forms", function()
  local n = 20000
  for preset, high in pairs { wide = 5, narrow = 0.5 } do
    local d = nudge.domains.sinusoid { preset = preset, seed = 4 }
    local batch = values_of(d:tasks("train", 1, n))
    local low = 0.1
    local amplitude2 = (high ^ 3 - low ^ 3) / 3 / (high - low)
    for _, part in ipairs { "learn", "eval" } do
      local x, y = batch[part .. ".inputs"], batch[part .. ".targets"]
      tap.ok(x:min() >= -5 and x:max() < 5, "inputs in their range")
      mean_is(task_means(x:square()), 25 / 3, "E x^2")
      -- the phase covers a period of sin^2: its mean is exactly a half
      mean_is(task_means(y:square()) / amplitude2, 0.5, "E y^2")
      mean_is(task_means(x), 0, "E x")
    end
  end
end)

tap.test("a task is the same alone and in any batch", function()
  local d = nudge.domains.sinusoid { noise = 0.1 }
  local batch = values_of(d:tasks("valid", 3, 20))
  for _, index in ipairs { 22, 3, 11 } do
    for name, values in pairs(values_of(d:tasks("valid", index, 1))) do
      tap.ok(values:equals(batch[name][index - 2]), name)
    end
  end
end)

tap.done()
