#!/bin/sh
# SPDX-License-Identifier: MIT
# The path of someone who has built nudge and adds to it, without touching any file of nudge: a new
# learner and a new rule, two lines changed in each, built, checked, and run by name in the main
# experiment. usage: newcomer.sh NUDGE SOURCE_ROOT BUILD_ROOT CC...; writes TAP.
nudge=$(realpath "$1")
root=$2
build=$3
shift 3
. "$(dirname "$(realpath "$0")")/tap.sh"
cd "$work" || exit 1
export CC="$*" PKG_CONFIG_PATH="$build" NUDGE_DATA=/nonexistent
touch begin

# change FILE FROM TO: the one line that has FROM has TO instead
change() {
  [ "$(grep -cF -- "$2" "$1")" = 1 ] || return 1
  awk -v from="$2" -v to="$3" '{
    at = index($0, from)
    print at ? substr($0, 1, at - 1) to substr($0, at + length(from)) : $0 }' "$1" >changed &&
    cat changed >"$1"
}

# build_and_check NAME: as its README says
build_and_check() {
  (
    cd "$1" || exit 1
    meson setup build -Dwerror=true --fatal-meson-warnings && ninja -C build &&
      meson test -C build --print-errorlogs
  ) >log 2>&1
  report $? "$1: it is built without a warning, and its tests pass"
  does "$1: nudge check" "$nudge" check "$1/build/$1.so"
}

does "nudge new learner mine" "$nudge" new learner mine
cp mine/plugin.c before.c
# Robust regression, with another default.
change mine/plugin.c 'NDG_OPT_F64(options, lambda, 0.1,' 'NDG_OPT_F64(options, lambda, 0.3,'
report $? "the default of an option is changed"
change mine/plugin.c 'ndg_scale(b, ndg_mean(b, ndg_square(b, error)), 0.5)' \
  'ndg_mean(b, ndg_sqrt(b, ndg_add(b, ndg_constant(b, 1), ndg_square(b, error))))'
report $? "the loss is changed"
[ "$(diff before.c mine/plugin.c | grep -c '^>')" = 2 ]
report $? "two lines were changed"
build_and_check mine
does "its option is known" "$nudge" info --plugin mine/build/mine.so mine
says "with the new default" 'lambda: .* default 0\.3$'

does "nudge new rule slope" "$nudge" new rule slope
change slope/plugin.c 'points[] = {1, -1}' 'points[] = {0, 1, 2}' &&
  change slope/plugin.c 'weights[] = {0.5, -0.5}' 'weights[] = {-1.5, 2, -0.5}'
report $? "the difference is changed"
build_and_check slope

# By name in an experiment that knows neither.
does "gradient_error.lua runs them" "$nudge" run "$root/experiments/gradient_error.lua" \
  --plugin mine/build/mine.so --plugin slope/build/slope.so --out out \
  --set learner=mine --set rule=slope --set betas=9
says "the study is of the learner" '^ +learner +mine, [0-9]+ phi, [0-9]+ theta'
says "the rule has its order, as predicted from its table" '^ +slope .* (1\.9|2\.0)[0-9]* \(2\)'
says "every estimate gave a number" ' 0 failed|estimates: [0-9]+ ok'
# error FAMILY: its least relative error
error() {
  awk -F, -v family="$1" 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
    $column["rule"] == family || $column["family"] == family {
      e = $column["relative_error"] + 0
      if ($column["relative_error"] != "" && (best == "" || e < best)) best = e }
    END { print best }' out/gradient_error.csv
}
error slope >log
awk '{ exit !($1 != "" && $1 < 1e-6) }' log
report $? "the rule comes near the exact gradient"
if command -v gnuplot >log 2>&1; then
  grep -q '>slope<' out/gradient_error.svg
  report $? "the rule is a line in the picture"
  [ -s out/gradient_error.png ]
  report $? "there is a picture"
fi
find "$root/core" "$root/lua" "$root/plugins" "$root/experiments" -newer begin -type f >log
[ ! -s log ]
report $? "no file of nudge was touched"
finish
