/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
static void *volatile copy;
#define IN_BUILD(o, e)                                                                             \
  copy = malloc(sizeof *(o));                                                                      \
  if (copy)                                                                                        \
    memcpy(copy, (o), sizeof *(o));
#include "../sound_learner.h"
