#!/bin/sh
# SPDX-License-Identifier: MIT
# A plugin exports exactly one symbol and calls nothing that is the host's business; nudge itself
# exports none, so that no plugin can come to lean on its inside.
# usage: exports.sh NUDGE PLUGIN...
set -u
# Processes, streams, threads, locale, floating-point modes, clocks and files.
forbidden='abort|_?exit|quick_exit|_Exit|raise|signal|sigaction|system|fork|dlopen|pthread_create'
forbidden="$forbidden|std(in|out|err)|(v?f?)printf|f?puts|perror|f?open(64)?|setlocale|fesetround"
forbidden="$forbidden|fesetenv|s?rand|time|clock|clock_gettime|getenv|setenv"
forbidden="$forbidden|openblas_set_num_threads"
n=0
failed=0

report() { # OK TEXT DETAIL
  n=$((n + 1))
  if [ "$1" = yes ]; then
    echo "ok $n - $2"
  else
    printf 'not ok %d - %s\n# %s\n' "$n" "$2" "$3"
    failed=1
  fi
}

# Objects of the C library that a program holds a copy of have a version behind @.
defined=$(nm -D --defined-only "$1" | awk '$3 !~ /@/ { print $3 }' | tr '\n' ' ')
[ -z "$defined" ] && none=yes || none=no
report $none 'nudge exports nothing' "it exports: $defined"
shift

for plugin in "$@"; do
  name=$(basename "$plugin")
  defined=$(nm -D --defined-only "$plugin" | awk '{ print $3 }' | tr '\n' ' ')
  [ "$defined" = 'ndg_plugin_1 ' ] && one=yes || one=no
  report $one "$name exports only ndg_plugin_1" "it exports: $defined"
  calls=$(nm -D --undefined-only "$plugin" | awk '{ sub(/@.*/, "", $NF); print $NF }' |
    grep -Ex "$forbidden" | tr '\n' ' ')
  [ -z "$calls" ] && none=yes || none=no
  report $none "$name leaves processes, streams, files and modes to the host" "it uses: $calls"
done
echo "1..$n"
exit $failed
