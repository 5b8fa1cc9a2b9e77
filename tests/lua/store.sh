#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs that are kept, from outside: the verbs that read them, and what may happen to a store: a full
# disk, a folder that cannot be written, files that are no stores, several runs at once, SIGKILL.
# Usage: store.sh NUDGE; writes TAP.
. "$(dirname "$0")/tap.sh"
mounted=
cleanup() {
  [ -z "$mounted" ] || umount "$mounted"
}

# database FILE STATEMENTS: changes a database
database() {
  printf 'require("nudge.core").database("%s", "create"):exec [[%s]]\n' "$1" "$2" >database.lua
  "$nudge" run --no-store database.lua
}

# --- what is kept
script own.lua <<'LUA'
local nudge = require "nudge"
local set = nudge.settings { rate = 0.5, fast = false, name = "a" }
for step = 1, 20 do
  nudge.log("learning", step, { loss = set.rate / step, accuracy = 1 - 1 / step, same = 3 })
end
nudge.rows { columns = { "x" }, rows = { { x = 1 } } }:csv(nudge.result "x.csv")
LUA
script nothing.lua <<'LUA'
local nudge = require "nudge"
print(nudge.zeros(2))
LUA
"$nudge" run nothing.lua >out 2>err && [ ! -e nudge.db ]
report $? "a script that keeps nothing leaves no store"
"$nudge" run own.lua --no-store && [ ! -e nudge.db ] && rm x.csv
report $? "--no-store leaves none"
refuses "no runs in a folder without a store" 'no store of runs in \.: nudge\.db' runs
"$nudge" run own.lua && "$nudge" run own.lua --set rate=0.25 --set fast=true && [ -s nudge.db ] &&
  [ ! -e nudge.db-wal ]
report $? "two runs in one store, in one file"
prints "runs: the newest first, with what was set" \
  '^ *2 +own +done +20[0-9-]+ [0-9:]+ +just now +0\.[0-9]+ s +rate=0\.25 fast=true$' runs
head -2 out | tail -1 | grep -q '^ *2'
report $? "the newest is the first" "$(cat out)"
# what a setting holds does nothing to the terminal and breaks no line
mkdir odd
"$nudge" run own.lua --out odd --set "name=$(printf 'two\nlines \033[31mred \302\2331m')"
prints "runs: control characters are spelt out" 'name=two\\nlines \\x1b\[31mred \\u009b1m$' \
  runs --out odd
[ "$(wc -l <out)" = 2 ]
report $? "a line for each run" "$(cat out)"
prints "show: control characters are spelt out" 'two\\nlines \\x1b\[31mred' show 1 --out odd
prints "runs: a status that no run has" '^no runs fit$' runs --status killed
prints "runs as JSON" '"status": "done"' runs --json
refuses "runs: an unknown status" "'dead' is not one of: running, done" runs --status dead
refuses "runs: a limit that is no number" "'x'" runs --limit x
refuses "runs takes no run" "'1'.*nudge show 1" runs 1
prints "show: the heading" '^run 1: own, done$' show 1
grep -q '^  rate  *0.5$' out && grep -q '^  learning  *20  *20  loss 0.025, accuracy 0.95$' out &&
  grep -qE '^  x\.csv  csv  4 B' out && grep -qE 'sha256 [0-9a-f]{12}\)' out
report $? "show: settings, series, files, digests" "$(cat out)"
prints "show last" '^  fast +true +\(--set\)$' show last
echo 3 >>x.csv
prints "show: a file that was changed" 'x\.csv.*changed since' show 2
rm x.csv
prints "show: a file that is gone" 'x\.csv.*gone' show 2
prints "show: a series step by step" '^   4 +0\.75 +0\.125 +3$' show 1 --series learning
prints "show: the manifest" '"sha256": "[0-9a-f]{64}"' show 1 --manifest
refuses "show: a run that is not there" "no run '7'; the last one is 2" show 7
refuses "show: no run" 'one run is wanted' show
refuses "show: a series that is not there" "did you mean 'learning'" show 1 --series learnin
prints "compare: what differs" '^  setting rate +0\.5 +0\.25$' compare 1 2
grep -q '^  loss, last  *0.025  *0.0125$' out && grep -q 'the same in all: accuracy, same' out &&
  ! grep -q 'setting name' out
