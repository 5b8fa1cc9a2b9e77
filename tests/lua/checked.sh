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

cat >means.lua <<'EOF'
local nudge = require "nudge"
nudge.define_learner {
  id = "lab.means", title = "Mean",
  parameters = function()
    return { phi = { { "m" } }, theta = { { "pull", constant = 0.1, nonnegative = true } } }
  end,
  loss = function(g, p, task)
    return g.mean((task.learn.x - p.m) ^ 2) + p.pull * p.m ^ 2, g.mean((task.eval.x - p.m) ^ 2)
  end,
}
EOF
cat >train.lua <<'EOF'
local nudge = require "nudge"
require "means"
local result = nudge.meta_train {
  learner = nudge.learner "lab.means", rule = nudge.rule "implicit", seed = 1,
  domain = nudge.domain { name = "numbers", arrays = { "learn.x", "eval.x" },
    task = function(random)
      return { ["learn.x"] = random:normal(4), ["eval.x"] = random:normal(3) }
    end },
  inner = { optimizer = "newton", lr = 1, steps = 3 }, outer = { lr = 0.01 },
  steps = 6, meta_batch = 2,
  on_step = function(s)
    if s.step == 3 and not io.open "on" then
      error "stopped half-way"
    end
  end,
}
print(nudge.array(result.theta:totable())[1])
EOF
mkdir whole cut
touch on
"$nudge" run train.lua --out whole >wanted 2>log
report $? "a run with a learner of a module"
rm on
"$nudge" run train.lua --out cut >log 2>&1
[ $? = 1 ] && grep -q 'stopped half-way' log && touch on &&
  "$nudge" run --resume last --out cut >got 2>log && cmp got wanted >>log
report $? "one that was stopped goes on to the same bits"
rm on
"$nudge" run train.lua --out cut >log 2>&1
touch on
sed -i 's/0.1/0.2/' means.lua
"$nudge" run --resume last --out cut >log 2>&1
[ $? = 1 ] && grep -q 'other definitions than .*means.lua has now' log
report $? "but not with another learner"
echo "1..$n"
exit $failed
