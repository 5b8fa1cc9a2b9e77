-- SPDX-License-Identifier: MIT
-- The page of the reference about the command `nudge`, from what each verb says to --help.
local inline = require "nudge.doc.inline"
local page = require "nudge.doc.page"

local commands = {}

local examples = {
  { "nudge run study.lua --set steps=500 --out results", "Run a script with another value of its "
    .. "setting `steps`, and keep what it computes in a folder." },
  { "nudge run --resume last --out results", "Go on with it after Ctrl-C or a power cut." },
  { "nudge watch last --out results", "Look at its curves from another terminal." },
  { "nudge report last --out results", "Write all of it as one page for a browser." },
  { "nudge doc nudge.meta_train", "Explain a function with every field that it takes." },
  { "nudge doc contrastive", "Explain a rule with all its options." },
  { "nudge new learner mine", "Begin a learner of one's own in the folder `mine`." },
  { "nudge check mine/build/mine.so", "Check that it is right." },
}

local environment = {
  { "NUDGE_PLUGIN_PATH", "Folders of plugins, with colons between them. Without it, plugins are "
    .. "found in the user's folder ($XDG_DATA_HOME/nudge-1/plugins) and in that of the "
    .. "installation; a nudge that lies where it was built takes those built with it." },
  { "NUDGE_DATA", "Folder of data sets, looked into before ../shared/data and data." },
}

local files = {
  { "nudge.db", "In the folder of --out: the runs that are kept, an SQLite database." },
  { "nudge-checkpoints/", "Beside it: what runs that were stopped need to go on." },
}

local exit_statuses = {
  { "0", "All went well." },
  { "1", "It did not; a line on standard error says why." },
  { "130", "A run was asked to stop (Ctrl-C) and did; `nudge run --resume last` goes on." },
}

local function rows_of(list)
  local rows = {}
  for i, entry in ipairs(list) do
    rows[i] = { name = entry[1], facts = {}, text = inline.markup(entry[2]) }
  end
  return rows
end

-- "nudge run [OPTION]... [SCRIPT]"
local function usage_of(verb)
  return "nudge " .. verb.name .. (verb.options[1] and " [OPTION]..." or "")
    .. (verb.arguments ~= "" and " " .. verb.arguments or "")
end

local function options_of(verb)
  local rows = {}
  for i, option in ipairs(verb.options) do
    rows[i] = { name = option.name .. (option.value and " " .. option.value or ""), facts = {},
      text = inline.plain(option.doc) }
  end
  rows[#rows + 1] = { name = "--help", facts = {}, text = inline.plain "Say this." }
  return rows
end

local function add_verb(p, verb)
  p:text(inline.code(usage_of(verb)))
  p:text(inline.plain(verb.doc))
  p:terms({ "Option", "What it does" }, options_of(verb))
end

-- One verb by itself.
function commands.verb_page(verb)
  local p = page.new("commands.md", inline.code("nudge " .. verb.name), inline.plain(verb.title))
  add_verb(p, verb)
  return p
end

function commands.page(verbs)
  local p = page.new("commands.md", inline.code "nudge",
    inline.plain "learning rules that learn to learn")
  p:heading(2, inline.plain "Synopsis")
  p:text(inline.code "nudge [--plugin FILE]... VERB [ARGUMENT]...")
  p:heading(2, inline.plain "Description")
  p:text(inline.markup("nudge is a research framework for meta-learning rules. An experiment is a "
    .. "script in Lua, which `nudge run` runs. The other verbs look at runs that are kept, and at "
    .. "what scripts can use: learners and rules, which are plugins, and functions."))
  local rows = {}
  for i, verb in ipairs(verbs) do
    rows[i] = { name = verb.name, facts = {}, text = inline.plain(verb.title),
      target = "commands.md#" .. inline.anchor("nudge " .. verb.name) }
  end
  p:terms({ "Verb", "What it does" }, rows)
  p:heading(2, inline.plain "Verbs")
  for _, verb in ipairs(verbs) do
    p:heading(3, inline.code("nudge " .. verb.name))
    add_verb(p, verb)
  end
  p:heading(2, inline.plain "Examples")
  p:terms({ "Command", "What it does" }, rows_of(examples))
  p:heading(2, inline.plain "Environment")
  p:terms({ "Variable", "What it says" }, rows_of(environment))
  p:heading(2, inline.plain "Files")
  p:terms({ "File", "What it is" }, rows_of(files))
  p:heading(2, inline.plain "Exit status")
  p:terms({ "Status", "What it means" }, rows_of(exit_statuses))
  return p
end

return commands
