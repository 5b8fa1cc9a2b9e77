#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes wrong versions of the derivative code, and looks whether the tests see them: README.md here.
# usage: run.sh BUILD_FOLDER [--seed N] [--count N] [--jobs N] [--seconds N] [--detectors FILE]
# Stopped, it goes on where it was; exit status 0: every mutant was caught.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=$1/mutations
shift
seed=1
count=200
jobs=2
seconds=60
detectors=$here/detectors
while [ $# -gt 1 ]; do
  case $1 in
  --seed) seed=$2 ;;
  --count) count=$2 ;;
  --jobs) jobs=$2 ;;
  --seconds) seconds=$2 ;;
  --detectors) detectors=$2 ;;
  *) break ;;
  esac
  shift 2
done
if [ $# -gt 0 ]; then
  sed -n 's/^# usage: /usage: /p' "$0" >&2
  exit 2
fi

# A copy of the tree in which only the mutated files differ.
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
for part in core docs experiments lua plugins tests meson.build meson_options.txt; do
  cp -Rpu "$root/$part" "$folder/"
done
lua=$(command -v lua5.4 || command -v lua)
"$lua" "$here/mutate.lua" "$root" "$folder" "$seed" "$count" >"$folder/list.new"
if ! cmp -s "$folder/list" "$folder/list.new" || ! cmp -s "$folder/detectors" "$detectors"; then
  rm -f "$folder/results"
  mv "$folder/list.new" "$folder/list"
  cp "$detectors" "$folder/detectors"
fi
[ -f "$folder/build/build.ninja" ] ||
  meson setup "$folder/build" "$folder" -Dtests=enabled >"$folder/build.log" 2>&1
programs=$(sed '/^#/d; s/ .*//' "$folder/detectors" | sort -u)
modules=$(ninja -C "$folder/build" -t targets all |
  sed -n 's/^\(plugins\/[^/]*\.so\):.*/\1/p; s/^\(.*\/direct_theta\.so\):.*/\1/p')
if ! ninja -C "$folder/build" $programs $modules nudge >"$folder/build.log" 2>&1; then
  tail -n 30 "$folder/build.log" >&2
  exit 1
fi

touch "$folder/results"
if ! grep -q '^0' "$folder/results"; then
  sh "$here/judge.sh" "$folder" 120 0 >"$folder/right"
  if ! grep -q survived "$folder/right"; then
    echo "mutations: the right code does not pass:" >&2
    cat "$folder/right" >&2
    exit 1
  fi
  cat "$folder/right" >>"$folder/results"
fi
cut -f 1 "$folder/list" | grep -vxF -f "$(cut -f 1 "$folder/results" >"$folder/done" &&
  echo "$folder/done")" |
  xargs -r -P "$jobs" -n 1 sh "$here/judge.sh" "$folder" "$seconds" >>"$folder/results"

# The list: number, the change, how it was caught.
sort -n "$folder/results" | awk -F'\t' -v list="$folder/list" '
  BEGIN { while ((getline line < list) > 0) { split(line, part, "\t"); change[part[1]] = part[2] } }
  $1 == 0 { next }
  {
    n++
    printf "%4d  %s\n      %s%s\n", $1, change[$1], $2, $3 == "" ? "" : ": " $3 ": " $4
    split(change[$1], part, ": ")
    of[part[3]]++
    how[$2]++
    if ($2 == "survived") survivors++
    else by[$3]++
  }
  END {
    print ""
    fflush()
    for (p in of) printf "%5d of the class %s\n", of[p], p | "sort -rn"
    close("sort -rn")
    print ""
    fflush()
    for (p in how) printf "%5d %s\n", how[p], p | "sort -rn"
    close("sort -rn")
    print ""
    fflush()
    for (p in by) printf "%5d caught by %s\n", by[p], p | "sort -rn"
    close("sort -rn")
    printf "%d mutants, %d caught, %d survived\n", n, n - survivors, survivors
    exit survivors > 0
  }' >"$folder/report" && status=0 || status=1
cat "$folder/report"
exit $status
