-- SPDX-License-Identifier: MIT
-- nudge.keep: a value that a script computes once, also where its run is stopped and goes on.
local core = require "nudge.core"
local check = require "nudge.check"
local checkpoint = require "nudge.checkpoint"
local run = require "nudge.run"

local OWNER = "nudge.keep"

-- What f() gives: numbers, texts, booleans, arrays, tables of them. The script gets it as a run
-- that goes on would, so that both do the same with it.
return function(name, f)
  if type(name) ~= "string" or type(f) ~= "function" then
    check.fail("%s takes a name and a function: nudge.keep('start', function() return ... end)",
      OWNER)
  end
  check.name(OWNER, "the name", name)
  return checkpoint.compute("keep", run.stage("keep " .. name), nil, function()
    local value = f()
    local good, packed = pcall(core.pack, value)
    if not good then
      check.fail("%s '%s': %s", OWNER, name, type(packed) == "table" and packed.text or packed)
    end
    return core.unpack(packed)
  end)
end
