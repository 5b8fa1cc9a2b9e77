#!/bin/sh
# SPDX-License-Identifier: MIT
# nudge check of scripts: definitions are checked, experiments behind them do not run; and a run
# whose definitions have changed does not go on. usage: checked.sh NUDGE EXPERIMENTS; writes TAP.
set -u
nudge=$(realpath "$1")
experiments=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
n=0
failed=0

report() { # status name; the file log says more
  n=$((n + 1))
  if [ "$1" = 0 ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    sed 's/^/# /' log
    failed=1
  fi
}

"$nudge" check --quick "$experiments/gated_fast_weights.lua" >log 2>&1 &&
  grep -q 'learner examples.gated_fast_weights' log
report $? "the learner of the experiments passes"
"$nudge" check --quick "$experiments/lua_learner.lua" --case descriptor >log 2>&1 &&
  grep -q 'rule examples.nystrom' log && grep -q 'learner examples.gated_fast_weights' log
report $? "a script that requires both, and then runs an experiment"

cat >wrong.lua <<'EOF'
local nudge = require "nudge"
local built = 0
nudge.define_learner {
  id = "lab.wrong", title = "Another graph each time",
  parameters = function()
    return { phi = { { "m" } }, theta = { { "t" } } }
  end,
  loss = function(g, p, task)
    built = built + 1
    local loss = g.mean((task.learn.x - p.m * p.t) ^ 2)
    return loss * built, g.mean(task.eval.x - p.m)
  end,
  example = { arrays = { ["learn.x"] = { 5 }, ["eval.x"] = { 4 } } },
}
io.open("ran", "a"):write "x"
nudge.rule "implicit"
io.open("experiment", "w"):write "x"
EOF
"$nudge" check --quick wrong.lua --case determinism >log 2>&1
[ $? = 1 ] && grep -q 'fail *build' log && grep -q 'wrong.lua --id lab.wrong --case determinism/build' log
report $? "a learner that builds another graph each time is found out"
"$nudge" check --quick wrong.lua --case data/example >log 2>&1
report $? "its example is used"
[ -f ran ] && [ ! -f experiment ]
report $? "the script ends where the experiment begins"
echo 'error "in the script"' >raises.lua
"$nudge" check raises.lua >log 2>&1
[ $? = 1 ] && grep -q 'raises.lua:1: in the script' log
report $? "an error of the script is the finding"
echo "1..$n"
exit $failed
