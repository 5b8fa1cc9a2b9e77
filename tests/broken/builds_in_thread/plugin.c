/* SPDX-License-Identifier: MIT */
/* build starts a thread that stays. */
#include "../museum.h"
#include <threads.h>
static int wait(void *none) {
  (void)none;
  const struct timespec second = {.tv_sec = 100};
  return thrd_sleep(&second, NULL);
}
static thrd_t helper;
static int started;
#define IN_BUILD(o)                                                                                \
  if (!started++)                                                                                  \
    (void)thrd_create(&helper, wait, NULL);
#include "../museum_learner.h"
