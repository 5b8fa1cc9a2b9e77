/* SPDX-License-Identifier: MIT */
#include <time.h>
static char version[32] = "1.";
#define VERSION version
#include "../sound_learner.h"
__attribute__((constructor)) static void name(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  (void)snprintf(version, sizeof version, "1.%ld", t.tv_nsec);
}
