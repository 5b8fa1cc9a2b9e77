#!/bin/sh
# SPDX-License-Identifier: MIT
# nudge run from outside: every bad input gives one line on stderr and exit status 1, and leaves
# nothing half-written. Usage: cli.sh NUDGE PLUGIN_OF_ANOTHER_ABI; writes TAP.
. "$(dirname "$0")/tap.sh"
other_abi=$2

script one.lua <<'LUA'
print "one"
LUA
script facts.lua <<'LUA'
local nudge = require "nudge"
print(nudge.out, nudge.threads, nudge.script, nudge.result "a.csv")
LUA
prints "a script runs" '^one$' run one.lua
prints "facts of the run" "^deep/er	3	facts.lua	deep/er/a.csv$" run facts.lua --out deep/er --threads 3
[ -d deep/er ]
report $? "--out makes the folder"

refuses "no script" 'which script' run
refuses "missing script" 'nofile.lua: No such file' run nofile.lua
refuses "a folder as script" 'Is a directory' run .
refuses "two scripts" 'one.lua.*one.lua' run one.lua one.lua
refuses "unknown option of the command" "'--thread'.*'--threads'" run --thread 2 one.lua
refuses "threads out of range" "1 to 256, got '0'" run --threads 0 one.lua
refuses "threads that are no number" "got 'x'" run --threads x one.lua
refuses "a setting without value" 'NAME=VALUE' run --set steps one.lua
refuses "a setting given twice" 'twice' run --set a=1 --set a=2 one.lua
refuses "output folder that cannot be made" '/dev/null' run one.lua --out /dev/null/x
refuses "output folder that is a file" 'one.lua' run one.lua --out one.lua
refuses "missing plugin" 'nowhere.so' run --plugin nowhere.so one.lua
echo "no plugin" >text.so
refuses "a plugin that is no plugin" 'text.so' run --plugin ./text.so one.lua
if [ -n "$other_abi" ]; then
  refuses "a plugin of another ABI" 'ABI' run --plugin "$other_abi" one.lua
fi

script syntax.lua <<'LUA'
local a = 1
local b = = 2
LUA
refuses "syntax error with its line" '^nudge: syntax.lua:2: ' run syntax.lua
script runtime.lua <<'LUA'
local nothing
local function f()
  return nothing.field
end
f()
LUA
refuses "run-time error with its line" '^nudge: runtime.lua:3: .*nothing' run runtime.lua
"$nudge" run --verbose runtime.lua >out 2>err
[ "$(grep -c 'runtime.lua:5' err)" = 1 ]
report $? "--verbose adds the traceback" "$(cat err)"
script several.lua <<'LUA'
error "first\nsecond"
LUA
refuses "an error of several lines is one" 'first second' run several.lua
script object.lua <<'LUA'
error { code = 3 }
LUA
refuses "an error that is a table" 'table' run object.lua
script dump.lua <<'LUA'
local f = io.open("byte.lua", "wb")
f:write(string.dump(function() return 1 end))
f:close()
LUA
"$nudge" run dump.lua
refuses "bytecode" 'binary chunk' run byte.lua

script settings.lua <<'LUA'
local nudge = require "nudge"
local set = nudge.settings {
  steps = { 100, min = 1 }, preset = { "default", choices = { "default", "large" } },
}
print(set.steps, set.preset)
LUA
prints "settings" '^7	large$' run settings.lua --set steps=7 --set preset=large
refuses "unknown setting" "settings.lua:2: .*stepz.*'steps'" run settings.lua --set stepz=7
refuses "setting of a wrong type" 'steps=x.*whole number' run settings.lua --set steps=x
refuses "setting out of range" 'outside' run settings.lua --set steps=0
refuses "setting that is no choice" 'default, large' run settings.lua --set preset=huge
refuses "a script without settings" 'declares no settings' run one.lua --set steps=7

# statement NAME PATTERN: a script of the statements on standard input is refused
statement() {
  { echo 'local nudge = require "nudge"'; cat; } >statement.lua
  refuses "$1" "$2" run statement.lua
}
ridge='local p = nudge.problem {
  learner = nudge.learner("quadratic", {}),
  tasks = nudge.tasks.regression { data = nudge.data.correlated_regression { n = 60 } },
  inner = { optimizer = "gradient_descent", lr = LR, steps = 500 } }'
# body LR STATEMENT...: the problem with a step size, then statements, in the file "body"
body() {
  printf '%s\n' "$ridge" | sed "s/LR/$1/" >body
  shift
  printf '%s\n' "$@" >>body
}

