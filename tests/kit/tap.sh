# SPDX-License-Identifier: MIT
# What the scripts of this folder share: a folder to work in, which goes at the end, and TAP.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
n=0
failed=0
: >"$work/log"

report() { # status name: the file log says more
  n=$((n + 1))
  if [ "$1" = 0 ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    sed 's/^/# /' "$work/log"
    failed=1
  fi
}

does() { # name command...: it succeeds
  name=$1
  shift
  "$@" >"$work/log" 2>&1 </dev/null
  report $? "$name"
}

says() { # name pattern: what the last command said has it, as an extended pattern
  grep -qE -- "$2" "$work/log"
  report $? "$1"
}

finish() {
  echo "1..$n"
  exit $failed
}

# What every compiler must take without a word, in every standard from C11 on.
strict='-O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -Wundef -Wwrite-strings -Wformat=2 -Wcast-align -Werror'