report $? "compare: what was reached, and what is the same" "$(cat out)"
refuses "compare: one run" 'from 2 to 12 runs' compare 1
refuses "compare: an unknown metric" "did you mean 'loss'" compare 1 2 --metric lss
if command -v gnuplot >/dev/null 2>&1; then
  "$nudge" compare 1 2 --plot both.svg >out 2>err && grep -q '</svg>' both.svg &&
    grep -q 'run 2' both.svg
  report $? "compare: the curves in one figure" "$(cat err)"
fi
prints "export: CSV" '^learning,3,0\.6666666666666667,0\.16666666666666666,3$' export 1
head -1 out | grep -q '^series,step,accuracy,loss,same$'
report $? "export: the heading" "$(head -1 out)"
"$nudge" export 1 --to file.csv && cmp -s out file.csv
report $? "export: into a file"
prints "export: JSON" '"rate": 0.25' export 2 --format json
refuses "export: another format" "'xml' is not one of: csv, json" export 1 --format xml
refuses "export: where nothing can be written" '/dev/null/x' export 1 --to /dev/null/x
prints "a folder of its own" '^no runs fit$' runs --out . --name other

# --- how runs end
script fails.lua <<'LUA'
local nudge = require "nudge"
nudge.log("a", 1, { x = 1 })
error "it is broken"
LUA
"$nudge" run fails.lua 2>err
prints "a failed run says why" 'fails +failed .*fails\.lua:3: it is broken$' runs --status failed
script stopped.lua <<'LUA'
local nudge = require "nudge"
for step = 1, 1e9 do
  nudge.log("a", step, { x = step })
  if step == 10 then io.popen("kill -INT $PPID"):close() end
end
LUA
timeout 60 "$nudge" run stopped.lua 2>err
prints "an interrupted run" 'stopped +interrupted' runs --limit 1
prints "what it had kept is there" '^a,10,10$' export last

script leaves.lua <<'LUA'
local nudge = require "nudge"
nudge.log("a", 1, { x = 5 })
os.exit(3)
LUA
"$nudge" run leaves.lua
[ $? = 3 ]
report $? "os.exit gives its status"
prints "and the run is complete" 'leaves +failed .*os\.exit\(3\)' runs --limit 1
prints "with its rows" '^a,1,5$' export last

# --- what is no store
for kind in newer text other empty truncated; do mkdir $kind; done
database newer/nudge.db 'PRAGMA application_id = 1853187175; PRAGMA user_version = 2'
[ "$(head -c 100 newer/nudge.db | od -An -tx1 -j68 -N4 | tr -d ' \n')" = 6e756467 ]
report $? "the application id is that of a store"
echo "these are my notes" >text/nudge.db
database other/nudge.db 'CREATE TABLE mine(x)'
: >empty/nudge.db
head -c 5000 nudge.db >truncated/nudge.db
refuses "a newer store is not written" 'newer/nudge\.db: .*newer.* 2.* 1$' run own.lua --out newer
refuses "a newer store is not read" 'newer/nudge\.db: .*newer' runs --out newer
refuses "a text is not written" 'text/nudge\.db: is no SQLite database' run own.lua --out text
refuses "a text is not read" 'text/nudge\.db: is no SQLite database' runs --out text
[ "$(cat text/nudge.db)" = "these are my notes" ]
report $? "and is what it was"
cp other/nudge.db before.db
refuses "another database is not written" 'no store of nudge' run own.lua --out other
cmp -s other/nudge.db before.db
report $? "and is what it was"
refuses "an empty file is not read" 'empty/nudge\.db: is empty' runs --out empty
"$nudge" run own.lua --out empty
prints "but becomes a store" ' done ' runs --out empty
refuses "a truncated store is not read" 'truncated/nudge\.db: is damaged' runs --out truncated
refuses "a truncated store is not written" 'truncated/nudge\.db: is damaged' \
  run own.lua --out truncated

