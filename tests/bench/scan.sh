#!/bin/sh
# SPDX-License-Identifier: MIT
# Time to scan a folder of 50 plugins, each a learner or a rule as nudge new writes it:
# scan.sh NUDGE INCLUDE CC...
nudge=$(realpath "$1")
include=$2
shift 2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
k=0
while [ $k -lt 50 ]; do
  name=p$k
  "$nudge" new "$([ $((k % 2)) = 0 ] && echo learner || echo rule)" $name --folder "$work" >"$work/log" &&
    "$@" -O2 -fPIC -shared -fvisibility=hidden -I"$include" -o "$work/$name.so" "$work/$name/plugin.c" -lm ||
    exit 1
  k=$((k + 1))
done
mkdir "$work/empty"
# scans FOLDER: microseconds of 21 scans, ascending
scans() {
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do
    before=$(date +%s%N)
    NUDGE_PLUGIN_PATH=$1 "$nudge" list >"$work/list" 2>"$work/log" || exit 1
    echo $((($(date +%s%N) - before) / 1000))
  done | sort -n
}
scans "$work" >"$work/all"
[ "$(wc -l <"$work/list")" = 50 ] || exit 1
scans "$work/empty" >"$work/none"
paste "$work/all" "$work/none" | awk '{ t[NR] = $1; u[NR] = $2 }
  END { m = (NR + 1) / 2
    printf "nudge list of 50 plugins: median %.1f ms, %.1f to %.1f of %d (of none: %.1f ms); target 100 ms: %s\n",
      t[m] / 1000, t[1] / 1000, t[NR] / 1000, NR, u[m] / 1000, t[m] <= 100000 ? "met" : "MISSED" }'
