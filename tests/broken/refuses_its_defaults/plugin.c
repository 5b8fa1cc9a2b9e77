/* SPDX-License-Identifier: MIT */
#define IN_CHECK(o, e)                                                                             \
  if ((o)->length == 3)                                                                            \
    return ndg_fail((e), NDG_EINVAL, "length is 3, must be even");
#include "../sound_learner.h"
