-- SPDX-License-Identifier: MIT
-- nudge.learned: panels of what a meta-training has learned, group by group: how the numbers of
-- groups spread over powers of ten, and those of a first layer as a picture of its inputs.
local check = require "nudge.check"
local decades = require "nudge.decades"

local learned = {}

-- The fields, with theta and groups of the meta-training.
local function fields_of(owner, given, allowed)
  allowed.of, allowed.title = "!table", "string"
  local t = check.fields(owner, given, allowed)
  local made_of = t.of.made_of or {}
  if check.type_of(t.of.theta) ~= "nudge.array" or type(made_of.groups) ~= "table" then
    check.fail("%s: field of must be what nudge.meta_train gave", owner)
  end
  return t, t.of.theta, made_of.groups
end

local function names_of(groups)
  local out = {}
  for i, group in ipairs(groups) do
    out[i] = group.name
  end
  return out
end

-- A curve for each group whose name matches the pattern, in whose stead `label` stands.
function learned.histogram(given)
  local owner = "nudge.learned.histogram"
  local t, theta, groups = fields_of(owner, given, { pattern = "string", label = "string",
    from = "!number", to = "!number", per_decade = "integer", start = "number",
    xlabel = "string" })
  local pattern, series = t.pattern or "^.*$", {}
  for _, group in ipairs(groups) do
    if group.name:find(pattern) then
      local x, y = decades { values = theta:rows(group.first, group.last), from = t.from,
        to = t.to, per_decade = t.per_decade }
      local label = group.name:gsub(pattern, t.label or "%0")
      series[#series + 1] = { x = x, y = y, label = label, points = false }
    end
  end
  if #series == 0 then
    check.fail("%s: no group matches '%s'; there are: %s", owner, pattern,
      table.concat(names_of(groups), ", "))
  end
  return { title = t.title, xlabel = t.xlabel, logx = true, ylabel = "share", series = series,
    verticals = t.start and { { x = t.start, label = "at the start", dotted = true } } or nil }
end

-- Means over the synapses of each input, for inputs that are a picture: of so many rows, a square
-- if none are given.
function learned.map(given)
  local owner = "nudge.learned.map"
  local t, theta, groups = fields_of(owner, given,
    { group = "!string", inputs = "!integer", rows = "integer" })
  local rows = t.rows or math.tointeger(math.sqrt(t.inputs)) or 0
  if rows < 1 or t.inputs % rows ~= 0 then
    check.fail("%s: %d inputs are no picture%s", owner, t.inputs, t.rows and " of "
      .. t.rows .. " rows" or " as a square; say its rows")
  end
  for _, group in ipairs(groups) do
    if group.name == t.group then
      local n = group.last - group.first + 1
      if n % t.inputs ~= 0 then
        check.fail("%s: %s has %d numbers, which are not the synapses of %d inputs", owner,
          group.name, n, t.inputs)
      end
      return { title = t.title, image = theta:rows(group.first, group.last)
        :view(t.inputs, n // t.inputs):mean(2):reshape(rows, t.inputs // rows) }
    end
  end
  check.fail("%s: no group '%s'; %s", owner, t.group, check.suggestion(t.group, names_of(groups)))
end

return learned
