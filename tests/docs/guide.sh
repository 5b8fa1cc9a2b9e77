#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/plugins.md does what it says: its shell blocks run in order in one shell, its complete C block
# becomes a plugin, every other C block stands as it is in a template, its Lua block runs.
# usage: guide.sh SOURCE_ROOT BUILD_ROOT CC...; writes TAP.
root=$1
build=$2
shift 2
. "$root/tests/kit/tap.sh"
cd "$work" || exit 1
export CC="$*" NUDGE_DATA=/nonexistent
unset NUDGE_PLUGIN_PATH
guide=$root/docs/plugins.md

# The tree as the guide has it: a build folder of that name.
mkdir tree
ln -s "$root/experiments" tree/experiments
ln -s "$build" tree/build
nudge=$work/tree
export nudge

# Blocks by language, numbered: sh1, sh2, ..., c1, ..., lua1, ...
awk '/^```/ && inside { inside = 0; close(file); next }
  /^```[a-z]/ { language = substr($0, 4); inside = 1; file = language (++count[language]); next }
  inside { print > file }' "$guide"
ls sh* c[0-9]* lua* >log
[ "$(grep -c ^sh log)" -gt 8 ] && [ "$(grep -c ^c log)" -gt 3 ] && [ "$(grep -c ^lua log)" = 1 ]
report $? "the guide has its blocks"

# A C block with the exported table is a file of its own; the text before names it. The others are
# parts of the templates.
"$build/nudge" new learner excerpts >log 2>&1 && "$build/nudge" new rule other --folder excerpts >log 2>&1
report $? "templates to look in"
cat >within.lua <<'LUA'
local nudge = require "nudge"
local set = nudge.settings { block = "" }
local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end
local block = read(set.block)
assert(#block > 20)
assert(read "excerpts/plugin.c":find(block, 1, true) or read "excerpts/other/plugin.c":find(block, 1, true),
  "no template has this: " .. block)
LUA
complete=
for block in c[0-9]*; do
  if grep -q NDG_PLUGIN_SYMBOL "$block"; then
    complete=$(sed -n 's/.*\.name = "\(.*\)".*/\1/p' "$block").c
    cp "$block" "$complete"
    grep -q "\`$complete\`" "$guide"
    report $? "the guide names $complete"
    for standard in c11 c17; do
      does "$complete: -std=$standard, strict warnings" "$@" -std=$standard $strict \
        -I"$root/core/include" -fPIC -shared -o complete.so "$complete" -lm
    done
  else
    does "$block is part of a template" "$build/nudge" run --no-store within.lua --set block="$block"
  fi
done
[ -n "$complete" ]
report $? "there is a complete plugin"
lua=$(sed -n 's/.*, in `\(.*\.lua\)`:$/\1/p' "$guide")
cp lua1 "$lua"
report $? "the Lua block has a name"
rm -r excerpts

# One shell for all shell blocks, as a reader has it.
n_blocks=$(ls sh[0-9]* | wc -l)
: >script
k=0
while [ $k -lt "$n_blocks" ]; do
  k=$((k + 1))
  { echo "echo '== block $k'"; cat "sh$k"; } >>script
done
echo "echo '== end'" >>script
sh -e script >log 2>&1 </dev/null
report $? "the shell blocks run: $(grep '^== ' log | tail -n 1)"
grep -q '^== end$' log
report $? "all $n_blocks of them"
grep -q 'ndg_sqrt' mine/plugin.c
report $? "the line that is changed is there"
says "the learner is in the study" '^ +learner +mine, '
says "the rule has its line" '^ +slope .*\(2\)'
says "the complete rule is exact" '^org.example.curvature	true	true$'
says "as is the bundled one" '^implicit	true	true$'
[ "$(tail -n 2 log | head -n 1)" = "$(sed -n 's/^abi=//p' "$build/nudge-1.pc")" ]
report $? "the last block prints the minor"

# Every group of the checker is explained, and no other.
"$build/nudge" check --list >log 2>&1
grep -E '^[a-z]' log | while read -r group; do grep -q "^| $group | " "$guide" || echo "$group"; done >missing
[ ! -s missing ] || cp missing log
[ ! -s missing ]
report $? "every group of nudge check is in the table"
finish
