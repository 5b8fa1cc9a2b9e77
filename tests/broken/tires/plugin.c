/* SPDX-License-Identifier: MIT */
#define IN_LAYOUT(o, e)                                                                            \
  static int n;                                                                                    \
  if (++n > 700)                                                                                   \
    return ndg_fail((e), NDG_ENOMEM, "all places are taken");
#include "../sound_learner.h"
