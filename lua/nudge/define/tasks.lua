-- SPDX-License-Identifier: MIT
-- The arrays of a task as fields: task.learn.inputs and task["learn.inputs"] are the same.
local check = require "nudge.check"

local tasks = {}

local function strict(names, prefix)
  return {
    __index = function(_, key)
      if type(key) == "string" then
        check.fail("the tasks have no array '%s%s'; %s", prefix, key,
          #names > 0 and check.suggestion(prefix .. key, names) or "they have none")
      end
    end,
  }
end

-- arrays: list of { name, value }.
function tasks.fields(arrays)
  local names, task = {}, {}
  for i, array in ipairs(arrays) do
    names[i] = array[1]
    task[array[1]] = array[2]
  end
  for _, array in ipairs(arrays) do
    local head, tail = array[1]:match "^([^.]+)%.(.+)$"
    if head and (rawget(task, head) == nil or getmetatable(task[head]) == head) then
      local part = rawget(task, head) or setmetatable({}, { __metatable = head })
      task[head] = part
      part[tail] = array[2]
    end
  end
  for head, part in pairs(task) do
    if type(part) == "table" and getmetatable(part) == head then
      local plain = {}
      for key, value in pairs(part) do
        plain[key] = value
      end
      task[head] = setmetatable(plain, strict(names, head .. "."))
    end
  end
  return setmetatable(task, strict(names, ""))
end

return tasks
