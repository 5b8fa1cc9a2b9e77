-- SPDX-License-Identifier: MIT
-- Which process this is, and whether one that is known by its number still runs.
local process = {}

local function first_line(path)
  local file = io.open(path, "r")
  local line = file and file:read "l"
  if file then
    file:close()
  end
  return line
end

-- Process numbers are used again: the time of its start, counted from the machine's, is not. One
-- that was killed and that nobody has asked about yet (Z) runs no more.
local function stat(pid)
  local number, rest = (first_line("/proc/" .. pid .. "/stat") or ""):match "^(%d+) .*%) (.*)$"
  local fields = {}
  for field in (rest or ""):gmatch "%S+" do
    fields[#fields + 1] = field
  end
  local boot = first_line "/proc/sys/kernel/random/boot_id"
  local mark = fields[1] ~= "Z" and fields[20] and boot and fields[20] .. "@" .. boot
  return math.tointeger(tonumber(number)), mark
end

function process.host()
  return first_line "/proc/sys/kernel/hostname" or "unknown"
end

-- Number of this process (0: not known) and its mark.
function process.own()
  local pid, mark = stat "self"
  return pid or 0, mark
end

-- Is it known to have ended? A process of another machine never is.
function process.has_ended(host, pid, mark)
  if not mark or host ~= process.host() then
    return false
  end
  local _, now = stat(pid)
  return now ~= mark
end

return process
