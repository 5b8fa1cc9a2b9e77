/* SPDX-License-Identifier: MIT */
#define IN_CHECK(o, e)                                                                             \
  if (100 / ((o)->length - 1) > 50)                                                                \
    return ndg_fail((e), NDG_EINVAL, "length must not be 2");
#include "../sound_learner.h"
