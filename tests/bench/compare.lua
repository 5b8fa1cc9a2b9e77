-- SPDX-License-Identifier: MIT
-- Two tables of benchmarks side by side, by the medians of their rows:
-- nudge run tests/bench/compare.lua --set before=A.csv --set after=B.csv
local nudge = require "nudge"
local set = nudge.settings {
  before = { "", doc = "table of the older run" },
  after = { "", doc = "table of the newer run" },
}

local function median(values)
  table.sort(values)
  local n = #values
  return n % 2 == 1 and values[(n + 1) // 2] or (values[n // 2] + values[n // 2 + 1]) / 2
end

-- Values by "benchmark: case: quantity", and these keys in order of appearance.
local function read(path)
  local values, keys = {}, {}
  local file, why = io.open(path)
  if not file then
    error("no table of benchmarks: " .. why, 0)
  end
  for line in file:lines() do
    local benchmark, case, quantity, value, unit =
      line:match "^[^,]*,([^,]*),([^,]*),([^,]*),([^,]*),(.*)$"
    if tonumber(value) then
      local key = ("%s: %s: %s"):format(benchmark, case, quantity)
      key = unit == "" and key or key .. " [" .. unit .. "]"
      if not values[key] then
        values[key] = {}
        keys[#keys + 1] = key
      end
      table.insert(values[key], tonumber(value))
    end
  end
  file:close()
  return values, keys
end

local before = read(set.before)
local after, keys = read(set.after)
print(("%12s %12s %8s"):format("before", "after", "ratio"))
for _, key in ipairs(keys) do
  if before[key] then
    local x, y = median(before[key]), median(after[key])
    print(("%12.5g %12.5g %8.3f  %s"):format(x, y, y / x, key))
  end
end
