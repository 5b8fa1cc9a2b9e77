/* SPDX-License-Identifier: MIT */
static int *volatile nowhere;
#define IN_LAYOUT(o, e)                                                                            \
  if ((o)->length == 5)                                                                            \
    *nowhere = 1;
#include "../sound_learner.h"
