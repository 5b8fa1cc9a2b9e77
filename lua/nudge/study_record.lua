-- SPDX-License-Identifier: MIT
-- What a study puts into the run that is kept: a table of all its rows, and their measures as a
-- series whose steps are the rows.
local run = require "nudge.run"
local study_files = require "nudge.study_files"

local study_record = {}

-- Before the estimates: an unwritable store is known before there is anything to lose.
function study_record.start(s, problem)
  local recorder = run.current()
  if recorder then
    s.stage = run.stage(s.name)
    local spec, info = problem:spec(), problem:info()
    recorder:options(s.stage, { learner = spec.learner, data = spec.tasks.origin,
      inner = spec.inner, dtype = spec.dtype, seed = spec.seed, tasks = info.n_tasks,
      phi = info.n_phi, theta = info.n_theta })
  end
end

function study_record.finish(s)
  local recorder = run.current()
  if recorder then
    local rows = study_files.rows(s)
    recorder:table(s.stage, rows)
    for i, row in ipairs(rows) do
      local values = { seconds = s.rows[i].seconds }
      for name, value in pairs(row) do
        values[name] = type(value) == "number" and value or values[name]
      end
      recorder:row(s.stage .. "/estimates", i, values, { "seconds" })
    end
  end
end

return study_record
