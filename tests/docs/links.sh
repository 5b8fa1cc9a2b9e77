#!/bin/sh
# SPDX-License-Identifier: MIT
# Every relative link of a document leads somewhere, and every page is linked.
# usage: links.sh SOURCE_ROOT; writes TAP.
set -u
cd "$1" || exit 1
documents=$(find README.md docs plugins -name '*.md' | sort)
targets=$(mktemp)
trap 'rm -f "$targets"' EXIT
n=0
failed=0

report() { # status name
  n=$((n + 1))
  if [ "$1" = 0 ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    failed=1
  fi
}

for document in $documents; do
  folder=$(dirname "$document")
  for link in $(grep -oE '\]\([^)# ]+\)' "$document" | sed 's/^](//;s/)$//' | sort -u); do
    case $link in
    *://*) continue ;;
    esac
    [ -e "$folder/$link" ]
    report $? "$document links to $link"
    realpath -m --relative-to=. "$folder/$link" >>"$targets"
  done
done
for document in $documents; do
  case $document in
  README.md | docs/decisions/*) continue ;; # where reading starts; read as a folder
  esac
  grep -qxF -e "$document" -e "$(dirname "$document")" "$targets"
  report $? "$document is linked"
done
echo "1..$n"
exit $failed
