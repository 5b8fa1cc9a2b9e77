#!/bin/sh
# SPDX-License-Identifier: MIT
# Every function and function pointer of the public headers stands under a contract
# "[thread; state; cost]" of known words: docs/abi.md lists them. A comment that says "contract of all" or "All calls"
# covers what follows it: to the end of the struct or, outside of one, of the file.
# usage: contracts.sh INCLUDE_FOLDER
set -u
awk '
function words(contract,    part, n) {
  sub(/^\[/, "", contract)
  sub(/\]$/, "", contract)
  n = split(contract, part, /; */)
  return n == 3 && part[1] ~ /^(main|worker|any|main or worker|\.)$/ &&
         part[2] ~ /^(any|loaded|open|building|estimating|\.)$/ &&
         part[3] ~ /^(hot|pure|cheap|no allocation|estimating|cost of a dense solve|cost as said)$/
}
function judge(name) {
  n++
  if (covered || (contract != "" && words(contract))) {
    print "ok " n " - " file ": " name
    return
  }
  print "not ok " n " - " file ":" FNR ": " name
  print "# " (contract == "" ? "no contract" : "contract with unknown words: " contract)
  failed = 1
}
FNR == 1 { file = FILENAME; sub(/.*\//, "", file); contract = ""; covered = 0; inside = 0 }
# A comment, perhaps of several lines: what it says holds until an empty line or the next comment.
/^ *\/\*/ && !inside { text = ""; inside = 1 }
inside {
  text = text " " $0
  if ($0 !~ /\*\//) next
  inside = 0
  contract = match(text, /\[[^]]*;[^]]*\]/) ? substr(text, RSTART, RLENGTH) : ""
  if (contract != "" && text ~ /contract of all|All calls/) covered = 1
  next
}
/^$/ { contract = "" }
/^}/ { contract = ""; if (in_struct) covered = 0; in_struct = 0 }
/^(typedef )?struct.*{/ { in_struct = 1 }
/^#/ { next }
# A member that is a function pointer.
/^  .*\(\*[a-z_0-9]+\)\(/ {
  name = $0
  sub(/\)\(.*/, "", name)
  sub(/.*\(\*/, "", name)
  judge(name)
}
# A function: declared or defined at the left margin.
/^[a-z].*[a-z_*]+\(/ && !/^(typedef|extern "C")/ {
  name = $0
  sub(/\(.*/, "", name)
  sub(/.*[ *]/, "", name)
  judge(name)
}
END {
  print "1.." n
  exit failed || n == 0
}' "$1"/nudge/*.h
