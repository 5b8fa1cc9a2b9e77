-- SPDX-License-Identifier: MIT
-- nudge watch RUN: a run in numbers and curves, again and again while it goes on. On a terminal the
-- lines are rewritten; anywhere else every change is a snapshot of plain lines.
local core = require "nudge.core"
local arguments = require "nudge.cli.arguments"
local check = require "nudge.check"
local stores = require "nudge.store"
local watch = require "nudge.watch"

local EVERY = { default = 1, least = 0.05, most = 3600 } -- seconds
local PLAIN = 120 -- columns where there is no window
local RATES_OVER = 10 -- seconds

-- Rows of series, read once and then only what is new. A resumed run goes back: then all of a
-- series is read again.
local function reader(store, id)
  local known = {}
  return function(series)
    local k = known[series.name]
    if not k or (series.last_step or 0) < (k.last or 0) or series.steps < #k.rows then
      k = { rows = {} }
      known[series.name] = k
    end
    local new = store:rows(id, series.name, { after_step = k.last })
    table.move(new, 1, #new, #k.rows + 1, k.rows)
    k.last = k.rows[#k.rows] and k.rows[#k.rows].step
    return k.rows
  end
end

-- The lines that fit a window, the last of them saying how many do not.
local function fitted(lines, window)
  local height = math.max(2, window.lines - 1)
  if #lines <= height then
    return lines
  end
  local out = table.move(lines, 1, height - 1, 1, {})
  out[height] = watch.cut(string.format("… %d more lines; a taller window shows them",
    #lines - height + 1), window.columns)
  return out
end

-- Writes over the n lines of the last time. Gives how many there are now.
local function rewrite(lines, n, window)
  lines = fitted(lines, window)
  io.write(n > 0 and string.format("\r\27[%dA", n) or "", table.concat(lines, "\27[K\n"),
    "\27[K\n\27[J")
  io.flush()
  return #lines
end

local function seconds_of(given)
  local every = given == nil and EVERY.default or core.parse_number(given)
  if not every or every < EVERY.least or every > EVERY.most or every ~= every then
    check.fail("--every wants seconds from %g to %d, got '%s'", EVERY.least, EVERY.most, given)
  end
  return every
end

-- One look at the run: its lines, and whether it goes on.
local function look(self)
  local run, now = self.store:run(self.id), core.wall_clock()
  local lines = watch.lines(run, self.rows_of, now,
    self.window and self.window.columns or PLAIN, self.before)
  if not self.before or now - self.before.time >= RATES_OVER then
    self.before = watch.look(run, now)
  end
  return lines, run.status == "running"
end

-- Snapshots of what has changed; that time passes is no change.
local function print_changes(self, lines)
  local state = lines[1]:gsub(" · [%d.]+ [%w ]+ · ", " ") .. table.concat(lines, "\n", 2)
  if state ~= self.state then
    io.write(self.state and "\n" or "", table.concat(lines, "\n"), "\n")
    io.flush()
  end
  self.state = state
end

return function(given)
  local every = seconds_of(arguments.one(given, "every"))
  local which = arguments.operands(given, 1, 1, "one run is")[1]
  local store <close> = stores.open()
  local id = store:run(which).id
  local self = { store = store, id = id, rows_of = reader(store, id) }
  local written = 0
  repeat
    self.window = not given.once and core.terminal() or nil
    local lines, goes_on = look(self)
    if self.window then
      written = rewrite(lines, written, self.window)
    else
      print_changes(self, lines)
    end
    goes_on = goes_on and not given.once
    if goes_on then
      core.pause(every)
    end
  until not goes_on
end