# --- a file first: without a store the numbers are written all the same
script file.lua <<'LUA'
local nudge = require "nudge"
for _, name in ipairs { "one.csv", "two.csv" } do
  nudge.rows { columns = { "x" }, rows = { { x = 1 } } }:csv(nudge.result(name))
end
print "done"
LUA
refuses "files are written where the store cannot be" \
  'this run is not kept: newer/nudge\.db: .*newer' run file.lua --out newer
[ -s newer/one.csv ] && [ -s newer/two.csv ] && grep -q '^done$' out
report $? "both files are there, and the script came to its end"

# --- several runs at once
# A store is begun while another process holds the same new file: SQLite itself would not wait.
mkdir held
script holds.lua <<'LUA'
local db = require("nudge.core").database("held/nudge.db", "create")
db:exec "BEGIN IMMEDIATE; CREATE TABLE passing(x)"
io.open("held/begun", "w"):close()
os.execute "sleep 1"
db:exec "ROLLBACK"
LUA
"$nudge" run --no-store holds.lua 2>err &
pid=$!
while [ ! -e held/begun ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
"$nudge" run own.lua --out held 2>started
report $? "a store is begun when another process lets go of the file" "$(cat started)"
wait $pid
report $? "which had held it" "$(cat err)"
prints "and is there" ' own +done ' runs --out held
script many.lua <<'LUA'
local nudge = require "nudge"
local set = nudge.settings { k = 0 }
for step = 1, 200 do
  nudge.log("s", step, { k = set.k, x = step * set.k })
  if step % 10 == 0 then require("nudge.run").current():commit() end
end
LUA
pids=
for k in 1 2 3 4 5 6 7 8; do
  "$nudge" run many.lua --set k=$k --out many 2>many$k.err &
  pids="$pids $!"
done
bad=0
for pid in $pids; do wait "$pid" || bad=1; done
report $bad "eight runs begin a store and write to it at the same time" "$(cat many?.err)"
script check_many.lua <<'LUA'
local nudge = require "nudge"
local store <close> = nudge.store.open "many"
local seen = {}
for _, r in ipairs(store:runs()) do
  local k, rows = store:run(r.id).settings.k, store:rows(r.id, "s")
  assert(r.status == "done" and #rows == 200 and not seen[k])
  seen[k] = true
  for step, row in ipairs(rows) do
    assert(row.step == step and row.k == k and row.x == step * k)
  end
end
assert(#seen == 8)
LUA
"$nudge" run --no-store check_many.lua 2>err
report $? "and every row is in its run" "$(cat err)"

# --- killed at any moment
script killed.lua <<'LUA'
local nudge = require "nudge"
local run = require "nudge.run"
for step = 1, 1e9 do
  nudge.log("s", step, { x = step / 3, y = -step })
  if step % 7 == 0 and run.current():commit() then
    io.write(step, "\n")
    io.flush()
  end
end
LUA
script check_killed.lua <<'LUA'
local nudge = require "nudge"
local store <close> = nudge.store.open "killed"
local r = store:run "last"
local reported = 0
for line in io.lines "reported" do
  reported = math.tointeger(tonumber(line)) or reported
end
local rows = store:rows(r.id, "s")
assert(r.status == "killed", r.status)
assert(#rows >= reported, #rows .. " rows of " .. reported)
for step, row in ipairs(rows) do
  assert(row.step == step and row.x == step / 3 and row.y == -step)
end
LUA
bad=0
for pause in 0.02 0.05 0.09 0.14 0.2 0.28 0.37 0.5; do
  "$nudge" run killed.lua --out killed >reported 2>err &
  pid=$!
  while [ ! -s reported ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
  sleep $pause
  kill -KILL $pid
  wait $pid 2>/dev/null
  "$nudge" run --no-store check_killed.lua 2>>killed.err || bad=1
done
report $bad "SIGKILL at 8 moments: no row is lost that was written, and the run shows as killed" \
  "$(cat killed.err)"

# --- a folder that cannot be written, a full disk
script full.lua <<'LUA'
local nudge = require "nudge"
local run = require "nudge.run"
local sum = 0
for step = 1, 400 do
  local row = {}
  for k = 1, 20 do
    row["metric" .. k] = step / k
  end
  nudge.log("s", step, row)
  sum = sum + step
  if step % 50 == 0 then run.current():commit() end
end
print("sum", sum)
LUA
mkdir disk
if mount -t tmpfs -o size=240k tmpfs disk 2>/dev/null; then
  mounted=$work/disk
  TMPDIR=$work "$nudge" run full.lua --out disk >out 2>err
  status=$?
  rescued=$(sed -n 's/.*what was not written of run 1 is in \(.*\)$/\1/p' err)
  [ $status = 1 ] && grep -q '^sum	80200$' out && [ "$(wc -l <err)" = 2 ] &&
    grep -q 'disk/nudge.db: no room left: the disk is full; the run goes on' err && [ -s "$rescued" ]
  report $? "full disk: the run goes on to its end, and says where the numbers are" \
    "status $status: $(cat out err)"
  script check_full.lua <<'LUA'
local nudge = require "nudge"
local json = require "nudge.json"
local store <close> = nudge.store.open "disk"
local seen, first = {}, store:runs()[1]
for _, row in ipairs(first and store:rows(1, "s") or {}) do
  seen[row.step] = row.metric7 == row.step / 7
end
for _, path in ipairs { RESCUED } do
  local file = assert(io.open(path))
  for _, entry in ipairs(json.decode(file:read "a").waiting) do
    if entry.kind == "row" then
      seen[entry.step] = entry.values.metric7 == entry.step / 7
    end
  end
  file:close()
end
for step = 1, 400 do
  assert(seen[step], "step " .. step)
end
LUA
  { printf 'RESCUED = "%s"\n' "$rescued"; cat check_full.lua; } >check.lua
  "$nudge" run --no-store check.lua 2>err
  report $? "no row is lost: all are in the store or in that file" "$(cat err)"
  umount disk
  mount -t tmpfs -o size=1m tmpfs disk && "$nudge" run own.lua --out disk &&
    mount -o remount,ro disk
  refuses "a read-only folder is not written" \
    'disk/nudge\.db: cannot be (written|opened): .*read-only' run own.lua --out disk
  prints "a read-only folder is read" 'own +done' runs --out disk
  umount disk
  mounted=
else
  skip "full disk" "no right to mount"
  if [ "$(id -u)" = 0 ]; then
    skip "read-only folder" "everything can be written by root"
  else
    "$nudge" run own.lua --out disk && chmod a-w disk disk/nudge.db
    refuses "a read-only folder is not written" 'disk/nudge\.db: cannot be (written|opened)' \
      run own.lua --out disk
    prints "a read-only folder is read" 'own +done' runs --out disk
    chmod u+w disk
  fi
fi

script removes.lua <<'LUA'
local nudge = require "nudge"
nudge.log("s", 1, { x = 1 })
require("nudge.run").current():commit()
os.execute("rm -r " .. nudge.out)
nudge.log("s", 2, { x = 2 })
print "done"
LUA
TMPDIR=$work refuses "a store that is removed in the middle of its run" \
  'removed/nudge\.db: is gone.* not written of run 1 is in .*\.json$' run removes.lua --out removed
grep -q '^done$' out && grep -q '"step": 2' "$work"/nudge-run-1-*.json
report $? "and what came after it is in that file"

tap_end
