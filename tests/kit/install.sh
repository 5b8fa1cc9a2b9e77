#!/bin/sh
# SPDX-License-Identifier: MIT
# Plugins against what is installed: headers, templates and the pkg-config file of a `meson install
# --destdir` that was then moved elsewhere; where plugins are found.
# usage: install.sh BUILD_ROOT SOURCE_ROOT CC...; writes TAP.
build=$1
root=$2
shift 2
. "$(dirname "$(realpath "$0")")/tap.sh"
cd "$work" || exit 1
export CC="$*" HOME="$work/home" NUDGE_DATA=/nonexistent
unset XDG_DATA_HOME NUDGE_PLUGIN_PATH
does "meson install" meson install -C "$build" --destdir "$work/dest" --no-rebuild --quiet
# Whatever the prefix is, all of it moves.
program=$(find dest -path '*/bin/nudge' -type f)
mv "${program%/bin/nudge}" moved && rm -r dest
report $? "it is moved"
nudge=$work/moved/bin/nudge
pc=$(find moved -name nudge-1.pc)
export PKG_CONFIG_PATH="$work/${pc%/nudge-1.pc}"
plugindir=$(pkg-config --variable=plugindir nudge-1)

header=moved/include/nudge-1/nudge/plugin.h
abi=$(awk '$2 ~ /^NDG_ABI_(MAJOR|MINOR)$/ { sub("u", "", $3); printf "%s%s", dot, $3; dot = "." }' \
  "$header")
pkg-config --variable=abi nudge-1 >log
[ "$(cat log)" = "$abi" ]
report $? "nudge-1.pc has the ABI of the headers, $abi"
pkg-config --cflags nudge-1 >log
diff -r "$(sed 's/^-I//; s/ *$//' log)" "$root/core/include" -x meson.build -x nudge-1.pc.in >>log
report $? "it names the headers, and they are those of the source"
[ "$(realpath "$(pkg-config --variable=nudge nudge-1)")" = "$(realpath "$nudge")" ]
report $? "it names the program"

does "the program that was moved finds its plugins" "$nudge" list
says "all of them" '^rule +unrolled '
grep -c . log >installed
printf 'local nudge = require "nudge"\nprint(nudge.linspace(0, 1, 3)[2])\n' >one.lua
does "and its Lua" "$nudge" run --no-store one.lua

for kind in learner rule; do
  does "nudge new $kind" "$nudge" new $kind my_$kind
  (
    cd my_$kind || exit 1
    meson setup build -Dwerror=true --fatal-meson-warnings && ninja -C build &&
      meson test -C build --print-errorlogs
  ) >log 2>&1
  report $? "$kind: meson builds and tests it against the installed headers"
  # The line of its README, as it stands, with any compiler and without a warning.
  sed -n 's/^    \(cc .*\)/\1/p' my_$kind/README.md >line
  [ "$(wc -l <line)" = 1 ]
  report $? "$kind: one line for the compiler"
  for compiler in "$CC" gcc clang; do
    command -v ${compiler%% *} >log 2>&1 || continue
    (
      cd my_$kind && rm -f my_$kind.so && eval "$(sed "s|^cc|$compiler $(echo $strict)|" ../line)" &&
        "$nudge" check my_$kind.so
    ) >log 2>&1
    report $? "$kind: $compiler in one line, and nudge check"
  done
done
nm -D --defined-only my_rule/build/my_rule.so | awk '{ print $3 }' >log
[ "$(cat log)" = ndg_plugin_1 ]
report $? "a plugin exports its table and nothing else"

# count: how many components there are
count() { "$nudge" list 2>log | grep -c .; }
[ "$(count)" = "$(cat installed)" ]
report $? "the current folder is not searched"
does "meson install of a plugin" meson install -C my_rule/build --quiet
[ -s "$plugindir/my_rule.so" ]
report $? "it goes to the plugins of nudge"
does "it is there by name" "$nudge" info my_rule
says "with its path" "^Plugin .*$plugindir/my_rule.so|moved/.*/plugins/my_rule.so"

# The folder of the user.
place() { install -D my_learner/build/my_learner.so "$1/nudge-1/plugins/my_learner.so"; }
place home/.local/share
does "~/.local/share/nudge-1/plugins" "$nudge" check my_learner
mkdir data
XDG_DATA_HOME=$work/data "$nudge" list >log 2>&1
! grep -q my_learner log
report $? "XDG_DATA_HOME takes its place"
place data
rm -r home
does "XDG_DATA_HOME/nudge-1/plugins" env XDG_DATA_HOME="$work/data" "$nudge" info my_learner
does "a relative XDG_DATA_HOME" env XDG_DATA_HOME=data "$nudge" list
! grep -q my_learner log
report $? "is passed over, as its specification has it"
cp "$plugindir/my_rule.so" data/nudge-1/plugins/
XDG_DATA_HOME=$work/data "$nudge" list >log 2>&1
[ $? = 1 ] && [ "$(wc -l <log)" = 1 ] && grep -q "$work/data.*my_rule.so" log && grep -q 'moved/.*my_rule.so' log
report $? "the same id twice is one line with both files"

does "NUDGE_PLUGIN_PATH" env NUDGE_PLUGIN_PATH="$work/my_learner:$work/my_rule/build" "$nudge" list
[ "$(grep -c . log)" = 2 ]
report $? "its folders are searched instead of all others"
NUDGE_PLUGIN_PATH=$work/nowhere "$nudge" list >log 2>&1
[ $? = 1 ] && [ "$(wc -l <log)" = 1 ] && grep -q "$work/nowhere: No such file" log
report $? "a folder of it that is not there is an error"
finish
