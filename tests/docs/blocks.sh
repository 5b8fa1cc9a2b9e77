#!/bin/sh
# SPDX-License-Identifier: MIT
# The blocks of code in the documents do what the documents say: C blocks become plugins with no
# more than the public headers, Lua blocks run, the shell blocks of plugins/README.md too. No data
# files are needed or used: README's script falls back to synthetic digits.
# usage: blocks.sh NUDGE SOURCE_ROOT CC...; writes TAP.
set -u
nudge=$(realpath "$1")
root=$2
tests=$(dirname "$(realpath "$0")")
shift 2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir empty
NUDGE_DATA=$work/empty
export NUDGE_DATA
strict='-Wall -Wextra -Wpedantic -Werror'
n=0
failed=0

report() { # status name; the file log says more
  n=$((n + 1))
  if [ "$1" = 0 ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    sed 's/^/# /' log
    failed=1
  fi
}

# extract DOCUMENT LANGUAGE PREFIX: its blocks as PREFIX1.LANGUAGE, PREFIX2.LANGUAGE, ...
extract() {
  awk -v language="$2" -v prefix="$3" '
    /^```/ && inside { inside = 0; close(file); next }
    $0 == "```" language { inside = 1; file = prefix (++k) "." language; next }
    inside { print > file }' "$root/$1"
}

# has_blocks PREFIX LANGUAGE COUNT: none was lost by a change of the fences
has_blocks() {
  ls "$1"*."$2" >log 2>&1
  [ "$(wc -l <log)" = "$3" ]
  report $? "$1: $3 blocks of $2"
}

# member NAME FILE: the string that a designated initialiser gives, at its first place
member() { sed -n "s/.*\\.$1 = \"\\([^\"]*\\)\".*/\\1/p" "$2" | tail -n 1; }

extract plugins/README.md c plugin
extract plugins/README.md lua compose
extract plugins/README.md sh shell
extract README.md lua readme
extract README.md text table
extract docs/lua.md lua reference
extract docs/lua_guide.md lua guide
has_blocks plugin c 2
has_blocks compose lua 1
has_blocks shell sh 2
has_blocks readme lua 2

# What C blocks include is all they see: the folder of the public headers and the C library.
plugins=
for source in plugin*.c; do
  name=$(member name "$source")
  id=$(member id "$source")
  cp "$source" "$name.c"
  "$@" -std=c11 -O2 -fPIC -shared -fvisibility=hidden $strict -I"$root/core/include" \
    -o "$name.so" "$name.c" -lm >log 2>&1
  report $? "$name.c compiles with $strict"
  "$nudge" --plugin "./$name.so" info "$id" >log 2>&1 && grep -q "$id 1.0.0: " log
  report $? "nudge info $id"
  plugins="$plugins --plugin ./$name.so"
done

"$nudge" run $plugins compose1.lua >log 2>&1 && grep -q 'estimates: [0-9]* ok$' log
report $? "plugins/README.md: the Lua block"
"$nudge" run $plugins "$tests/test_example.lua" >log 2>&1
report $? "the example plugins give the gradients of their closed form"

# The shell blocks as they stand, in a tree that has what they name.
mkdir -p tree/core tree/build
ln -s "$root/core/include" tree/core/include
printf '#!/bin/sh\nexec "%s" "$@"\n' "$nudge" >tree/build/nudge
chmod +x tree/build/nudge
cp compose1.lua mean.lua
for block in shell1.sh shell2.sh; do
  nudge="$work/tree" sh -e "$block" >log 2>&1
  report $? "plugins/README.md: $block"
done

# Every block of docs/lua.md runs; what some print or write is looked at, found by what they call.
gnuplot=$(command -v gnuplot || true)
k=0
while k=$((k + 1)) && [ -f "reference$k.lua" ]; do
  if [ -n "$gnuplot" ] || ! grep -qE ':(save|plot)\(' "reference$k.lua"; then
    "$nudge" run "reference$k.lua" >log 2>&1
    report $? "docs/lua.md: block $k runs"
    mv log "reference$k.log"
  fi
done
[ $k -gt 6 ]
report $? "docs/lua.md: it has blocks"
k=0
while k=$((k + 1)) && [ -f "guide$k.lua" ]; do
  "$nudge" run --no-store "guide$k.lua" >log 2>&1
  report $? "docs/lua_guide.md: block $k runs"
  mv log "guide$k.log"
done
[ $k -gt 3 ] && ! grep -q false guide1.log && grep -q 'tanh of line 9 \[5x3\], w \[4\]' guide2.log &&
  grep -qE 'lab.contrast +[0-9.e-]+ .*\(2\)' guide3.log
report $? "docs/lua_guide.md: what its blocks print"
prints() { # what the block calls, an extended pattern of what it prints
  file=$(grep -lF "$1" reference*.lua | head -n 1)
  [ -n "$file" ] && grep -qE "$2" "${file%.lua}.log"
  report $? "docs/lua.md: what the block with $1 prints"
}
prints 'nudge.compare(' '^[0-9.]+e-1[0-9]	[0-9]+$'
prints 'nudge.domain {' '^25	true$'
prints 'nudge.domain {' '^8$'
prints 'store:rows(' '	50	true$'
prints 'nudge.keep(' '^1000	0.25$'
prints 'sinusoid.json' 'test: 50 tasks with the theta of meta-step'
[ -s sinusoid.csv ] && [ -s sinusoid.json ]
report $? "docs/lua.md: files of a meta-training"
if [ -n "$gnuplot" ]; then
  prints 'nudge.comparison {' 'T1-T2'
  grep -q '</svg>' adaptation.svg && grep -q '</svg>' fits.svg && grep -q '</svg>' comparison.svg
  report $? "docs/lua.md: figures"
fi

if [ -n "$gnuplot" ]; then
  "$nudge" run readme1.lua >log 2>errors && [ -s my_study.svg ]
else
  sed '/study:plot/d' readme1.lua >unplotted.lua
  "$nudge" run unplotted.lua >log 2>errors
fi
status=$?
cat errors >>log
[ $status = 0 ] && grep -q 'synthetic digits' log && grep -qE 'estimates: [0-9]+ ok$' log
report $? "README.md: the script"
# The tables in the text have headings and rows of the real ones; numbers may differ.
words() { # FILE: the lines without numbers and without space that only aligns
  sed -E 's/\([0-9]+\)//g; s/-?[0-9][-+.e0-9]*//g; s/ +/ /g; s/^ //; s/ $//' "$1"
}
# part_of TABLE NAME: every line of it is in log
part_of() {
  words log >printed
  words "$1" | grep -vxF -f printed >log
  [ ! -s log ]
  report $? "README.md: the table of the $2 is part of what the script prints"
}
part_of table1.text "study"
"$nudge" run readme2.lua >log 2>&1
report $? "README.md: the few-shot script"
part_of table2.text "few-shot script"
echo "1..$n"
exit $failed
