-- SPDX-License-Identifier: MIT
-- The task domains that nudge brings; nudge.domain makes one of a function.
return {
  sinusoid = require "nudge.domains.sinusoid",
}
