/* SPDX-License-Identifier: MIT */
#define IN_BUILD(o, e)                                                                             \
  for (volatile int more = 1; more;)                                                               \
    continue;
#include "../sound_learner.h"
