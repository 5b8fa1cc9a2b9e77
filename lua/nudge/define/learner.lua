-- SPDX-License-Identifier: MIT
-- The functions of a learner that a script defines: groups out of what `parameters` gives, named
-- nodes into `loss`.
local check = require "nudge.check"
local tasks = require "nudge.define.tasks"
local terms = require "nudge.define.terms"

local learner = {}

local inits = { constant = 0, normal = 1, uniform = 2, truncated_normal = 3 }
local group_fields = {
  constant = "number", normal = "number", uniform = "number|table", truncated_normal = "number",
  mean = "number", start = "string", nonnegative = "boolean", held = "boolean",
}

-- a and b of the distribution, by the fields that the group has.
local function set_init(owner, out, d)
  local given
  for name in pairs(inits) do
    if d[name] then
      if given then
        check.fail("%s has both %s and %s; one of them", owner, given, name)
      end
      given = name
    end
  end
  out.init, out.a, out.b = inits[given or "constant"], d.mean or 0, 0
  if given == "constant" then
    out.a = d.constant
  elseif given == "uniform" then
    local range = type(d.uniform) == "table" and d.uniform or { -d.uniform, d.uniform }
    if #check.list(owner, "uniform", range, "number") ~= 2 then
      check.fail("%s: uniform is a number w, for [-w, w), or { lowest, highest }", owner)
    end
    out.a, out.b = range[1], range[2]
  elseif given then
    out.b = d[given]
  end
  if d.mean and given ~= "normal" and given ~= "truncated_normal" then
    check.fail("%s: mean goes with normal and truncated_normal", owner)
  end
end

-- { "w1", d1, d2, ..., normal = 0.1, start = "omega.w1" }
local function group(kind, i, given)
  if type(given) ~= "table" or type(given[1]) ~= "string" then
    check.fail("entry %d of %s must be { name, lengths..., how it is drawn }", i, kind)
  end
  local name = given[1]
  local owner = string.format("group %s of %s", name, kind)
  if not name:find "^[%w_.]+$" or #name > 31 then
    check.fail("%s: a name has 1 to 31 letters, digits, dots and underscores", owner)
  end
  local shape, named, n = {}, {}, 0
  for key, value in pairs(given) do
    if math.type(key) == "integer" then
      n = n + 1
    else
      named[key] = value
    end
  end
  for d = 2, n do
    local length = math.tointeger(given[d])
    if not length or length < 1 then
      check.fail("%s: length %d is %s, not a whole number from 1 on", owner, d - 1,
        tostring(given[d]))
    end
    shape[d - 1] = length
  end
  if #shape > 4 then
    check.fail("%s has %d axes; at most 4 are possible", owner, #shape)
  end
  local d = check.fields(owner, named, group_fields)
  local out = { name = name, shape = shape, start = 0, nonnegative = d.nonnegative, held = d.held,
    start_name = d.start, owner = owner }
  if kind == "theta" and d.start then
    check.fail("%s: start is for groups of phi; theta is where they start", owner)
  elseif kind == "phi" and (d.nonnegative or d.held) then
    check.fail("%s: nonnegative and held are for groups of theta", owner)
  end
  set_init(owner, out, d)
  return out
end

local function groups(kind, given)
  local out = {}
  for i, one in ipairs(check.list("what parameters gives", kind, given or {}, "table")) do
    out[i] = group(kind, i, one)
  end
  return out
end

local function same_shape(a, b)
  return table.concat(a, "x") == table.concat(b, "x")
end

-- Names are unique over phi and theta: loss(g, p, ...) finds both in p.
local function link(out)
  local found = {}
  for _, kind in ipairs { "phi", "theta" } do
    for i, one in ipairs(out[kind]) do
      if found[one.name] then
        check.fail("%s: the name is used twice", one.owner)
      end
      found[one.name] = { kind = kind, number = i, shape = one.shape }
    end
  end
  for _, one in ipairs(out.phi) do
    local start = one.start_name and found[one.start_name]
    if one.start_name and (not start or start.kind ~= "theta") then
      check.fail("%s: start = '%s' is no group of theta", one.owner, one.start_name)
    elseif start and not same_shape(start.shape, one.shape) then
      check.fail("%s has shape [%s], its start %s has [%s]", one.owner,
        table.concat(one.shape, "x"), one.start_name, table.concat(start.shape, "x"))
    end
    one.start = start and start.number or 0
  end
  return out
end

local function lay_out(given, o, arrays)
  local described = {}
  for i, array in ipairs(arrays) do
    described[i] = { array.name, array }
  end
  local p = given.parameters(o, tasks.fields(described))
  p = check.fields("what parameters gives", p, { phi = "!table", theta = "table" })
  return link { phi = groups("phi", p.phi), theta = groups("theta", p.theta) }
end

local function named_nodes(phi, theta)
  local p, names = {}, {}
  for _, list in ipairs { phi, theta } do
    for _, one in ipairs(list) do
      p[one[1]] = one[2]
      names[#names + 1] = one[1]
    end
  end
  return setmetatable(p, {
    __index = function(_, key)
      check.fail("there is no parameter group '%s'; %s", tostring(key),
        check.suggestion(key, names))
    end,
  })
end

local function build(given, o, graph, phi, theta, arrays)
  local learn, eval, more = given.loss(terms.graph(graph), named_nodes(phi, theta),
    tasks.fields(arrays), o)
  if learn == nil or eval == nil then
    check.fail "loss gives learn_loss, eval_loss and, if wanted, { predictions, accuracy }"
  end
  more = check.fields("the third result of loss", more or {},
    { predictions = "nudge.node", accuracy = "nudge.node" })
  return learn, eval, more.predictions, more.accuracy
end

function learner.functions(given)
  return {
    layout = function(o, arrays)
      return lay_out(given, o, arrays)
    end,
    build = function(o, ...)
      return build(given, o, ...)
    end,
  }
end

return learner
