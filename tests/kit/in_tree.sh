#!/bin/sh
# SPDX-License-Identifier: MIT
# A new plugin under plugins/ of the tree itself, built with -Dplugins=NAME and with the warnings of
# the tree. usage: in_tree.sh NUDGE SOURCE_ROOT CC...; writes TAP.
nudge=$(realpath "$1")
root=$2
shift 2
. "$(dirname "$(realpath "$0")")/tap.sh"
cd "$work" || exit 1
export CC="$*"
mkdir tree
for entry in "$root"/*; do
  case ${entry##*/} in
  build* | data | tests) ;;
  *) cp -r "$entry" tree ;;
  esac
done
for kind in learner rule; do
  does "nudge new $kind --folder plugins" "$nudge" new $kind my_$kind --folder tree/plugins
done
find tree -newer tree/plugins/my_learner/plugin.c -type f ! -path '*/my_*' >log
[ ! -s log ]
report $? "no file of the tree is touched"
# The tests of the tree are not there, and not wanted.
mkdir tree/tests
: >tree/tests/meson.build
does "meson setup -Dplugins" meson setup tree/build tree -Dplugins=my_learner,my_rule -Dwerror=true
does "both are built with the tree" ninja -C tree/build plugins/my_learner.so plugins/my_rule.so
for kind in learner rule; do
  does "$kind: nudge check" "$nudge" check tree/build/plugins/my_$kind.so
done
! meson setup tree/build2 tree -Dplugins=missing >log 2>&1 &&
  grep -q 'missing/plugin.c does not exist' log
report $? "a name without a folder: it says which file is missing"
finish
