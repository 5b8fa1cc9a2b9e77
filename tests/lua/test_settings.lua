-- SPDX-License-Identifier: MIT
-- Run with --set steps=7 --set rate=2.5e-1 --set preset=large --set fast=true
package.path = debug.getinfo(1, "S").source:match "^@(.*/)" .. "?.lua;" .. package.path
local nudge = require "nudge"
local tap = require "tap"

tap.test("declarations that cannot be meant are refused", function()
  tap.raises(function() nudge.settings(3) end, "takes a table")
end)

local set = nudge.settings {
  steps = { 100, min = 1, max = 1000, doc = "how many" },
  rate = 0.1,
  preset = { "default", choices = { "default", "large" } },
  fast = false,
  untouched = "as declared",
}

tap.test("values of --set have the type of the default", function()
  tap.is(set.steps, 7)
  tap.is(math.type(set.steps), "integer")
  tap.is(set.rate, 0.25)
  tap.is(set.preset, "large")
  tap.is(set.fast, true)
  tap.is(set.untouched, "as declared")
end)

tap.test("settings are declared once", function()
  tap.raises(function() nudge.settings {} end, "called once")
end)

tap.done()
