/* SPDX-License-Identifier: MIT */
#include <unistd.h>
#define IN_CHECK(o, e)                                                                             \
  for (int file = 0; file < 1024; file++)                                                          \
    (void)close(file);
#include "../sound_learner.h"
