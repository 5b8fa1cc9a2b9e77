#!/bin/sh
# SPDX-License-Identifier: MIT
# The line of progress and nudge watch, under a pseudo-terminal and without one, with real runs.
# Usage: watch.sh NUDGE; writes TAP.
. "$(dirname "$0")/tap.sh"
pid=
cleanup() {
  [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
}

# A run that logs two metrics in 40 steps, as long as the test wants: it waits for the file `go on`.
script slow.lua <<'LUA'
local nudge = require "nudge"
local core = require "nudge.core"
local stages = require "nudge.stage"
local set = nudge.settings { steps = 40, seconds = 0.05, wait = false }
local function is_there(name)
  local f = io.open(name)
  return f and f:close()
end
do
  local stage <close> = stages.open("a stage with a name that is longer than the window is wide",
    set.steps)
  for k = 1, set.steps do
    nudge.log("slow/train", k, { loss = math.exp(-k / 8), still = 1 })
    core.pause(set.seconds)
    stage:at(k, "loss " .. k)
    if k == 10 then
      print "a line of the script"
    end
    while k == set.steps and set.wait and not is_there "go-on" do
      core.pause(0.05)
    end
  end
end
LUA

# terminal COLUMNS LINES COMMAND...: under a pseudo-terminal; what it wrote is in `typed`
terminal() {
  columns=$1 lines=$2
  shift 2
  timeout 100 script -qefc "stty cols $columns rows $lines; $*" typed >/dev/null </dev/null
  terminal_status=$?
  sed -i '1d;$d' typed
}
# fits COLUMNS FILE: no more characters than that between two movements to the left margin
fits() {
  ! tr '\r' '\n' <"$2" | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | LC_ALL=C.UTF-8 grep -qE "^.{$(($1 + 1)),}"
}
# wait_for PATTERN FILE
wait_for() {
  for _ in $(seq 400); do
    grep -qE -- "$1" "$2" 2>/dev/null && return 0
    sleep 0.05
  done
  return 1
}

# The program, not what tap.sh calls so.
if ! command script -qefc true /dev/null >/dev/null 2>&1 </dev/null; then
  echo "1..0 # SKIP no script(1), of bsdutils, is installed, or this system gives no pseudo-terminals"
  exit 0
fi

terminal 40 10 "$nudge" run slow.lua --set steps=30 --out progress
[ $terminal_status = 0 ]
report $? "progress runs on a terminal" "$(cat typed)"
tr '\r' '\n' <typed | grep -v ' in [0-9.]* s' >rewritten
fits 39 rewritten && grep -q '…' rewritten
report $? "a line of progress is cut to the window" "$(cat rewritten)"
tr '\r' '\n' <typed | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | grep -qx 'a line of the script'
report $? "what a script prints stands on lines of its own" "$(cat typed)"
grep -qE 'wide: 30 in [0-9.]+ s, loss 30, [0-9.]+/s, [0-9]+ MB' typed
report $? "a stage that ends says what it was" "$(cat typed)"

"$nudge" run slow.lua --set steps=4 --out progress >out 2>err
[ $? = 0 ] && ! grep -q "$(printf '\033')" err && [ "$(wc -l <err)" -le 1 ]
report $? "without a terminal a short stage leaves at most a line" "$(cat err)"

"$nudge" run slow.lua --set wait=true --out o >out 2>err &
pid=$!
wait_for . o/nudge.db
rm -f typed
(wait_for running typed && touch go-on) &
terminal 70 24 "$nudge" watch last --out o --every 0.1
bad=$terminal_status
grep -q 'running' typed && grep -q 'slow/train: step 40' typed && grep -q '█' typed || bad=1
tr '\n' ' ' <typed | grep -qE 'run 1 · slow · done' || bad=1
fits 70 typed || bad=1
report $bad "watching on a terminal ends with the run" "$terminal_status $(cat typed)"
wait $pid
pid=
rm -f go-on

terminal 30 6 "$nudge" watch 1 --out o
[ $terminal_status = 0 ] && fits 30 typed && grep -q '^… [0-9]* more lines' typed &&
  [ "$(wc -l <typed)" -le 6 ]
report $? "a small window shows what fits" "$(cat typed)"

"$nudge" run slow.lua --set wait=true --out o >out 2>err &
pid=$!
for _ in $(seq 400); do
  "$nudge" watch 2 --out o --once >snapshot 2>/dev/null && break
  sleep 0.05
done
: >snapshots
(wait_for '^run 2 · slow · running' snapshots && touch go-on) &
timeout 100 "$nudge" watch 2 --out o --every 0.2 >snapshots 2>err
status=$?
wait $pid
pid=
rm -f go-on
[ $status = 0 ] && [ "$(grep -c '^run 2 · slow' snapshots)" -ge 2 ] &&
  grep -qE '^run 2 · slow · done' snapshots && ! grep -q "$(printf '\033')" snapshots
report $? "without a terminal every change is a plain snapshot" "$status $(cat snapshots err)"
grep -q '^run 2 · slow · running' snapshot && [ "$(grep -c '^run' snapshot)" = 1 ]
report $? "--once shows the run as it is" "$(cat snapshot)"

"$nudge" run slow.lua --set wait=true --out o >out 2>err &
pid=$!
for _ in $(seq 400); do
  "$nudge" watch 3 --out o --once >/dev/null 2>&1 && break
  sleep 0.05
done
kill -9 $pid
wait $pid 2>/dev/null
pid=
timeout 60 "$nudge" watch last --out o >snapshots 2>err
[ $? = 0 ] && grep -q '^run 3 · slow · killed' snapshots
report $? "watching a killed run ends" "$(cat snapshots err)"

refuses "a run that is not there" "no run '99'" watch 99 --out o
refuses "no run" 'one run is wanted' watch --out o
refuses "no store" 'no store of runs in empty' watch 1 --out empty
refuses "an interval that is none" "--every wants seconds.*'soon'" watch 1 --out o --every soon
refuses "an interval too short" "--every.*'0'" watch 1 --out o --every 0
refuses "an interval too long" "--every.*'nan'" watch 1 --out o --every nan

tap_end
