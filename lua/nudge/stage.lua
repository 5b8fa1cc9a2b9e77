-- SPDX-License-Identifier: MIT
-- A stage of long work, as the line of progress shows it:
--   local stage <close> = stages.open("fit", 100)
--   stage:at(k, "loss 0.5")
-- When it is closed it has ended, however far it came; where an error closes it, it leaves nothing.
local core = require "nudge.core"

local Stage = {}
Stage.__index = Stage

local stages = {}

-- done: where counting begins, if not at 0.
function stages.open(name, total, done)
  core.report(name, done or 0, total, nil, "begins")
  return setmetatable({ name = name, total = total, done = done or 0 }, Stage)
end

function Stage:at(done, note)
  self.done, self.note = done, note
  core.report(self.name, done, self.total, note, "goes on")
end

function Stage:__close(failure)
  if failure == nil then
    core.report(self.name, self.done, self.total, self.note, "ended")
  else
    pcall(core.report, self.name, self.done, self.total, nil, "broken")
  end
end

return stages
