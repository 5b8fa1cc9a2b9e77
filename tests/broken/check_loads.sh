#!/bin/sh
# SPDX-License-Identifier: MIT
# `nudge check` on files that the loader refuses: the case library/loads fails with the loader's own
# words, those in `expected` (see driver.c), before anything else does. Prints TAP.
# usage: check_loads.sh NUDGE SOUND (PLUGIN EXPECTED)...
set -u
nudge=$1
shift 2
n=0
failed=0
report=$(mktemp)
trap 'rm -f "$report"' EXIT

while [ $# -ge 2 ]; do
  plugin=$(realpath "$1")
  name=$(basename "$(dirname "$2")")
  words=$(sed -n '1s/^error: //p' "$2" | sed 's/["\\]/\\&/g')
  shift 2
  # Loaded after all, or refused because of another file.
  case $words in '' | *'{sound}'*) continue ;; esac
  words=$(printf '%s\n' "$words" | sed "s|{path}|$plugin|g")
  timeout 100 "$nudge" check --json "$plugin" >"$report" 2>&1 </dev/null
  status=$?
  n=$((n + 1))
  if [ $status = 1 ] && ! grep -qE '"outcome": "(crash|timeout)"' "$report" &&
    grep -m1 -A1 '"outcome": "fail"' "$report" | grep -qF -- "$words" &&
    grep -m1 -B3 '"outcome": "fail"' "$report" | grep -q '"name": "loads"'; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    echo "# status $status, library/loads should fail with: $words"
    sed 's/^/#   /' "$report"
    failed=1
  fi
done
echo "1..$n"
exit $failed
