#!/bin/sh
# SPDX-License-Identifier: MIT
# The guard guards: copies of released headers with something changed, and the rule that each breaks.
# usage: tampered.sh RELEASED_FOLDER INCLUDE_FOLDER CC...
set -u
here=$(cd "$(dirname "$0")" && pwd)
released=$1
include=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
failed=0

report() { # OK TEXT SAID
  n=$((n + 1))
  if [ "$1" = yes ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    printf '%s\n' "$3" | sed 's/^/# /'
    failed=1
  fi
}

# A copy with one header changed; a change that changes nothing is a mistake of this test.
change() { # HEADER SED_EXPRESSION
  rm -rf "$work/copy"
  cp -R "$released" "$work/copy"
  sed -i "$2" "$work/copy/nudge/$1"
  if cmp -s "$released/nudge/$1" "$work/copy/nudge/$1"; then
    report no "a change of $1" "this changes nothing: $2"
  fi
}
bump='s/^#define NDG_ABI_MINOR .*/#define NDG_ABI_MINOR 99u/'

# What promise.sh says: WANTED is part of a line, or empty where nothing may be said.
promise() { # TEXT WANTED CC...
  text=$1
  wanted=$2
  shift 2
  said=$(sh "$here/promise.sh" "$released" "$work/copy" "$@" 2>&1)
  status=$?
  if [ -z "$wanted" ]; then
    [ $status -eq 0 ] && [ -z "$said" ] && ok=yes || ok=no
  else
    printf '%s\n' "$said" | grep -qF "$wanted" && [ $status -ne 0 ] && ok=yes || ok=no
  fi
  report $ok "$text" "$said"
}
broken() { # TEXT HEADER SED_EXPRESSION WANTED CC...
  change "$2" "$3"
  text=$1
  wanted=$4
  shift 4
  promise "$text" "rule broken: $wanted" "$@"
}

cp -R "$released" "$work/copy"
promise 'released headers keep their own promise' '' "$@"
broken 'two members that change places' rule.h \
  's/^  double residual; .*recomputed.*/  double first;/; /^  uint64_t iterations_taken;$/d; s/^  double first;/  double residual;\n  uint64_t iterations_taken;/' \
  'members never move: ndg_solve.iterations_taken was at 72, is at 80' "$@"
broken 'a member inserted before others' rule.h \
  's/^  uint64_t iterations; .*CG.*/  double inserted;\n&/' \
  'members never move: ndg_solve.iterations was at 40, is at 48' "$@"
broken 'a member of another type and the same size' rule.h \
  's/^  double damping; .*/  uint64_t damping;/' \
  'members keep their type: ndg_solve.damping was double, is uint64_t' "$@"
broken 'another parameter of an operation' rule.h \
  's/^  void (\*refuse)(ndg_problem \*, uint64_t task);/  void (*refuse)(ndg_problem *, uint32_t task);/' \
  'members keep their type: ndg_problem_api.refuse was' "$@"
broken 'a member that is gone' rule.h '/^  int (\*truncation)/d' \
  'members are never removed or renamed: ndg_rule_ops.truncation is gone' "$@"
broken 'a member with another name' learner.h 's/uint64_t n_values;/uint64_t n_classes;/' \
  'members are never removed or renamed: ndg_array.n_values is gone' "$@"
broken 'a reserved member with another use' rule.h \
  '/^typedef struct ndg_record/,/^} ndg_record/s/  uint32_t reserved;/  uint32_t colour;/' \
  'new members stand behind all others: ndg_record.colour is at 76' "$@"
broken 'a larger array in a struct' types.h 's/^  char text\[504\];/  char text[1016];/' \
  'frozen structs keep their size: ndg_error had 512 bytes, has 1024' "$@"
broken 'a new member of a frozen struct' types.h 's/^  double re, im;/  double re, im, more;/' \
  'frozen structs have no new members: ndg_complex.more' "$@"
broken 'a struct that is gone' option.h 's/ndg_choice\b/ndg_alternative/g' \
  'what is released stays: ndg_choice is gone' "$@"
broken 'a new member without a new minor' rule.h 's/^} ndg_rule_ops;/  void (*more)(void);\n&/' \
  'what is appended needs a new minor: ndg_rule_ops.more is new' "$@"
broken 'a new constant without a new minor' rule.h 's/^  NDG_ADAM = 4,/&\n  NDG_LION = 6,/' \
  'what is appended needs a new minor: NDG_LION is new' "$@"
broken 'a constant of another value' rule.h 's/NDG_HEAVY_BALL = 2/NDG_HEAVY_BALL = 7/' \
  'constants keep their value: NDG_HEAVY_BALL was 2, is 7' "$@"
broken 'another number for an operation' graph.h 's/NDG_OP_SIN = 19/NDG_OP_SIN = 27/' \
  'constants keep their value: NDG_OP_SIN was 19, is 27' "$@"
broken 'another name of a capability' plugin.h 's|nudge.learner.nudge/1|nudge.learner.nudge/2|' \
  'constants keep their value: NDG_CAP_NUDGE was' "$@"
broken 'a smaller limit' learner.h 's/^#define NDG_NAME_SIZE 32/#define NDG_NAME_SIZE 24/' \
  'constants keep their value: NDG_NAME_SIZE was 32, is 24' "$@"
broken 'a lower minor' plugin.h 's/^#define NDG_ABI_MINOR .*/#define NDG_ABI_MINOR 0u/' \
  'the minor never falls: NDG_ABI_MINOR was' "$@"

# What is allowed: at the end, with a new minor.
change rule.h 's/^} ndg_rule_ops;/  void (*more)(void);\n&/; s/^  NDG_ADAM = 4,/&\n  NDG_LION = 6,/
  s/^} ndg_rule_ops;/&\ntypedef struct ndg_more {\n  uint32_t struct_size;\n} ndg_more;/'
sed -i "$bump" "$work/copy/nudge/plugin.h"
promise 'a member, a constant and a struct more are fine with a new minor' '' "$@"

# The other guards see a change, too. They know the headers of today.
released=$include
change rule.h 's/^} ndg_rule_ops;/  void (*more)(void);\n&/'
said=$(sh "$here/complete.sh" "$work/copy" "$@" 2>&1)
printf '%s\n' "$said" | grep -qF '# AT(ndg_rule_ops, more, ' && ok=yes || ok=no
report $ok 'a member that no line of layout.c pins is missed' "$said"
change rule.h 's/^  double damping; .*/  float damping;/'
said=$("$@" -std=c11 -fsyntax-only -I"$work/copy" "$here/layout.c" 2>&1)
[ $? -ne 0 ] && printf '%s\n' "$said" | grep -q 'ndg_solve.*damping.*has another size' && ok=yes ||
  ok=no
report $ok 'layout.c does not compile with a member of another size' "$said"
if command -v abidiff >/dev/null; then
  change learner.h 's/^  double a, b;/  double b, a;/'
  said=$(sh "$here/witness.sh" "$work/copy" "$@" 2>&1)
  [ $? -ne 0 ] && printf '%s\n' "$said" | grep -q "'double b' offset changed" && ok=yes || ok=no
  report $ok 'abidiff sees two members that change places' "$said"
fi
echo "1..$n"
exit $failed
