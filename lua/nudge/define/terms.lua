-- SPDX-License-Identifier: MIT
-- The graph that loss(g, ...) gets: the operations of nudge/graph.h, and terms that many losses
-- have.
local core = require "nudge.core"
local check = require "nudge.check"

local terms = {}
local node = core.node_methods()

-- Mean over all elements, or over the axes named.
function node.mean(x, ...)
  local total, n = node.sum(x, ...), 1
  for axis, length in ipairs(x.shape) do
    local counts = select("#", ...) == 0
    for _, one in ipairs { ... } do
      counts = counts or one == axis
    end
    n = counts and n * length or n
  end
  return total * (1 / n)
end

-- Half the squared error, summed over outputs and averaged over samples.
function node.squared_error(outputs, targets)
  return node.sum(node.square(outputs - node.reshape(targets, table.unpack(outputs.shape))))
    * (0.5 / outputs.shape[1])
end

-- Mean over samples of -log softmax(outputs)[label].
function node.cross_entropy(outputs, labels)
  local total = node.reshape(node.log_sum_exp(outputs), outputs.shape[1])
  return node.mean(total - node.pick(outputs, labels))
end

-- Share of samples whose label has a larger output than every other class; ties count as wrong.
function node.accuracy(outputs, labels)
  local n, width = table.unpack(outputs.shape)
  local is_label = node.place(outputs:constant(1, n), labels, width)
  local rest = node.select(is_label, -3e38, outputs)
  while width > 1 do
    local half = (width + 1) // 2
    rest = node.max(rest:slice(2, 1, half), rest:slice(2, width - half + 1, width))
    width = half
  end
  return node.mean(node.greater(node.pick(outputs, labels), node.reshape(rest, n)))
end

-- Functions take their nodes as arguments: g.tanh(x), also x:tanh().
function terms.graph(graph)
  local own = {
    constant = function(...)
      return graph:constant(...)
    end,
  }
  local names = check.sorted_keys(node)
  return setmetatable(own, {
    __index = function(_, key)
      return node[key] or check.fail("the graph has no operation '%s'; %s", tostring(key),
        check.suggestion(key, names))
    end,
  })
end

return terms
