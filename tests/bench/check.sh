#!/bin/sh
# SPDX-License-Identifier: MIT
# Time of `nudge check`, all cases, two at a time: check.sh NUDGE PLUGIN...
nudge=$(realpath "$1")
shift
for plugin in "$@"; do
  before=$(date +%s%N)
  last=$("$nudge" check "$plugin" | tail -n 1)
  echo $((($(date +%s%N) - before) / 1000000)) "$(basename "$plugin" .so)" "${last%;*}"
done | awk '{ ms = $1; $1 = ""
  printf "nudge check%s: %.1f s; target 20 s: %s\n", $0, ms / 1000, ms <= 20000 ? "met" : "MISSED" }'
