#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles alone, in every language that a plugin may be written in, with every
# compiler there is.
# usage: alone.sh INCLUDE_FOLDER C_COMPILER... [-- CXX_COMPILER...]
set -u
include=$1
shift
strict='-fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wwrite-strings'
strict="$strict -Werror"
n=0
failed=0

# LABEL HEADER COMPILER...
try() {
  label=$1
  header=$2
  shift 2
  n=$((n + 1))
  # Twice: the include guard works.
  if printf '#include "nudge/%s"\n#include "nudge/%s"\n' "$header" "$header" |
    "$@" $strict -I"$include" - >"$log" 2>&1; then
    echo "ok $n - nudge/$header as $label"
  else
    echo "not ok $n - nudge/$header as $label"
    sed 's/^/# /' "$log"
    failed=1
  fi
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for path in "$include"/nudge/*.h; do
  header=$(basename "$path")
  language=c
  for compiler in "$@"; do
    name=${compiler##*/}
    case $language$compiler in
    c--) language=cxx ;;
    cxx*) try "C++17 by $name" "$header" "$compiler" -x c++ -std=c++17 ;;
    *)
      try "C11 by $name" "$header" "$compiler" -x c -std=c11 -Wstrict-prototypes
      try "C17 by $name" "$header" "$compiler" -x c -std=c17 -Wstrict-prototypes
      ;;
    esac
  done
done
echo "1..$n"
exit $failed
