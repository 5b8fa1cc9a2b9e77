-- SPDX-License-Identifier: MIT
-- A learner in Lua: a network whose last hidden layer has fast weights behind a gate. Learning in a
-- task changes the fast weights alone; theta holds the slow weights and says, connection by
-- connection, how far the fast weight gets through (cf. Schlag and Schmidhuber 2017).
local nudge = require "nudge"

nudge.define_learner {
  id = "examples.gated_fast_weights", title = "Network with gated fast weights",
  doc = "y = tanh(tanh(x W1 + b1) (W2 + sigmoid(G) * F)) W3 + b3 with fast weights F in phi, which "
    .. "start at 0 and are pulled there, and slow weights and gates G in theta.",
  options = {
    width = { 20, min = 1, doc = "Units of each hidden layer." },
    gate = { 0.0, doc = "Initial gates, before the sigmoid." },
    lambda = { 0.01, min = 0, log = true, doc = "Initial strength of the pull to 0." },
  },
  parameters = function(o, task)
    local n_in, n_out, n = task.learn.inputs.shape[2], task.learn.targets.shape[2] or 1, o.width
    return {
      phi = { { "fast", n, n } },
      theta = {
        { "w1", n_in, n, uniform = math.sqrt(3 / n_in) }, { "b1", n, uniform = 2 },
        { "w2", n, n, normal = 1 / math.sqrt(n) }, { "gate", n, n, constant = o.gate },
        { "w3", n, n_out, normal = 1 / math.sqrt(n) }, { "b3", n_out },
        { "lambda", constant = o.lambda, nonnegative = true },
      },
    }
  end,
  loss = function(g, p, task)
    local weights = p.w2 + g.sigmoid(p.gate) * p.fast
    local function network(x)
      local h = g.tanh(g.matmul(x, p.w1) + p.b1)
      return g.matmul(g.tanh(g.matmul(h, weights)), p.w3) + p.b3
    end
    local outputs = network(task.eval.inputs)
    return g.squared_error(network(task.learn.inputs), task.learn.targets)
      + p.lambda / 2 * g.sum(p.fast ^ 2), g.squared_error(outputs, task.eval.targets),
      { predictions = outputs }
  end,
}
