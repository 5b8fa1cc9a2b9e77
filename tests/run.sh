#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what the tests need, builds, and runs them all. Options go to `meson test`.
set -eu
cd "$(dirname "$0")/.."

sh .ci/packages test
if [ -f build/build.ninja ]; then
  meson configure build -Dtests=enabled
else
  meson setup build -Dtests=enabled
fi
ninja -C build
status=0
meson test -C build --no-rebuild --print-errorlogs "$@" || status=$?
[ $status = 0 ] || sh tests/failed.sh build
exit $status
