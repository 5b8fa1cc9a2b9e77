-- SPDX-License-Identifier: MIT
-- N-way K-shot classification of Gaussian clusters. `classes` clusters exist; a task draws `ways`
-- of them, in random order, and its labels are their places in that order.
local core = require "nudge.core"
local check = require "nudge.check"
local domain = require "nudge.domain"
local regression = require "nudge.domains.regression"

local MAX_NUMBERS = 1 << 28 -- of all centres

local fields = {
  name = "string", seed = "integer", ways = "integer", classes = "integer", shots = "integer",
  eval_shots = "integer", features = "integer", spread = "number", deviation = "number",
  shared = "boolean",
}

local function checked(owner, given)
  local t = check.fields(owner, given or {}, fields)
  regression.shots(owner, t, 5, 15)
  t.ways = check.range(owner, "ways", t.ways or 5, 2, 100000)
  t.classes = check.range(owner, "classes", t.classes or math.max(20, t.ways), 2, 1000000)
  if t.ways > t.classes then
    check.fail("%s: ways = %d is larger than classes = %d; lower ways or raise classes", owner,
      t.ways, t.classes)
  end
  t.features = check.range(owner, "features", t.features or 2, 1, 100000)
  if t.classes * t.features > MAX_NUMBERS then
    check.fail("%s: classes = %d centres of features = %d make %d numbers, more than %d; lower one",
      owner, t.classes, t.features, t.classes * t.features, MAX_NUMBERS)
  end
  t.spread = check.range(owner, "spread", t.spread or 1, 0, 1e150)
  t.deviation = check.range(owner, "deviation", t.deviation or 0.2, 0, 1e150)
  return t
end

-- Centres of the clusters of each split: its own, or the same in all.
local function centres_of(t)
  local root, made = core.random(t.seed or 0), {}
  return function(split)
    local from = t.shared and "shared" or split
    made[from] = made[from] or (t.shared and root or root:stream(split)):stream("clusters")
      :normal(t.classes * t.features):reshape(t.classes, t.features) * t.spread
    return made[from]
  end
end

-- Index array of n values of f(1), ..., f(n).
local function indices(n, f)
  local out = {}
  for i = 1, n do
    out[i] = f(i)
  end
  return core.array(out, "index")
end

return function(given)
  local t = checked("nudge.domains.clusters", given)
  local ways, features = t.ways, t.features
  local centres = centres_of(t)
  local family = {}

  function family.parameters(batch)
    local chosen = batch:draw("choice", "clusters", ways, t.classes)
    return {
      clusters = chosen,
      centres = centres(batch.split):take(chosen:reshape(batch.n * ways))
        :reshape(batch.n, ways, features),
    }
  end

  -- The ways in turn, so that minibatches are balanced too.
  local function drawn(batch, of, shots, own)
    local n, rows = batch.n, shots * ways
    local x = own:reshape(n, 1, ways, features)
      + batch:draw("normal", of .. ".inputs", rows * features)
        :reshape(n, shots, ways, features) * t.deviation
    local labels = indices(rows, function(i)
      return (i - 1) % ways
    end)
    local ones = indices(n, function()
      return 1
    end)
    return x:reshape(n, rows, features), labels:reshape(1, rows):take(ones)
  end

  -- The nearest centre: the most probable class, as all clusters are as round and as wide.
  function family.truth(batch, points)
    return core.nearest_centres(family.parameters(batch).centres, points)
  end

  function family.make(batch, points)
    local own = family.parameters(batch).centres
    local learn_x, learn_y = drawn(batch, "learn", t.shots, own)
    local eval_x, eval_y
    if points then
      eval_x = points:reshape(1, #points, features) + core.zeros(batch.n, 1, 1)
      eval_y = core.nearest_centres(own, points)
    else
      eval_x, eval_y = drawn(batch, "eval", t.eval_shots, own)
    end
    return {
      { name = "learn.inputs", values = learn_x },
      { name = "learn.targets", values = learn_y, classes = ways },
      { name = "eval.inputs", values = eval_x },
      { name = "eval.targets", values = eval_y, classes = ways },
    }
  end

  return domain.new {
    name = t.name or "clusters", seed = t.seed or 0, n_inputs = features, n_outputs = ways,
    family = family,
  }
end
