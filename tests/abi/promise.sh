#!/bin/sh
# SPDX-License-Identifier: MIT
# Whether headers keep what released ones promised: docs/abi.md. Says which rule is broken.
# usage: promise.sh RELEASED_FOLDER INCLUDE_FOLDER CC...
set -u
released=$1
include=$2
here=$(dirname "$0")
shift 2
minor() { sed -n 's/^#define NDG_ABI_MINOR \([0-9]*\)u$/\1/p' "$1/nudge/plugin.h"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sh "$here/layout.sh" "$released" "$@" >"$work/old" || exit 1
sh "$here/layout.sh" "$include" "$@" >"$work/new" || exit 1
# SIZE: frozen; LEAST: may grow.
frozen=$(sed -n 's/^SIZE(\([a-z_0-9]*\),.*/\1/p' "$here/layout.c" | tr '\n' ' ')
awk -v old_minor="$(minor "$released")" -v new_minor="$(minor "$include")" \
  -v frozen=" $frozen " -f "$here/promise.awk" "$work/old" "$work/new" >"$work/said"
status=$?
sort "$work/said"
exit $status
