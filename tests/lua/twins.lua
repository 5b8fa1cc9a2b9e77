-- SPDX-License-Identifier: MIT
-- Learners and rules of the bundle, written again in Lua: what they compute is compared.
local nudge = require "nudge"

local function draw(n)
  return math.sqrt(3) * (1 / math.sqrt(n))
end

-- modulated_net with its defaults: gains, shifts and the read-out are fast.
nudge.define_learner {
  id = "twin.modulated", title = "Network with fast gains, shifts and read-out",
  options = {
    layers = { type = "integer list", min = 1, doc = "Units per layer." },
    lambda = { 0.0, min = 0, doc = "Strength of the pull of phi to its start." },
  },
  parameters = function(o)
    local phi, theta, n = {}, {}, #o.layers - 1
    for k = 1, n - 1 do
      phi[#phi + 1] = { "gain" .. k, o.layers[k + 1], constant = 1 }
      phi[#phi + 1] = { "shift" .. k, o.layers[k + 1] }
      theta[#theta + 1] = { "w" .. k, o.layers[k], o.layers[k + 1], uniform = draw(o.layers[k]) }
      theta[#theta + 1] = { "b" .. k, o.layers[k + 1] }
    end
    phi[#phi + 1] = { "readout.w", o.layers[n], o.layers[n + 1], start = "initial.readout.w" }
    phi[#phi + 1] = { "readout.b", o.layers[n + 1] }
    theta[#theta + 1] = { "initial.readout.w", o.layers[n], o.layers[n + 1],
      truncated_normal = 1 / math.sqrt(o.layers[n]), held = true }
    return { phi = phi, theta = theta }
  end,
  loss = function(g, p, task, o)
    local function network(h)
      for k = 1, #o.layers - 2 do
        local z = g.matmul(h, p["w" .. k]) + p["b" .. k]
        h = g.tanh(z * p["gain" .. k] + p["shift" .. k])
      end
      return g.matmul(h, p["readout.w"]) + p["readout.b"]
    end
    local function pull(distance)
      return g.sum(distance ^ 2) * o.lambda
    end
    local learned, judged = network(task.learn.inputs), network(task.eval.inputs)
    local loss = learned:squared_error(task.learn.targets)
    if o.lambda > 0 then
      local total
      for k = 1, #o.layers - 2 do
        local gain = pull(p["gain" .. k] - 1)
        total = (total and total + gain or gain) + pull(p["shift" .. k])
      end
      total = total + pull(p["readout.w"] - p["initial.readout.w"]) + pull(p["readout.b"])
      loss = loss + total * 0.5
    end
    return loss, judged:squared_error(task.eval.targets), { predictions = judged }
  end,
}

-- contrastive, variant symmetric: from the free point to both sides.
nudge.define_rule {
  id = "twin.symmetric", title = "Symmetric difference of two nudged phases", needs = { "nudge" },
  options = { beta = { 0.1, above = 0, log = true, doc = "Nudging strength." } },
  estimate = function(problem, o)
    local free = problem:relax {}
    local function gradient(beta)
      local phi = problem:relax { start = free, beta = beta }
      return (problem:evaluate { phi = phi, loss = "augmented", beta = beta, want = "grad_theta" })
    end
    local up, down = gradient(o.beta), gradient(-o.beta)
    return (up - down) / (2 * o.beta)
  end,
  truncation = function()
    return 2, 1.0
  end,
  estimand = "fixed_point",
}

-- implicit: H v = g by conjugate gradient, warm from the estimate before.
nudge.define_rule {
  id = "twin.implicit", title = "Implicit differentiation", needs = { "nudge", "second_order" },
  estimand = "fixed_point",
  options = {
    iterations = { 20, min = 0, doc = "Most products with H." },
    warm_start = { false, doc = "Begin at the solution of the estimate before." },
  },
  estimate = function(problem, o)
    local phi = problem:relax {}
    local g, direct = problem:evaluate { phi = phi, loss = "eval",
      want = { "grad_phi", "grad_theta" } }
    local v, fresh = problem:keep("v", "phi")
    local solution = problem:solve { phi = phi, rhs = g, iterations = o.iterations,
      x = o.warm_start and not fresh and v or nil }
    v:set(solution)
    local mixed = problem:evaluate { phi = phi, direction = solution, want = "mixed" }
    return direct - mixed
  end,
}

-- unrolled: reverse through the states that learning went through.
nudge.define_rule {
  id = "twin.unrolled", title = "Reverse mode through learning",
  needs = { "nudge", "second_order", "transposed_step" }, estimand = "unrolled",
  estimate = function(problem)
    local _, run = problem:relax { record = true, tolerance = 0 }
    local g, gradient = problem:evaluate { phi = run.states[#run.states], loss = "eval",
      want = { "grad_phi", "grad_theta" } }
    local adjoint = problem:vector "state"
    adjoint:set(g)
    for step = #run.states - 2, 0, -1 do
      problem:step_transposed { state = run.states[step + 1], step = step, adjoint = adjoint,
        theta_adjoint = gradient }
    end
    return problem:start_transposed(adjoint, gradient)
  end,
}
