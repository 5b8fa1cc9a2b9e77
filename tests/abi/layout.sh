#!/bin/sh
# SPDX-License-Identifier: MIT
# What a plugin built against a folder of public headers relies on, one item per line:
#   struct NAME SIZE | member STRUCT NAME OFFSET SIZE TYPE | constant NAME VALUE | text NAME TEXT
# usage: layout.sh INCLUDE_FOLDER CC...
set -eu
include=$1
here=$(dirname "$0")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The C library comes first: what it declares is not ours.
sed -n 's/^ *# *include *\(<[^>]*>\).*/#include \1/p' "$include"/nudge/*.h | sort -u >"$work/all.h"
echo 'int begin_of_nudge;' >>"$work/all.h"
for header in "$include"/nudge/*.h; do
  echo "#include \"nudge/$(basename "$header")\"" >>"$work/all.h"
done
"$@" -std=c11 -E -P -I"$include" -x c "$work/all.h" >"$work/text"
awk -f "$here/declarations.awk" "$work/text" >"$work/declarations"
{
  echo '#include <stddef.h>'
  echo '#include <stdio.h>'
  echo '#include "all.h"'
  echo 'int main(void) {'
  awk '
    $1 == "struct" { printf "printf(\"struct %s %%zu\\n\", sizeof(%s));\n", $2, $2 }
    $1 == "member" {
      type = $0
      sub(/^member [^ ]+ [^ ]+ /, "", type)
      printf "printf(\"member %s %s %%zu %%zu %s\\n\", offsetof(%s, %s), sizeof(((%s *)0)->%s));\n",
        $2, $3, type, $2, $3, $2, $3
    }
    $1 == "constant" { printf "printf(\"constant %s %%lld\\n\", (long long)%s);\n", $2, $2 }
  ' "$work/declarations"
  echo 'return 0; }'
} >"$work/print.c"
"$@" -std=c11 -I"$include" -I"$work" -o "$work/print" "$work/print.c"
"$work/print"
# Numbers and words that are macros; the minor is not part of what it counts.
"$@" -std=c11 -E -dM -I"$include" -x c "$work/all.h" | awk '
  $2 ~ /^NDG_[A-Z0-9_]+$/ && $2 !~ /^NDG_(API_LEVEL|ABI_MINOR)$/ {
    value = $0
    sub(/^#define [^ ]+ ?/, "", value)
    if (value ~ /^("[^"]*"|[0-9][0-9A-Za-z]*|UINT64_C\([0-9A-Za-z]+\))$/) print "text " $2 " " value
  }' | sort
