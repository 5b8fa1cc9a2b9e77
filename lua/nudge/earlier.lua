-- SPDX-License-Identifier: MIT
-- nudge.earlier: the rows of a run, whether it goes on just now or ended long ago. A script that
-- makes its tables and figures of these shows an earlier run as it shows its own.
local check = require "nudge.check"
local kept = require "nudge.kept"
local stores = require "nudge.store"

local OWNER = "nudge.earlier"

local Earlier = {}
Earlier.__index = Earlier
Earlier.__name = OWNER

-- Rows of a series, as the store has them; those that were made where nothing is kept.
function Earlier:rows(series, made)
  if self.store then
    return self.store:rows(self.id, series)
  end
  return kept(series) or made
end

-- The last of them, without which there is nothing to show.
function Earlier:last(series, made)
  local rows = self:rows(series, made) or {}
  if #rows == 0 then
    check.fail("%s has not come to '%s'", self.id and "run " .. self.id or "this run", series)
  end
  return rows[#rows]
end

-- from: the number of a run of this folder or "last"; "" for the run that goes on. The settings of
-- an earlier run take the place of those of the script.
return function(from, settings)
  if math.type(from) ~= "integer" and type(from) ~= "string" then
    check.fail("%s takes the number of a run, 'last', or '' for none, got %s", OWNER,
      check.type_of(from))
  elseif type(settings) ~= "table" then
    check.fail("%s takes the script's settings behind the run, got %s", OWNER,
      check.type_of(settings))
  end
  local self = setmetatable({}, Earlier)
  if from == "" then
    return self
  end
  self.store = stores.open()
  local run = self.store:run(from)
  self.id = run.id
  for _, name in ipairs(check.sorted_keys(run.settings)) do
    if settings[name] == nil then
      check.fail("run %d of %s has a setting '%s', which this script does not know", run.id,
        run.script, name)
    end
    settings[name] = run.settings[name]
  end
  return self
end
