# SPDX-License-Identifier: MIT
# What tests of the program from outside share: a folder of their own to work in, TAP, and nudge run
# with an eye on what it says. Sourced with the program as $1:
#   . "$(dirname "$0")/tap.sh"
#   ...
#   tap_end
# A script that has more to clear up than $work says so in a function `cleanup` of its own.
nudge=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d) || exit 1
cleanup() { :; }
trap 'cleanup; rm -rf "$work"' EXIT
cd "$work" || exit 1
n=0
failed=0

report() { # status name [detail]
  n=$((n + 1))
  if [ "$1" = 0 ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    [ -n "$3" ] && printf '%s\n' "$3" | head -c 4000 | sed 's/\x1b/^[/g; s/\r/^M/g; s/^/# /'
    failed=1
  fi
}

skip() { # name reason
  n=$((n + 1))
  echo "ok $n - $1 # SKIP $2"
}

tap_end() {
  echo "1..$n"
  exit $failed
}

# script NAME: the rest of standard input becomes NAME
script() { cat >"$1"; }

# refuses NAME PATTERN ARGUMENT...: nudge ARGUMENT... fails with one line that matches, and leaves
# no file half-written
refuses() {
  name=$1 pattern=$2
  shift 2
  timeout 120 "$nudge" "$@" >out 2>err </dev/null
  status=$?
  lines=$(wc -l <err)
  bad=0
  [ "$status" = 1 ] || bad=1
  [ "$lines" = 1 ] || bad=1
  grep -qE -- "$pattern" err || bad=1
  [ -z "$(find . -name '.*.part' -o -name '*.tmp*')" ] || bad=1
  report $bad "$name" "status $status, $lines lines, wanted /$pattern/: $(cat err)"
}

# prints NAME PATTERN ARGUMENT...: it succeeds, says nothing on stderr, and a line matches
prints() {
  name=$1 pattern=$2
  shift 2
  timeout 120 "$nudge" "$@" >out 2>err </dev/null
  status=$?
  bad=0
  [ "$status" = 0 ] || bad=1
  [ ! -s err ] || bad=1
  grep -qE -- "$pattern" out || bad=1
  report $bad "$name" "status $status, wanted /$pattern/: $(cat out err)"
}
