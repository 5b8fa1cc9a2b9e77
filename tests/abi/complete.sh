#!/bin/sh
# SPDX-License-Identifier: MIT
# Everything that the public headers declare is pinned: a line in layout.c for each member, struct
# and constant, and an object of each struct in the witness library.
# usage: complete.sh INCLUDE_FOLDER CC...
set -u
include=$1
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
failed=0

# TEXT LINES: passes if there are none.
report() {
  n=$((n + 1))
  if [ -z "$2" ]; then
    echo "ok $n - $1"
  else
    echo "not ok $n - $1"
    printf '%s\n' "$2" | sed 's/^/# /'
    failed=1
  fi
}

shift
if ! sh "$here/layout.sh" "$include" "$@" >"$work/layout" 2>"$work/errors"; then
  report 'the headers can be listed' "$(cat "$work/errors")"
  echo "1..$n"
  exit 1
fi
awk '
  $1 == "member" { print "AT(" $2 ", " $3 ", " $4 ", " $5 ");" }
  $1 == "struct" { print "SIZE(" $2 ", " $3 ");" }
  $1 == "constant" { print "IS(" $2 ", " $3 ");" }
  $1 == "text" && $3 !~ /^"/ {
    gsub(/^UINT64_C\(|u?\)?$/, "", $3)
    print "IS(" $2 ", " $3 ");"
  }
  $1 == "text" && $3 ~ /^"/ { print "SAYS(" $2 ", " $3 ");" }' "$work/layout" |
  sort -u >"$work/wanted"
grep -E '^(AT|SIZE|LEAST|IS|SAYS)\(' "$here/layout.c" | sed 's/^LEAST/SIZE/' | sort -u >"$work/pinned"
[ -s "$work/wanted" ] && listed= || listed='nothing was found in the headers'
report 'the headers declare something' "$listed"
report 'all that is declared is pinned in layout.c; missing are (LEAST, not SIZE, for what may grow)' \
  "$(comm -23 "$work/wanted" "$work/pinned")"
report 'all that is pinned is declared; these lines are wrong' \
  "$(comm -13 "$work/wanted" "$work/pinned")"
sed -n 's/^WITNESS(\([a-z_0-9]*\)).*/\1/p' "$here/witness.c" | sort >"$work/witnesses"
awk '$1 == "struct" { print $2 }' "$work/layout" | sort >"$work/structs"
report 'every struct has a witness' "$(comm -23 "$work/structs" "$work/witnesses")"
report 'every witness is of a struct' "$(comm -13 "$work/structs" "$work/witnesses")"
# What may grow says how large it is: in itself, or in its plugin.
report 'every struct that may grow begins with struct_size, or has a stride in ndg_plugin' "$(
  sed -n 's/^LEAST(ndg_\([a-z_0-9]*\),.*/\1/p' "$here/layout.c" | while read -r name; do
    grep -q "^member ndg_$name struct_size 0 4 uint32_t$" "$work/layout" ||
      grep -q "^member ndg_plugin ${name}_size " "$work/layout" || echo "ndg_$name"
  done
)"
echo "1..$n"
exit $failed
