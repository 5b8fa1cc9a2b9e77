-- SPDX-License-Identifier: MIT
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

tap.test("every component has a documented option table", function()
  local n = 0
  for _, list in ipairs { nudge.rules(), nudge.learners() } do
    for _, id in ipairs(list) do
      for _, option in ipairs(assert(nudge.options(id))) do
        n = n + 1
        tap.ok(#option.doc > 5, id .. "." .. option.name .. ".doc")
        tap.ok(#option.range > 3, id .. "." .. option.name .. ".range")
        tap.ok(nudge.options(id)[option.name], "options are also found by name")
      end
    end
  end
  tap.ok(n > 10, "number of options")
  tap.is(nudge.options("contrastive").beta.type, "number")
  tap.is(nudge.options("contrastive").beta.exclusive_min, true)
  tap.is(nudge.options("contrastive").variant.choices[1], "forward")
  local none, message = nudge.options "contrastve"
  tap.is(none, nil)
  tap.matches(message, "contrastve")
end)

tap.test("options are checked at the script's line", function()
  local function rule(options)
    return function() nudge.rule("contrastive", options) end
  end
  local e = tap.raises(rule { bta = 1 }, "^.*test_options.lua:%d+: .*did you mean 'beta'")
  tap.is(e.code, "invalid")
  tap.is(e.component, "contrastive")
  tap.raises(rule { beta = -1 }, "beta", "%-1", "%(0, 1000%]")
  tap.raises(rule { beta = 0 / 0 }, "beta", "[Nn]a[Nn]")
  tap.raises(rule { beta = "x" }, "beta", "'x'")
  tap.raises(rule { beta = {} }, "beta")
  tap.raises(rule { beta = print }, "beta cannot be a function")
  tap.raises(rule { variant = "forwards" }, "variant", "forward")
  tap.raises(rule { points = 3.5 }, "points", "3.5")
  tap.raises(rule { 3 }, "by name")
  tap.raises(function() nudge.rule("contrastiv") end, "did you mean 'contrastive'", "implicit")
  tap.raises(function() nudge.learner("complex_synapse", { layers = { 3, "x" } }) end, "layers")
  tap.raises(function() nudge.learner("complex_synapse", {}) end, "layers")
  tap.raises(function()
    nudge.learner("modulated_net", { layers = { 1, 4, 1 }, fast = { "gains", "shifts" } })
  end, "fast", "in one text")
  tap.raises(function() nudge.rule(3.5) end)
  tap.raises(function() nudge.rule("contrastive", 3) end, "table expected")
end)

tap.test("whole numbers may be written 3 or 3.0", function()
  local a = nudge.rule("contrastive", { variant = "holomorphic", points = 8.0 })
  tap.is(a:options().points, 8)
  tap.is(a:options().variant, "holomorphic")
  tap.is(a:id(), "contrastive")
  tap.is(a:given().points, 8.0)
  tap.is(a:given().beta, nil)
  local l = nudge.learner("complex_synapse", { layers = { 4.0, 2 } })
  tap.is(l:options().layers[1], 4)
end)

tap.test("closing is idempotent and noticed", function()
  local rule <close> = nudge.rule("contrastive")
  rule:close()
  rule:close()
  tap.raises(function() rule:options() end, "closed")
  tap.matches(tostring(rule), "closed")
end)

tap.done()
