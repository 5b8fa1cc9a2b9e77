-- SPDX-License-Identifier: MIT
-- nudge.kept: what the run of this script has in the store by now.
local check = require "nudge.check"
local run = require "nudge.run"
local store = require "nudge.store"

-- Rows of a series, in order of step; nil where nothing is kept (--no-store).
return function(series)
  if type(series) ~= "string" then
    check.fail("nudge.kept takes the name of a series, got %s", check.type_of(series))
  end
  local recorder = run.current()
  if not recorder then
    return nil
  end
  local from <close> = store.open()
  return from:rows(recorder:id(), series)
end
