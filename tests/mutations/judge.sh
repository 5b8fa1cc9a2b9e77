#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the detectors on one mutant until one fails, and prints a line: NUMBER, how it was caught, by
# which program, and what that said. Number 0 is the right code.
# usage: judge.sh FOLDER SECONDS NUMBER        FOLDER: with `build` and `detectors`
set -u
cd "$1" || exit 1
limit=$2
number=$3
export NUDGE_MUTANT="$number" CK_FORK=no OPENBLAS_NUM_THREADS=1
export NUDGE_TEST_PLUGINS="$1/build/plugins"
export NUDGE_TEST_FIXTURE="$1/build/tests/unit/plugins/direct_theta.so"
said=$(mktemp)
trap 'rm -f "$said"' EXIT
grep -v '^#' detectors | while read -r program; do
  # A program may have arguments.
  timeout "$limit" build/$program >"$said" 2>/dev/null </dev/null
  status=$?
  [ $status -eq 0 ] && continue
  how='failed test'
  [ $status -gt 128 ] && how="crash, signal $((status - 128))"
  [ $status -eq 124 ] && how="time limit"
  printf '%d\t%s\t%s\t%s\n' "$number" "$how" "$program" \
    "$(grep -m 1 '^not ok' "$said" | sed 's/^not ok [0-9]* - //; s/^[^ ]*test_/test_/' | cut -c 1-200)"
  echo caught >"$said"
  break
done
[ "$(cat "$said")" = caught ] || printf '%d\tsurvived\t\t\n' "$number"
