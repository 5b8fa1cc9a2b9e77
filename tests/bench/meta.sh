#!/bin/sh
# SPDX-License-Identifier: MIT
# Few-shot meta-learning as scripts see it, with the machine's limits measured just before:
# meta.sh NUDGE LIMITS [PART]
nudge=$(realpath "$1")
limits=$(realpath "$2")
script=$(dirname "$(realpath "$0")")/meta.lua
single=$(mktemp) || exit 1
trap 'rm -f "$single"' EXIT
for threads in 1 2; do
  rates=$("$limits" float32 $threads) || exit 1
  set -- "$1" "$2" "${3:-all}" $rates
  "$nudge" run --threads $threads --set part="$3" --set peak="$4" --set products="$5" \
    --set large="$6" --set single="$single" "$script" || exit 1
done
