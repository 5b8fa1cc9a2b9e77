-- SPDX-License-Identifier: MIT
-- Other processes of nudge, for tests, and a folder for what they leave.
local core = require "nudge.core"
local tap = require "tap"

local processes = { program = core.real_path "/proc/self/exe", folder = os.tmpname() }

os.remove(processes.folder)
core.make_folders(processes.folder)

function processes.quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Runs a command line of sh. Gives its exit status (128 + the signal that ended it), its output.
function processes.sh(command)
  local log = processes.folder .. "/log"
  local _, how, code = os.execute(command .. " >" .. log .. " 2>&1")
  return how == "signal" and 128 + code or code, tap.read(log)
end

-- nudge run with arguments as a shell reads them.
function processes.run(arguments)
  return processes.sh(processes.quoted(processes.program) .. " run " .. arguments)
end

-- The same, killed after some seconds unless it has ended; 137 if so.
function processes.killed_after(seconds, arguments)
  return processes.sh(string.format("sh -c %s", processes.quoted(string.format(
    "%s run %s & p=$!; (sleep %.3f; kill -9 $p) 2>/dev/null & k=$!; wait $p; c=$?; "
    .. "kill $k 2>/dev/null; exit $c", processes.quoted(processes.program), arguments, seconds))))
end

-- A file in the folder.
function processes.file(name, text)
  local path = processes.folder .. "/" .. name
  core.write_file(path, text)
  return path
end

function processes.done()
  os.execute("rm -rf " .. processes.folder)
end

return processes
