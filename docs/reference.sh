#!/bin/sh
# SPDX-License-Identifier: MIT
# What is generated from option tables, usage tables and annotations: the pages of docs/reference
# and the editors' annotations of options, lua/meta/options.lua.
#   docs/reference.sh NUDGE ROOT            writes them (`ninja -C build reference`)
#   docs/reference.sh --check NUDGE ROOT    says whether the committed ones are these
set -eu
check=no
if [ "$1" = --check ]; then
  check=yes
  shift
fi
nudge=$1
root=$2

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
"$nudge" doc --markdown --to "$new/reference"
"$nudge" doc --luacats --to "$new/meta"

if [ $check = yes ]; then
  if ! diff -ru "$root/docs/reference" "$new/reference" ||
    ! diff -u "$root/lua/meta/options.lua" "$new/meta/options.lua"; then
    echo "the reference is not what the code says; run: ninja -C build reference" >&2
    exit 1
  fi
else
  rm -rf "$root/docs/reference"
  cp -R "$new/reference" "$root/docs/reference"
  cp "$new/meta/options.lua" "$root/lua/meta/options.lua"
fi
