-- SPDX-License-Identifier: MIT
-- By which arrays are known again: kind, shape and digest of each, by its name.
local core = require "nudge.core"

return function(arrays)
  local out = {}
  for _, a in ipairs(arrays) do
    out[a.name] = string.format("%s %s, SHA-256 %.12s...", table.concat(a.values:shape(), "x"),
      a.values:kind(), core.sha256_array(a.values))
  end
  return out
end
