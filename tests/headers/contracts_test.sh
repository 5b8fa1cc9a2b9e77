#!/bin/sh
# SPDX-License-Identifier: MIT
# contracts.sh sees what it should: copies of the headers with one contract spoilt.
# usage: contracts_test.sh INCLUDE_FOLDER
set -u
include=$1
lint=$(dirname "$0")/contracts.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
failed=0

# TEXT HEADER SED_EXPRESSION FUNCTION SAID: FUNCTION of the changed HEADER is refused with SAID.
refused() {
  rm -rf "$work/copy"
  cp -R "$include" "$work/copy"
  sed -i "$3" "$work/copy/nudge/$2"
  n=$((n + 1))
  said=$(sh "$lint" "$work/copy")
  if [ $? -ne 0 ] && printf '%s\n' "$said" | grep -A 1 "^not ok .*$2:[0-9]*: $4\$" | grep -qF "$5"
  then
    echo "ok $n - $1"
  else
    echo "not ok $n - $1"
    printf '%s\n' "$said" | grep -A 1 '^not' | sed 's/^/# /'
    failed=1
  fi
}

refused 'a function pointer without a contract' rule.h \
  's/  \/\* \[main; loaded; pure\] Optional. Capability ids/  \/* Optional. Capability ids/' \
  needs 'no contract'
refused 'a function without a contract' rng.h 's/\[any; any; hot\] Uniform/Uniform/' \
  ndg_rng_uniform 'no contract'
refused 'a new function pointer at the end' learner.h \
  's/^} ndg_learner_ops;/\n  void (*more)(void);\n&/' more 'no contract'
refused 'a new function at the end' types.h \
  's/^static inline uint64_t ndg_shape_size/\nstatic inline int ndg_more(void) {\n  return 1;\n}\n\n&/' \
  ndg_more 'no contract'
refused 'an unknown thread' rule.h 's/\[any; loaded; pure\] Optional. How/[all; loaded; pure] How/' \
  truncation 'unknown words: [all; loaded; pure]'
refused 'an unknown state' rule.h 's/\[any; loaded; pure\] Optional. How/[any; shut; pure] How/' \
  truncation 'unknown words: [any; shut; pure]'
refused 'an unknown cost' rule.h 's/\[any; loaded; pure\] Optional. How/[any; loaded; fast] How/' \
  truncation 'unknown words: [any; loaded; fast]'
refused 'two words' rule.h 's/\[any; loaded; pure\] Optional. How/[any; loaded] How/' \
  truncation 'unknown words: [any; loaded]'
refused 'four words' rule.h 's/\[any; loaded; pure\] Optional. How/[any; loaded; pure; hot] How/' \
  truncation 'unknown words: [any; loaded; pure; hot]'
echo "1..$n"
exit $failed
