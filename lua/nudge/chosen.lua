-- SPDX-License-Identifier: MIT
-- nudge.chosen: some entries of a list, by their names in a setting: "cg, none", or "all".
local check = require "nudge.check"

-- In the order of the list. A name that no entry has is an error.
return function(list, names)
  local owner = "nudge.chosen"
  check.list(owner, "the list", list, "table")
  if type(names) ~= "string" then
    check.fail("%s: names must be a string such as 'a, b' or 'all', got %s", owner,
      check.type_of(names))
  end
  local known, wanted, all, out = {}, {}, false, {}
  for i, entry in ipairs(list) do
    if type(entry.id) ~= "string" then
      check.fail("%s: entry %d has no id to be chosen by", owner, i)
    end
    known[i], known[entry.id] = entry.id, true
  end
  for name in names:gmatch "[^, ]+" do
    if name ~= "all" and not known[name] then
      check.fail("there is no '%s'; there are: all, %s", name, table.concat(known, ", "))
    end
    all, wanted[name] = all or name == "all", true
  end
  for _, entry in ipairs(list) do
    if all or wanted[entry.id] then
      out[#out + 1] = entry
    end
  end
  if #out == 0 then
    check.fail("'%s' chooses nothing; there are: all, %s", names, table.concat(known, ", "))
  end
  return out
end