statement "unknown option" "statement.lua:2: .*'bta'.*'beta'" <<'LUA'
nudge.rule("contrastive", { bta = 1 })
LUA
statement "option out of range" 'statement.lua:2: .*beta.*-1' <<'LUA'
nudge.rule("contrastive", { beta = -1 })
LUA
statement "option that is NaN" 'beta.*[Nn]a[Nn]' <<'LUA'
nudge.rule("contrastive", { beta = 0/0 })
LUA
statement "unknown rule, with the list" 'contrastive.*implicit.*unrolled' <<'LUA'
nudge.rule "backprop"
LUA
statement "unknown learner, with the list" 'complex_synapse.*quadratic' <<'LUA'
nudge.learner "transformer"
LUA
statement "missing capability, both named" 'contrastive.*complex_synapse|complex_synapse.*contrastive' <<'LUA'
local p = nudge.problem {
  learner = nudge.learner("complex_synapse", { layers = { 2, 2 , 1 }, loss = "mse", activation = "relu" }),
  tasks = nudge.tasks.arrays {
    ["learn.inputs"] = nudge.zeros(3, 2), ["learn.targets"] = nudge.zeros(3, 1),
    ["eval.inputs"] = nudge.zeros(3, 2), ["eval.targets"] = nudge.zeros(3, 1) },
  inner = { lr = 0.1, steps = 5 } }
p:estimate(nudge.rule("contrastive", { variant = "holomorphic", points = 8 }))
LUA

mkdir -p data/mnist data/housing
printf 'a,medv\n1,2\n3,x\n' >data/housing/boston.csv
printf '\0\0\10\3\0\0\0\5' >data/mnist/train-images-idx3-ubyte.gz
printf '\0\0\10\1\0\0\0\1\7' >data/mnist/train-labels-idx1-ubyte.gz
NUDGE_DATA=$work/data
export NUDGE_DATA
statement "corrupt CSV, with its place" 'statement.lua:2: .*boston.csv' <<'LUA'
nudge.data.housing()
LUA
statement "corrupt IDX" 'statement.lua:2: .*train-images' <<'LUA'
nudge.data.mnist()
LUA
head -c 40 "$nudge" | gzip >data/mnist/train-images-idx3-ubyte.gz
statement "wrong magic" 'train-images' <<'LUA'
nudge.data.mnist()
LUA
printf '\0\0\10\3\0\0\0\1\0\0\0\2\0\0\0\2abcd' | gzip -c | head -c 25 \
  >data/mnist/train-images-idx3-ubyte.gz
statement "truncated gzip" 'train-images' <<'LUA'
nudge.data.mnist()
LUA
rm -r data/mnist
statement "missing data, with the places" 'statement.lua:2: .*train-images.*data' <<'LUA'
nudge.data.mnist()
LUA
script fallback.lua <<'LUA'
local nudge = require "nudge"
print(nudge.data.mnist { n = 3, fallback = nudge.data.synthetic_digits }.origin)
LUA
"$nudge" run fallback.lua >out 2>err && grep -qx 'synthetic digits' out &&
  [ "$(wc -l <err)" = 1 ] && grep -q '^note: .*train-images.*; using synthetic digits$' err
report $? "missing data with a fallback" "$(cat out err)"
unset NUDGE_DATA

body 50 'p:learn()'
statement "divergence: what, when, what to change" \
  'statement.lua:6: .*diverged by step [0-9]+.*smaller' <body
body 50 'p:estimate(nudge.rule("contrastive", { variant = "forward" }))'
statement "divergence inside a rule" 'statement.lua:6: .*contrastive.*phase.*diverged' <body
body 0.1 'p:exact()' 'p:estimate(nudge.rule("contrastive", { beta = 900 }))'
statement "nudge past the stability radius" 'statement.lua:7: .*contrastive.*900.*radius' <body
study='local s = nudge.gradient_error { problem = p, rules = { nudge.rule("implicit") } }
print(s:table())'
body 0.1 "$study" 's:csv "/dev/null/x.csv"'
statement "output that cannot be written" 'statement.lua:8: .*/dev/null/x.csv' <body
body 0.1 "$study" 's:plot "no/such/folder.svg"'
statement "figure that cannot be written" 'statement.lua:8: .*no/such/folder.svg' <body

body 0.1 "$study" 's:plot "figure.svg"'
{ echo 'local nudge = require "nudge"'; cat body; } >plot.lua
PATH=$work "$nudge" run plot.lua >out 2>err
status=$?
[ $status = 1 ] && [ "$(wc -l <err)" = 1 ] && grep -q 'gnuplot is not installed' err &&
  grep -q 'best error' out && [ ! -e figure.svg ]
