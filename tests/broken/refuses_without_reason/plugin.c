/* SPDX-License-Identifier: MIT */
#define IN_CHECK(o, e)                                                                             \
  if ((o)->length > 50)                                                                            \
    return NDG_EINVAL;
#include "../sound_learner.h"
