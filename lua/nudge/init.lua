-- SPDX-License-Identifier: MIT
-- The nudge API: what an experiment requires. Everything in a script is data until it runs.
local core = require "nudge.core"
core.set_library(debug.getinfo(1, "S").source:match "^@(.*/)" or "")

local output = require "nudge.output"

local host = core.host()
local nudge = {
  -- folder for results, and threads to compute with (--out, --threads)
  out = host.out,
  threads = host.threads,
  script = host.script,

  array = core.array,
  zeros = core.zeros,
  linspace = core.linspace,
  logspace = core.logspace,
  random = core.random,

  learner = core.learner,
  rule = core.rule,
  learners = function()
    return core.components "learner"
  end,
  rules = function()
    return core.components "rule"
  end,
  compare = core.compare,
  peak_memory = core.peak_bytes,
  fit_order = core.fit_order,

  npy = { read = core.read_npy, write = output.write_npy },
  data = require "nudge.data",
  tasks = require "nudge.tasks",
  domain = require "nudge.domains.custom",
  domains = require "nudge.domains",
}

-- The option table of a learner or rule; nil and a message where there is no such component.
function nudge.options(id)
  local options, message, code = core.options("rule", id)
  if not options then
    options, message, code = core.options("learner", id)
  end
  return options, message, code
end

nudge.define_learner = require("nudge.define").learner
nudge.define_rule = require("nudge.define").rule
nudge.settings = require("nudge.settings").declare
nudge.log = require "nudge.log"
nudge.keep = require "nudge.keep"
nudge.kept = require "nudge.kept"
nudge.earlier = require "nudge.earlier"
nudge.chosen = require "nudge.chosen"
nudge.decades = require "nudge.decades"
nudge.learned = require "nudge.learned"
nudge.store = { open = require("nudge.store").open }
nudge.figure = require "nudge.figure"
nudge.rows = require "nudge.rows"
nudge.problem = require("nudge.problem").open
nudge.outer = require("nudge.outer").open
nudge.meta_train = require("nudge.meta_train").run
nudge.curves = require("nudge.curves").summarise
nudge.spread = require("nudge.curves").spread
nudge.comparison = require("nudge.comparison").run
nudge.summary = require("nudge.comparison").summary
nudge.fits = require "nudge.fits"

local study = require "nudge.study"
nudge.gradient_error = study.gradient_error
-- The same as the methods of a study, for several in one file.
nudge.csv, nudge.json, nudge.plot_studies = study.csv, study.json, study.plot

-- A path inside the folder for results.
function nudge.result(name)
  return nudge.out == "." and name or nudge.out .. "/" .. name
end

return nudge
