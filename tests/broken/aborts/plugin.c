/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#define IN_CHECK(o, e)                                                                             \
  if ((o)->lambda > 5)                                                                             \
    abort();
#include "../sound_learner.h"
