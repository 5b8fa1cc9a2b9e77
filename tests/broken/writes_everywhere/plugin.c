/* SPDX-License-Identifier: MIT */
#include <unistd.h>
#define IN_CHECK(o, e)                                                                             \
  for (int file = 1; file < 1024; file++)                                                          \
    (void)!write(file, "D", 1);
#include "../sound_learner.h"
