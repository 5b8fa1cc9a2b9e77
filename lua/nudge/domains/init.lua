-- SPDX-License-Identifier: MIT
-- The domains of tasks that nudge brings; nudge.domain makes one of a function.
return {
  sinusoid = require "nudge.domains.sinusoid",
  linear = require "nudge.domains.linear",
  polynomial = require "nudge.domains.polynomial",
  clusters = require "nudge.domains.clusters",
  fixed = require "nudge.domains.fixed",
}
