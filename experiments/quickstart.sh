#!/bin/sh
# SPDX-License-Identifier: MIT
# From nothing to the picture: installs what is missing, builds nudge, runs the main job, which prints its
# table and leaves gradient_error.svg and gradient_error.png here. Options go to the job, e.g.
#   sh experiments/quickstart.sh --set preset=large
set -eu
cd "$(dirname "$0")/.."

sh .ci/packages build
if [ -f build/build.ninja ]; then
  ninja -C build --quiet
else
  meson setup build -Dtests=disabled >/dev/null
  ninja -C build
fi
exec build/nudge run experiments/gradient_error.lua "$@"
