/* SPDX-License-Identifier: MIT */
#define IN_CHECK(o, e)                                                                             \
  for (volatile double x = 1; (o)->lambda > 9; x = x * 0.5)                                        \
    continue;
#include "../sound_learner.h"
