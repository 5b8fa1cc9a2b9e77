-- SPDX-License-Identifier: MIT
-- Domains of tasks: what they draw, and that a task depends on its index alone.
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

local N = 20000

-- The values of a batch by name.
local function values_of(tasks)
  local out = {}
  for _, a in ipairs(tasks.arrays) do
    out[a.name] = a.values
  end
  return out
end

-- Is the mean of independent numbers the wanted one? Within 4.5 of its deviations: seven in a
-- million would miss by chance.
local function mean_is(numbers, wanted, what)
  local n = #numbers
  local mean = numbers:mean()
  local deviation = math.sqrt((numbers - mean):square():sum() / (n - 1) / n)
  tap.ok(math.abs(mean - wanted) <= 4.5 * deviation + 1e-12,
    string.format("%s: mean %g +- %g, wanted %g; it", what, mean, deviation, wanted))
  tap.ok(deviation < 0.03 * math.max(math.abs(wanted), 1), what .. ": enough numbers")
end

-- Tasks are independent, samples of a task are not: one number per task.
local function task_means(values)
  return values:reshape(#values, #values[1]):mean(2)
end

local function domains()
  return {
    nudge.domains.sinusoid { noise = 0.1 },
    nudge.domains.linear { features = 3, noise = 0.2 },
    nudge.domains.polynomial {},
    nudge.domains.clusters { ways = 3, classes = 7 },
    nudge.domain {
      name = "steps", classes = 2,
      task = function(random)
        local edge = random:stream("edge"):uniform(1)[1]
        local function part(name)
          local x = random:stream(name):uniform(6)
          local labels = {}
          for i = 1, 6 do
            labels[i] = x[i] < edge and 0 or 1
          end
          return x:reshape(6, 1), nudge.array(labels, "index")
        end
        local out = {}
        out["learn.inputs"], out["learn.targets"] = part "learn"
        out["eval.inputs"], out["eval.targets"] = part "eval"
        return out
      end,
    },
  }
end

tap.test("sinusoids have the moments of their closed forms", function()
  for preset, high in pairs { wide = 5, narrow = 0.5 } do
    local d = nudge.domains.sinusoid { preset = preset, seed = 4 }
    local batch = values_of(d:tasks("train", 1, N))
    local amplitude2 = (high ^ 3 - 0.1 ^ 3) / 3 / (high - 0.1)
    for _, part in ipairs { "learn", "eval" } do
      local x, y = batch[part .. ".inputs"], batch[part .. ".targets"]
      tap.is(#x[1], 10, "shots")
      tap.ok(x:min() >= -5 and x:max() < 5, "inputs in their range")
      mean_is(task_means(x), 0, "E x")
      mean_is(task_means(x:square()), 25 / 3, "E x^2")
      -- The phase covers a period of sin^2, so that its mean is a half: E y^2 = 4.25 (wide).
      mean_is(task_means(y:square()) / amplitude2, 0.5, "E y^2 / E amplitude^2")
    end
  end
end)

tap.test("linear functions and polynomials too", function()
  local linear = values_of(nudge.domains.linear { features = 4, inputs = { -2, 2 } }
    :tasks("train", 1, N))
  mean_is(task_means(linear["eval.targets"]:square()), 4 * (1 / 3) * (4 / 3) + 1 / 3, "linear")
  mean_is(task_means(linear["eval.targets"]), 0, "linear")
  local cubic = values_of(nudge.domains.polynomial {}:tasks("train", 1, N))
  mean_is(task_means(cubic["learn.targets"]:square()), (1 + 1 / 3 + 1 / 5 + 1 / 7) / 3, "cubic")
end)

tap.test("targets are the function that the task tells of", function()
  local sine = nudge.domains.sinusoid { frequency = { 0.5, 2 } }
  local plane = nudge.domains.linear { features = 2 }
  local cubic = nudge.domains.polynomial { degree = 2 }
  local formulas = {
    [sine] = function(t, x)
      return t.amplitude * math.sin(t.frequency * x[1] + t.phase)
    end,
    [plane] = function(t, x)
      return t.weights:dot(x) + t.bias
    end,
    [cubic] = function(t, x)
      return t.coefficients[1] + x[1] * (t.coefficients[2] + x[1] * t.coefficients[3])
    end,
  }
  for d, formula in pairs(formulas) do
    for index = 1, 5 do
      local t, batch = d:task("test", index), values_of(d:tasks("test", index, 1))
      tap.is(t.index, index)
      for i = 1, 10 do
        tap.near(batch["eval.targets"][i][1], formula(t, batch["eval.inputs"][i]), 1e-14, d.name)
      end
      tap.ok(d:truth("test", index, batch["learn.inputs"]):equals(batch["learn.targets"]), d.name)
    end
  end
end)

tap.test("noise has its deviation and mean, and leaves the inputs", function()
  for _, make in pairs { nudge.domains.sinusoid, nudge.domains.linear, nudge.domains.polynomial } do
    local noisy = values_of(make { noise = 0.3, shots = 3 }:tasks("train", 1, N))
    local clean = values_of(make { shots = 3 }:tasks("train", 1, N))
    for _, part in ipairs { "learn", "eval" } do
      tap.ok(noisy[part .. ".inputs"]:equals(clean[part .. ".inputs"]))
      local noise = (noisy[part .. ".targets"] - clean[part .. ".targets"]):reshape(3 * N)
      mean_is(noise, 0, "noise")
      mean_is(noise:square(), 0.09, "noise^2")
    end
    local learn, eval = noisy["learn.targets"] - clean["learn.targets"],
      noisy["eval.targets"] - clean["eval.targets"]
    mean_is((learn * eval):reshape(3 * N), 0, "noise of both parts")
  end
end)

tap.test("clusters are chosen evenly, relabelled, and as wide as they should be", function()
  local ways, classes, features = 3, 6, 2
  local d = nudge.domains.clusters { ways = ways, classes = classes, features = features,
    shots = 2, eval_shots = 3, deviation = 0.25 }
  local batch = values_of(d:tasks("train", 1, N))
  tap.is(#batch["learn.inputs"][1], ways * 2)
  tap.is(#batch["eval.inputs"][1], ways * 3)
  local counts, pairs_seen = {}, {}
  for way = 1, ways do
    counts[way] = {}
  end
  local within = {}
  for index = 1, 3000 do
    local t = d:task("train", index)
    local clusters = t.clusters:totable()
    for way, cluster in ipairs(clusters) do
      counts[way][cluster] = (counts[way][cluster] or 0) + 1
    end
    tap.ok(clusters[1] ~= clusters[2] and clusters[2] ~= clusters[3]
      and clusters[1] ~= clusters[3], "clusters of a task are different")
    pairs_seen[clusters[1] .. " " .. clusters[2]] = true
    for row = 1, #batch["eval.inputs"][index] do
      local label = batch["eval.targets"][{ index, row }]
      tap.is(label, (row - 1) % ways)
      local off = batch["eval.inputs"][index][row] - t.centres[label + 1]
      within[#within + 1] = off[1] ^ 2
    end
  end
  mean_is(nudge.array(within), 0.25 ^ 2, "deviation^2")
  -- Chi-square of each place over the classes: 5 degrees of freedom, 30.9 is one in 10^5.
  for way = 1, ways do
    local chi2 = 0
    for cluster = 1, classes do
      chi2 = chi2 + (counts[way][cluster] - 500) ^ 2 / 500
    end
    tap.ok(chi2 < 30.9, "place " .. way .. " is even")
  end
  local orders = 0
  for _ in pairs(pairs_seen) do
    orders = orders + 1
  end
  tap.is(orders, classes * (classes - 1), "every order comes")
end)

tap.test("clusters are each split's own unless they are shared", function()
  local function centre(d, split, cluster)
    for index = 1, 1000 do
      local t = d:task(split, index)
      if t.clusters[1] == cluster then
        return t.centres[1]
      end
    end
  end
  local own, shared = nudge.domains.clusters {}, nudge.domains.clusters { shared = true }
  tap.ok(not centre(own, "train", 2):equals(centre(own, "test", 2)))
  tap.ok(centre(shared, "train", 2):equals(centre(shared, "test", 2)))
  local many = nudge.domains.clusters { ways = 4000, classes = 4000, spread = 2, features = 3 }
  mean_is(many:task("train", 1).centres:reshape(12000):square(), 4, "spread^2")
end)

tap.test("the truth of clusters is the nearest centre", function()
  local d = nudge.domains.clusters { ways = 4, features = 3 }
  local points = nudge.random(2):normal(300):reshape(100, 3)
  local centres = d:task("valid", 9).centres
  local labels = d:truth("valid", 9, points)
  tap.is(labels:kind(), "index")
  for i = 1, 100 do
    local own = (points[i] - centres[labels[i] + 1]):norm()
    for way = 1, 4 do
      tap.ok(own <= (points[i] - centres[way]):norm(), "no centre is nearer")
    end
  end
end)

tap.test("a task is the same alone, in any batch and in any order", function()
  for _, d in ipairs(domains()) do
    local batch = values_of(d:tasks("valid", 3, 20))
    for _, index in ipairs { 22, 3, 11, 11 } do
      for name, values in pairs(values_of(d:tasks("valid", index, 1))) do
        tap.ok(values:equals(batch[name][index - 2]), d.name .. " " .. name)
      end
      for name, values in pairs(values_of(d:tasks("valid", index - 1, 2))) do
        if index < 22 or name then
          tap.ok(values[2]:equals(batch[name][index - 2]), d.name .. " " .. name)
        end
      end
    end
  end
end)

tap.test("splits, indices and seeds give different tasks", function()
  for _, d in ipairs(domains()) do
    local seen = {}
    for _, split in ipairs { "train", "valid", "test" } do
      local x = values_of(d:tasks(split, 1, 50))["learn.inputs"]
      for i = 1, 50 do
        local first = x[{ i, 1, 1 }]
        tap.ok(not seen[first], d.name)
        seen[first] = true
      end
    end
  end
  local a = values_of(nudge.domains.sinusoid { seed = 1 }:tasks("train", 1, 1))
  local b = values_of(nudge.domains.sinusoid { seed = 2 }:tasks("train", 1, 1))
  tap.ok(not a["learn.inputs"]:equals(b["learn.inputs"]))
end)

tap.test("other shots and other points leave the rest of a task", function()
  local few, many = nudge.domains.sinusoid { shots = 4 }, nudge.domains.sinusoid { shots = 4,
    eval_shots = 30 }
  local a, b = values_of(few:tasks("test", 1, 3)), values_of(many:tasks("test", 1, 3))
  tap.ok(a["learn.targets"]:equals(b["learn.targets"]))
  tap.is(#b["eval.inputs"][1], 30)
  local grid = nudge.linspace(-5, 5, 7)
  local c = values_of(few:tasks("test", 1, 3, { eval_grid = grid }))
  tap.ok(c["learn.targets"]:equals(b["learn.targets"]))
  for i = 1, 3 do
    tap.ok(c["eval.inputs"][i]:equals(grid:reshape(7, 1)))
    tap.ok(c["eval.targets"][i]:equals(few:truth("test", i, grid)))
  end
  local blobs = nudge.domains.clusters { ways = 2 }
  local plane = nudge.random(1):normal(20):reshape(10, 2)
  local e = values_of(blobs:tasks("test", 5, 1, { eval_grid = plane }))
  tap.ok(e["eval.inputs"]:equals(plane))
  tap.ok(e["eval.targets"]:equals(blobs:truth("test", 5, plane)))
end)

tap.test("a batch says what it is", function()
  local t = nudge.domains.sinusoid { name = "waves" }:tasks("valid", 8, 3)
  tap.is(t.domain .. " " .. t.split .. " " .. t.n_tasks, "waves valid 3")
  tap.is(table.concat(t.indices, " "), "8 9 10")
  tap.is(t.arrays[1].role, "samples")
  local one = nudge.domains.sinusoid():tasks("valid", 8)
  tap.is(one.n_tasks .. " " .. tostring(one.arrays[1].values), "1 nudge.array 10x1 real")
end)

tap.test("a problem takes the tasks of every domain", function()
  for _, d in ipairs(domains()) do
    local t = d:tasks("train", 1, 4)
    local classes = t.arrays[2].classes
    local p <close> = nudge.problem {
      learner = nudge.learner("complex_synapse", {
        layers = { t.arrays[1].values:shape()[3], 5, classes or 1 },
        loss = classes and "cross_entropy" or "mse", lambda = 0.1,
      }),
      tasks = t,
      inner = { lr = 0.02, steps = 5 },
    }
    tap.is(p:info().n_tasks, 4)
    tap.is(#p:learn({ soft = true }).phi, 4)
  end
end)

tap.test("another process, with other threads, draws the same", function()
  local script <close> = tap.file(".lua", [[
    local nudge = require "nudge"
    local from = {
      nudge.domains.sinusoid { noise = 0.1 }, nudge.domains.linear { features = 3, noise = 0.2 },
      nudge.domains.polynomial {}, nudge.domains.clusters { ways = 3, classes = 7 },
    }
    for i, d in ipairs(from) do
      nudge.npy.write(nudge.result(i .. ".npy"), d:tasks("test", 40 + i, 5).arrays[2].values)
    end]])
  local folder <close> = tap.file ".out"
  local pipe = io.popen "readlink /proc/$PPID/exe"
  local program = pipe:read "l"
  pipe:close()
  tap.ok(program:find "nudge", "this test runs in nudge")
  for _, threads in ipairs { 1, 3 } do
    tap.ok(os.execute(string.format("mkdir -p '%s' && '%s' run --threads %d --out '%s' '%s'",
      folder.path, program, threads, folder.path, script.path)))
    for i, d in ipairs(domains()) do
      local path = folder.path .. "/" .. i .. ".npy"
      if i < 5 then
        tap.ok(nudge.npy.read(path):equals(d:tasks("test", 40 + i, 5).arrays[2].values), d.name)
        os.remove(path)
      end
    end
  end
end)

tap.done()
