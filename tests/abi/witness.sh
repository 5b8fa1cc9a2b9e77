#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the witness library of a folder of headers and compares it with the baseline, witness.abi.
# usage: witness.sh [--write] INCLUDE_FOLDER CC...
# --write: make it the baseline, if no promise to a release is broken.
# The baseline is that of today's headers, and any difference is one. To compare with a release,
# abidiff would have to be told to overlook what is appended, and would then overlook whatever else
# has changed in the same struct; that judgement is promise.sh's.
set -u
here=$(cd "$(dirname "$0")" && pwd)
write=no
if [ "$1" = --write ]; then
  write=yes
  shift
fi
include=$1
shift
if ! command -v abidiff >/dev/null || ! command -v abidw >/dev/null; then
  echo '1..0 # SKIP abidiff is not installed (Debian: abigail-tools)'
  [ $write = no ]
  exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$@" -std=c11 -g -ffile-prefix-map="$here/=" -fPIC -shared -fvisibility=hidden -I"$include" \
  -o "$work/witness.so" "$here/witness.c" || exit 1
if [ $write = yes ]; then
  for released in "$here"/released/*; do
    sh "$here/promise.sh" "$released" "$include" "$@" || exit 1
  done
  abidw --no-corpus-path --no-comp-dir-path --no-show-locs "$work/witness.so" >"$work/abi" &&
    cp "$work/abi" "$here/witness.abi"
  exit
fi
echo '1..1'
if said=$(abidiff "$here/witness.abi" "$work/witness.so" 2>&1); then
  echo 'ok 1 - the witness library is that of the baseline'
else
  echo 'not ok 1 - the witness library is that of the baseline'
  printf '%s\n' "$said" | sed 's/^/# /'
  echo '# If docs/abi.md allows this change: ninja -C BUILD_FOLDER abi-baseline'
  exit 1
fi
