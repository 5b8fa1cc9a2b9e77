#!/bin/sh
# SPDX-License-Identifier: MIT
# Time from the command to the end of a script of one line: start.sh NUDGE
nudge=$(realpath "$1")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
echo 'io.write("")' >"$work/one.lua"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do
  before=$(date +%s%N)
  "$nudge" run "$work/one.lua" || exit 1
  echo $((($(date +%s%N) - before) / 1000))
done | sort -n | awk '{ t[NR] = $1 }
  END { printf "nudge run of one line: median %.1f ms, %.1f to %.1f of %d; target 50 ms: %s\n",
        t[(NR + 1) / 2] / 1000, t[1] / 1000, t[NR] / 1000, NR, t[(NR + 1) / 2] <= 50000 ? "met" : "MISSED" }'
