#!/bin/sh
# SPDX-License-Identifier: MIT
# nudge new from outside: what it writes, and that a mistake is one clear line which leaves nothing.
# usage: new.sh NUDGE INCLUDE CC...; writes TAP.
nudge=$(realpath "$1")
include=$(realpath "$2")
shift 2
. "$(dirname "$(realpath "$0")")/tap.sh"
cd "$work" || exit 1
mkdir place
cd place || exit 1

# refuses NAME PATTERN ARGUMENT...: one line that matches, and the folder stays as it was
refuses() {
  name=$1 pattern=$2
  shift 2
  ls -Al >../before
  "$nudge" new "$@" >../out 2>../log </dev/null
  status=$?
  ls -Al >../after
  [ $status = 1 ] && [ "$(wc -l <../log)" = 1 ] && [ ! -s ../out ] && cmp -s ../before ../after &&
    grep -qE -- "$pattern" ../log
  report $? "$name"
}

for kind in learner rule; do
  does "nudge new $kind" "$nudge" new $kind my_$kind --owner org.lab2
  says "$kind: it says what is next" 'meson test -C build'
  ls -A my_$kind >../log
  [ "$(tr '\n' ' ' <../log)" = 'README.md meson.build plugin.c try.lua ' ]
  report $? "$kind: its files"
  ! grep -rnE '@[a-z]+@' my_$kind >../log
  report $? "$kind: no hole is left"
  grep -q "\"org.lab2.my_$kind\"" my_$kind/plugin.c && grep -q "\"org.lab2.my_$kind\"" my_$kind/try.lua
  report $? "$kind: its id"
  for compiler in "$*" gcc clang; do
    command -v ${compiler%% *} >../log 2>&1 || continue
    for standard in c11 c17; do
      does "$kind: $compiler -std=$standard" $compiler -std=$standard $strict -I"$include" \
        -fPIC -shared -fvisibility=hidden -o ../my_$kind.so my_$kind/plugin.c -lm
    done
  done
  does "$kind: it loads" "$nudge" info --plugin ../my_$kind.so org.lab2.my_$kind
  says "$kind: info" "^$kind org.lab2.my_$kind 0.1.0: "
  does "$kind: its script runs" "$nudge" run --no-store --plugin ../my_$kind.so my_$kind/try.lua
  says "$kind: every estimate is fine" 'estimates: ([0-9]+) ok$'
done
[ "$(stat -c %a my_rule)" = "$(mkdir ../plain && stat -c %a ../plain)" ]
report $? "the folder is as open as any new one"

refuses "no kind" 'kind and a name'
refuses "an unknown kind" "'lerner'.*learner, rule" lerner mine
refuses "no name" 'wants one name, got 0' learner
refuses "two names" 'wants one name, got 2' learner one two
for name in '' Mine 1st a-b a.b a/b ../b 'a b' é _a "$(printf 'a\nb')" \
  a123456789012345678901234567890123456789012345678901234567890123; do
  refuses "name '$(printf %s "$name" | tr '\n' '?')'" 'no name for a plugin' learner "$name"
done
refuses "a name with a folder" '--folder says where' learner sub/mine
refuses "a target of meson" "'test' is a target" rule test
refuses "an owner that is none" "--owner 'Org'" learner mine --owner Org
refuses "an owner that ends in a dot" "--owner 'org\.'" learner mine --owner org.
refuses "an id that is too long" 'has 65 bytes; 63' learner mine --owner \
  a12345678901234567890123456789012345678901234567890123456789
refuses "owner twice" 'twice' learner mine --owner a --owner b
for id in $("$nudge" list | awk '{ print $2 }'); do
  refuses "the name of $id" "there is a (learner|rule) '$id' already" learner "$id"
done
refuses "the name of a plugin that is loaded" "learner 'org.lab2.my_learner' already" rule my_learner \
  --owner org.lab2 --plugin ../my_learner.so
does "the name of a bundled one under a prefix" "$nudge" new rule implicit --owner org.lab

echo precious >my_learner/plugin.c
refuses "a folder that is there" 'cannot make folder my_learner: File exists' learner my_learner
grep -q precious my_learner/plugin.c
report $? "it keeps what it had"
mkdir empty
refuses "an empty folder that is there" 'folder empty: File exists' learner empty
echo >file
refuses "a file of that name" 'folder file: File exists' learner file
ln -s nowhere link
refuses "a link of that name" 'folder link: File exists' learner link
refuses "a folder that is not there" 'cannot make folder no/such/mine: No such file' learner mine \
  --folder no/such
refuses "a file for a folder" 'cannot make folder file/mine: Not a directory' learner mine --folder file
refuses "a place that cannot be written" 'cannot make folder /proc/self/mine: ' learner mine \
  --folder /proc/self

# A disk that is full half-way: a limit on the size of files cuts the writing short.
for blocks in 0 1 4; do
  ls -Al >../before
  ( trap '' XFSZ; ulimit -f $blocks; "$nudge" new rule cut 2>&1 ) | cat >../log
  ls -Al >../after
  [ "$(wc -l <../log)" = 1 ] && grep -q 'File too large' ../log && cmp -s ../before ../after
  report $? "a disk that is full after $blocks blocks leaves nothing"
done

mkdir -p 'a folder/below'
does "a folder with a blank" "$nudge" new rule mine --folder 'a folder/below/'
says "it is quoted" "cd 'a folder/below/mine'"
[ -s 'a folder/below/mine/plugin.c' ]
report $? "it is there"
finish
