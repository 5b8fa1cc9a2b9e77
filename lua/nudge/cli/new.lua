-- SPDX-License-Identifier: MIT
-- nudge new: a folder with a learner or a rule to begin with, from the templates beside this file.
local core = require "nudge.core"
local arguments = require "nudge.cli.arguments"
local check = require "nudge.check"

local kinds = { "learner", "rule" }
local LONGEST = 63 -- bytes of a name or an id, as the loader has it

-- Files of a plugin, in the order in which one reads them; those of a kind are in its folder.
local files = {
  { "README.md", "common" }, { "plugin.c" }, { "meson.build", "common" }, { "try.lua" },
}

-- What meson keeps for itself; a plugin is a build target of its own name.
local kept_by_meson = { all = true, benchmark = true, clean = true, coverage = true, dist = true,
  distcheck = true, install = true, reconfigure = true, test = true, uninstall = true }

local function check_name(name)
  if #name > LONGEST or not name:find "^[a-z][a-z0-9_]*$" then
    check.fail("'%s' is no name for a plugin: 1 to %d of a-z, 0-9 and _, a letter first%s",
      (name:sub(1, 60):gsub("%c", "?")), LONGEST,
      name:find("/", 1, true) and "; --folder says where" or "")
  end
  if kept_by_meson[name] then
    check.fail("'%s' is a target of every meson build; choose another name", name)
  end
  return name
end

local function check_owner(owner)
  for part in (owner .. "."):gmatch "([^.]*)%." do
    if not part:find "^[a-z][a-z0-9_]*$" then
      check.fail("--owner '%s': dotted names of a-z, 0-9 and _ are wanted, such as org.lab",
        (owner:sub(1, 60):gsub("%c", "?")))
    end
  end
  return owner
end

-- Components are found by their id, so that two cannot share one.
local function check_free(id)
  if #id > LONGEST then
    check.fail("the id %s has %d bytes; %d are allowed", id, #id, LONGEST)
  end
  for _, kind in ipairs(kinds) do
    for _, taken in ipairs(core.components(kind)) do
      if taken == id then
        check.fail("there is a %s '%s' already; choose another name, or --owner PREFIX for the id "
          .. "PREFIX.%s", kind, id, id)
      end
    end
  end
  return id
end

local function filled(kind, values)
  local folder = debug.getinfo(1, "S").source:match "^@(.*/)cli/" .. "templates/"
  local out = {}
  for i, file in ipairs(files) do
    local path = folder .. (file[2] or kind) .. "/" .. file[1]
    local from <close> = assert(io.open(path, "r"))
    out[i] = { file[1], (from:read("a"):gsub("@(%l+)@", values)) }
  end
  return out
end

-- An executable that lies where it was built has a pkg-config file there for its own headers.
local function build_folder()
  local folder = (core.real_path "/proc/self/exe" or ""):match "^(.*)/[^/]*$"
  return folder and core.real_path(folder .. "/nudge-1.pc") and folder
end

local function quoted(text)
  return text:find "^[%w%./_-]+$" and text or "'" .. text:gsub("'", "'\\''") .. "'"
end

local function what_is_next(path)
  local folder = build_folder()
  return string.format("%s: README.md, plugin.c, meson.build, try.lua; next:\n  cd %s\n"
    .. "  %smeson setup build\n  meson test -C build\n", path, quoted(path),
    folder and "PKG_CONFIG_PATH=" .. quoted(folder) .. " " or "")
end

return function(given)
  local kind, name = given.operands[1], given.operands[2]
  if not kind then
    check.fail "'new' wants a kind and a name: nudge new learner mine"
  end
  check.choice("nudge new", "kind", kind, kinds)
  if #given.operands ~= 2 then
    check.fail("'new %s' wants one name, got %d: nudge new %s mine", kind, #given.operands - 1,
      kind)
  end
  check_name(name)
  local owner = arguments.one(given, "owner")
  local id = check_free(owner and check_owner(owner) .. "." .. name or name)
  local folder = arguments.one(given, "folder")
  local path = (folder and folder ~= "." and folder:gsub("(.)/*$", "%1") .. "/" or "") .. name
  local contents = filled(kind, { name = name, id = id, kind = kind })
  local next_steps = what_is_next(path)
  core.write_folder(path, contents) -- last of all that can fail
  io.write(next_steps)
end
