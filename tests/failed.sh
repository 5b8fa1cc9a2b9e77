#!/bin/sh
# SPDX-License-Identifier: MIT
# What failed in the last run of a build folder's tests. Meson shows the standard error of a test
# that writes TAP, not its standard output, where TAP has the reasons.
# Usage: failed.sh BUILD
awk '
  function end(  i) {
    if (bad && !told) { # killed, out of time, or not in TAP: how far it came
      print name ": " result
      for (i = n > 5 ? n - 5 : 0; i < n; i++)
        print "  " line[i]
    }
    n = told = shown = out = bad = 0
  }
  /^=+ [0-9]+\/[0-9]+ =+$/ || /^=+$/ { end(); next }
  !out && sub(/^test: */, "") { name = $0 }
  !out && sub(/^result: */, "") { result = $0; bad = !/^exit status (0|77)$/ }
  /^-+ stdout -+$/ { out = 1; next }
  /^-+ stderr -+$/ { out = 2; next } # Meson has shown it
  out == 1 {
    line[n++] = $0
    if (/^ *not ok/ && !/# *TODO/) {
      if (!told++) print name ": " result
      shown = 1
    } else if (!/^ *#/) shown = 0
    if (shown) print "  " $0
  }
  END { end() }
' "$1/meson-logs/testlog.txt"
