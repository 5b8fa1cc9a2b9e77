/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#define IN_LAYOUT(o, e)                                                                            \
  if (open("/dev/zero", O_RDONLY) < 0)                                                             \
    return ndg_fail((e), NDG_EIO, "cannot read /dev/zero");
#include "../sound_learner.h"
