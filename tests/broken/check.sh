#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs `nudge check` on broken plugins and compares its report with what each one's `expected` says:
# lines "CASE OUTCOME WORDS", where WORDS is an extended regular expression that one line about that
# case must match. A line that begins with -- holds options for the checker. Prints TAP.
# usage: check.sh NUDGE (PLUGIN EXPECTED)...
set -u
nudge=$1
shift
n=0
failed=0
report=$(mktemp)
trap 'rm -f "$report"' EXIT

# Lines about one case: from its result to the next.
about() {
  awk -v name="$1" '
    /^(not )?ok / { inside = 0; for (k = 1; k <= NF; k++) if ($k == name) inside = 1 }
    inside' "$report"
}

verdict() { # PROBLEM NAME
  n=$((n + 1))
  if [ -z "$1" ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    echo "# $1"
    sed 's/^/#   /' "$report"
    failed=1
  fi
}

# The outcome of a case, from its lines on standard input.
outcome() {
  awk 'NR == 1 { o = /^not ok/ ? "fail" : / # SKIP/ ? "skip" : "pass" }
       /^# outcome/ { o = $3 }
       END { print o }'
}

while [ $# -ge 2 ]; do
  plugin=$1
  expected=$2
  shift 2
  name=$(basename "$(dirname "$expected")")
  options=$(sed -n 's/^--/--/p' "$expected")
  # A checker that a plugin takes down, or that waits for ever, is found here.
  # shellcheck disable=SC2086
  timeout 100 "$nudge" check --tap $options "$plugin" >"$report" 2>&1
  status=$?
  tail -n 1 "$report" | grep -q '^1\.\.[0-9]*$' || { verdict "status $status and no plan" "$name"; continue; }
  bad=0
  while read -r case wanted words; do
    case $case in --*) continue ;; esac
    lines=$(about "$case")
    found=$(printf '%s\n' "$lines" | outcome)
    problem=
    [ "$found" = "$wanted" ] || problem="$case should be '$wanted', is '$found'"
    if [ -z "$problem" ] && ! printf '%s\n' "$lines" | grep -Eq -- "$words"; then
      problem="$case does not say: $words"
    fi
    case $wanted in fail | crash | timeout) bad=1 ;; esac
    verdict "$problem" "$name: $case $wanted"
  done <"$expected"
  problem=
  [ "$status" -eq "$bad" ] || problem="exit status $status, should be $bad"
  verdict "$problem" "$name: exit status"
done
echo "1..$n"
exit $failed
