/* SPDX-License-Identifier: MIT */
#define IN_CHECK(o, e)                                                                             \
  if (depth((int)(o)->length) < 0)                                                                 \
    return NDG_EINTERNAL;
static int depth(int n);
#include "../sound_learner.h"
static volatile int zero;
static int depth(int n) {
  volatile char room[1000];
  room[0] = (char)n;
  return zero == 0 ? depth(n + 1) + room[0] : n;
}
