#!/bin/sh
# SPDX-License-Identifier: MIT
# nudge doc: names are found, files are whole pages, man pages are sound, and what the reference
# shows as code runs.
# usage: doc.sh NUDGE SOUND_PLUGIN [MAN_PAGE...]; writes TAP.
set -u
nudge=$(realpath "$1")
sound=$(realpath "$2")
shift 2
pages=
for page in "$@"; do
  pages="$pages $(realpath "$page")"
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
n=0
failed=0
NO_COLOR=1
export NO_COLOR

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

# says ARGUMENTS... -- PATTERN: it succeeds and a line fits
says() {
  arguments=
  while [ "$1" != -- ]; do
    arguments="$arguments $1"
    shift
  done
  "$nudge" doc $arguments >"$work/log" 2>&1 && grep -qE -e "$2" "$work/log"
  report $? "nudge doc$arguments: $2"
}

# refuses ARGUMENTS... -- PATTERN: it fails with one line that fits
refuses() {
  arguments=
  while [ "$1" != -- ]; do
    arguments="$arguments $1"
    shift
  done
  "$nudge" doc $arguments >"$work/out" 2>"$work/log"
  [ $? = 1 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/log")" = 1 ] && grep -qE "$2" "$work/log"
  report $? "nudge doc$arguments is refused: $2"
}

says -- '^  contrastive '
says lua -- '^  nudge.meta_train '
says nudge.meta_train -- '^  meta_batch: integer$'
says meta_train -- '^  clip_norm\?: number$'
says meta_train -- '^More: nudge doc nudge.Training\.$'
says nudge.Problem:learn -- '^problem:learn\(options\?\)$'
says problem:learn -- '^problem:learn\(options\?\)$'
says fill -- '^array:fill\(value\)$'
says nudge.Problem -- '^problem:estimate\(rule, options\?\)$'
says contrastive -- '^  beta: number in \(0, 1000\], default 0.01$'
says compare -- '^The function of that name: nudge doc nudge.compare'
says run -- '^  --threads N '
says ndg_phase -- '^    typedef struct ndg_phase {$'
says ndg_tanh -- 'NDG_DEFINE_UNARY.tanh'
says NDG_WANT_HVP -- 'NDG_WANT_HVP = '
says ndg_fail -- '^\[any; any; no allocation\]'
refuses ndg_phas -- "did you mean 'ndg_phase'\?"
says contrastive --markdown -- '^\| `beta` \| number in \(0, 1000\] \| `0.01` \|'
says contrastive --man -- '^\.TH "NUDGE\\-CONTRASTIVE" "7"'
says lua --man -- '^\.SS "nudge.meta_train"'
says --luacats -- '^---@class nudge.options.contrastive$'
says --plugin "$sound" sound -- 'Number of steps'
says --plugin "$sound" sound --luacats -- '^---@field steps\? integer Number of steps\.'
refuses nudge.meta_trian -- "did you mean 'nudge.meta_train'\?"
refuses contrastiv -- "did you mean 'contrastive'\?"
refuses close -- 'there are: .*problem:close'
refuses run list -- "explains one thing, got 'run' and 'list'"
refuses --man --markdown -- 'choose one'
refuses nudge.problem --luacats -- 'is for learners and rules'
refuses --to -- 'needs a value'
refuses --to /dev/null/x -- '/dev/null'

# Nothing is wider than the terminal; where there is none, than 80 columns.
"$nudge" doc nudge.Problem | grep -v '^    ' | awk 'length > 80' >"$work/log"
[ ! -s "$work/log" ]
report $? "no line is wider than 80 columns"

cd "$work" || exit 1
"$nudge" doc --to all >log 2>&1 && [ -s all/README.md ] && [ -s all/lua/problems.md ] &&
  [ -s all/contrastive.md ] && [ -s all/commands.md ]
report $? "all pages as files"
"$nudge" doc nudge.problem --to one >log 2>&1 && [ -s one/nudge.problem.md ] &&
  [ "$(ls one | wc -l)" = 1 ]
report $? "one page as a file"
"$nudge" list | while read -r kind id rest; do
  [ -s "all/$id.md" ] || echo "$kind $id has no page"
done >log
[ ! -s log ]
report $? "a page for each of nudge list"

# Links with an anchor lead to a heading.
for page in all/*.md all/lua/*.md; do
  grep -oE '\]\([^)]*#[^)]*\)' "$page" | sed 's/^](//;s/)$//' | sort -u | while read -r link; do
    file=${link%%#*}
    target=$(dirname "$page")/$file
    [ -n "$file" ] || target=$page
    sed -n 's/^##* //p' "$target" 2>/dev/null | tr 'A-Z' 'a-z' | tr -d '`.:,()?+*/=' | tr ' ' '-' |
      grep -qxF -e "${link#*#}" || echo "$page: $link"
  done
done >log
[ ! -s log ]
report $? "every link leads to a heading"

# Blocks of Lua run.
cat all/lua/*.md | awk '
  /^```/ && inside { inside = 0; close(file); next }
  $0 == "```lua" { inside = 1; file = "block" (++k) ".lua"; next }
  inside { print > file }'
for block in block*.lua; do
  NUDGE_DATA=$work "$nudge" run --no-store "$block" >log 2>&1
  report $? "$block: $(sed -n 2p "$block")"
done

# Man pages without a warning, and as wide as they should be.
LC_ALL=C.UTF-8
export LC_ALL
if command -v man >/dev/null 2>&1 && [ -n "$pages" ]; then
  for page in $pages; do
    MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >formatted |
      cat >log
    [ ! -s log ] && [ -s formatted ]
    report $? "man $(basename "$page") without a warning"
  done
else
  echo "ok $((n = n + 1)) - man pages # SKIP no man, or no pages"
fi
if command -v mandoc >/dev/null 2>&1 && [ -n "$pages" ]; then
  mandoc -Tlint -Werror $pages >log 2>&1
  report $? "mandoc finds no error"
else
  echo "ok $((n = n + 1)) - mandoc # SKIP not installed"
fi
echo "1..$n"
exit $failed