report $? "without gnuplot the table is printed, then one line" "$status $(cat err)"

script study.lua <<'LUA'
local nudge = require "nudge"
local p = nudge.problem {
  learner = nudge.learner("complex_synapse", { layers = { 49, 8, 10 }, lambda = 0.1 }),
  tasks = nudge.tasks.classification {
    data = nudge.data.synthetic_digits { n = 100, block = 4 }, standardise = "all" },
  inner = { optimizer = "nesterov", lr = 0.3, momentum = 0.8, steps = 200 },
}
local rule = function(variant, points)
  return nudge.rule("contrastive", { variant = variant, points = points, past_radius = "report" })
end
local s = nudge.gradient_error { problem = p,
  rules = { rule("symmetric", 0), rule("holomorphic", 4), nudge.rule("implicit") },
  sweep = { beta = { 1e-3, 1e-2, 1e-1 }, iterations = { 5, 50 } } }
s:csv(nudge.result "study.csv")
nudge.npy.write(nudge.result "exact.npy", s.exact.gradient)
LUA
good=0
for threads in 1 2 4; do
  "$nudge" run study.lua --threads $threads --out threads$threads >out 2>err || good=1
  cmp threads1/study.csv threads$threads/study.csv >>err 2>&1 || good=1
  cmp threads1/exact.npy threads$threads/exact.npy >>err 2>&1 || good=1
done
report $good "1, 2 and 4 threads give the same bits" "$(cat err)"

script train.lua <<'LUA'
local nudge = require "nudge"
for i, learner in ipairs {
  nudge.learner("complex_synapse", { layers = { 1, 8, 8, 1 }, loss = "mse", meta = "lambda, omega",
    start_at_omega = true, lambda = 0.1 }),
  nudge.learner("modulated_net", { layers = { 1, 8, 8, 1 } }) } do
  for j, rule in ipairs { nudge.rule("contrastive", { beta = 0.1 }),
    nudge.rule("implicit", { iterations = 3 }), nudge.rule("unrolled") } do
    for parts = 1, 5 do
      local r = nudge.meta_train { learner = learner, rule = rule, parts = parts,
        domain = nudge.domains.sinusoid(), inner = { lr = 0.02, steps = 10 }, dtype = "float32",
        outer = { lr = 0.01, clip_norm = 1 }, steps = 3, meta_batch = 10,
        accept = { "not_converged", "past_radius" }, test = { tasks = 3 } }
      nudge.npy.write(nudge.result(("theta%d%d%d.npy"):format(i, j, parts)), r.theta)
      nudge.npy.write(nudge.result(("test%d%d%d.npy"):format(i, j, parts)), r.test.eval_loss)
    end
  end
end
LUA
good=0
for threads in 1 2 3 4; do
  "$nudge" run train.lua --threads $threads --out threads$threads >out 2>err || good=1
  for file in threads$threads/t*.npy; do
    first=$(basename "$file" | sed 's/.\.npy$/1.npy/')
    cmp "threads1/$first" "$file" >>err 2>&1 || good=1
  done
done
report $good "meta-training: 1 to 4 threads and 1 to 5 parts give the same bits" "$(cat err)"

script stopped.lua <<'LUA'
local nudge = require "nudge"
nudge.meta_train { learner = nudge.learner("modulated_net", { layers = { 1, 4, 1 } }),
  rule = nudge.rule "contrastive", domain = nudge.domains.sinusoid(),
  inner = { lr = 0.01, steps = 5 }, outer = { lr = 0.01 }, steps = 1000000, meta_batch = 2,
  on_step = function(state)
    if state.step == 3 then io.popen("kill -INT $PPID"):close() end
  end }
LUA
timeout 60 "$nudge" run stopped.lua --no-store 2>err
[ $? = 130 ] && grep -q '^nudge: ends this step' err &&
  grep -q '^nudge: stopped.lua:[0-9]*: interrupted$' err && [ "$(wc -l <err)" = 2 ]
report $? "an interrupt ends a meta-training behind its step, with a line" "$(cat err)"

script loop.lua <<'LUA'
io.popen("kill -INT $PPID"):close()
while true do end
LUA
timeout 60 "$nudge" run loop.lua 2>err
grep -q '^nudge: loop.lua:[12]: interrupted$' err
report $? "an interrupt ends a script with its line" "$(cat err)"

tap_end
