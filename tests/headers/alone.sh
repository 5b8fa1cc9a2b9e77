#!/bin/sh
# SPDX-License-Identifier: MIT
# Every public header compiles alone, in every language that a plugin may be written in.
# usage: alone.sh INCLUDE_FOLDER CXX CC...      CXX may be empty: no C++ compiler
set -u
include=$1
cxx=$2
shift 2
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
  try C11 "$header" "$@" -x c -std=c11 -Wstrict-prototypes
  try C17 "$header" "$@" -x c -std=c17 -Wstrict-prototypes
  if [ -n "$cxx" ]; then
    try C++17 "$header" "$cxx" -x c++ -std=c++17
  fi
done
echo "1..$n"
exit $failed
