#!/bin/sh
# SPDX-License-Identifier: MIT
# Every relative link of a document leads somewhere, to a heading where it names one, every page of
# docs and plugins is linked, and every decision has a number of its own.
# usage: links.sh SOURCE_ROOT; writes TAP.
set -u
cd "$1" || exit 1
LC_ALL=C.UTF-8
export LC_ALL
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
documents=$(find README.md docs plugins lua core tests experiments -name '*.md' -not -path '*/templates/*' | sort)
n=0
failed=0

report() { # status name; $work/log says more
  n=$((n + 1))
  if [ "$1" = 0 ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    sed 's/^/# /' "$work/log"
    failed=1
  fi
}

# PATH#ANCHOR of every heading, as GitHub names them: a name that comes again is numbered.
for document in $documents; do
  sed -n '/^```/,/^```/!s/^##* //p' "$document" | sed 's/](\([^)]*\))//g' |
    tr '[:upper:]' '[:lower:]' | sed 's/[^[:alnum:] _-]//g; s/ /-/g' |
    awk -v path="$document" '{ print path "#" $0 (seen[$0] ? "-" seen[$0] : ""); seen[$0]++ }'
done >"$work/anchors"

# DOCUMENT LINK of every relative link outside of code.
for document in $documents; do
  sed '/^```/,/^```/d' "$document" | grep -oE '\]\([^) ]+\)' | sed 's/^](//;s/)$//' | sort -u |
    grep -v '://' | sed "s|^|$document |"
done >"$work/links"

: >"$work/log"
: >"$work/named"
while read -r document link; do
  file=${link%%#*}
  folder=$(dirname "$document")
  target=$document
  [ -z "$file" ] || target=$folder/$file
  [ -e "$target" ] || echo "$document: there is no $link" >>"$work/log"
  case $link in
  *#*) echo "$document $target#${link#*#}" >>"$work/named" ;;
  esac
  echo "$document $target"
done <"$work/links" >"$work/targets"
[ ! -s "$work/log" ]
report $? "$(wc -l <"$work/links") links lead somewhere"

# "docs/reference/../lua.md" as "docs/lua.md"
plain_paths() {
  sed -E ':again; s#(^|[/ ])\./#\1#g; s#[^/ ]+/\.\./##; t again; s#/+$##'
}
plain_paths <"$work/targets" >"$work/targets.plain"
plain_paths <"$work/named" >"$work/named.plain"

awk 'NR == FNR { there[$0] = 1; next } !($2 in there) { print $1 ": no heading " $2 }' \
  "$work/anchors" "$work/named.plain" >"$work/log"
[ ! -s "$work/log" ]
report $? "$(wc -l <"$work/named") of them to a heading"

# A page is linked by another one; a folder may stand for its README.
for document in $documents; do
  case $document in
  docs/* | plugins/*) ;;
  *) continue ;;
  esac
  awk -v page="$document" -v folder="$(dirname "$document")" \
    '($2 == page || ($2 == folder && page == folder "/README.md")) && $1 != page { found = 1 }
    END { exit !found }' "$work/targets.plain" || echo "$document"
done >"$work/log"
[ ! -s "$work/log" ]
report $? "every page is linked"

for decision in docs/decisions/[0-9]*.md; do
  number=$(basename "$decision" | sed 's/^0*//;s/-.*//')
  [ "$(find docs/decisions -name "$(printf %04d "$number")-*" | wc -l)" = 1 ] &&
    grep -q "^# $number\. " "$decision" || echo "$decision"
done >"$work/log"
[ ! -s "$work/log" ]
report $? "every decision has a number of its own, which its title says"
echo "1..$n"
exit $failed
