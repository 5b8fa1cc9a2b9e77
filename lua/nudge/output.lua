-- SPDX-License-Identifier: MIT
-- Files that nudge writes for a script: whole or not at all, and known to the run that is kept.
local core = require "nudge.core"
local run = require "nudge.run"

local output = {}

-- kind: "csv", "json", "figure", "array"; what nudge show calls the file.
function output.write(path, text, kind)
  core.write_file(path, text)
  run.wrote(path, kind)
end

function output.write_npy(path, array)
  core.write_npy(path, array)
  run.wrote(path, "array")
end

return output
