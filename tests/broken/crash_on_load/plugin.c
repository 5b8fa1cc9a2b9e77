/* SPDX-License-Identifier: MIT */
static int *volatile nowhere;
__attribute__((constructor)) static void crash(void) {
  *nowhere = 1;
}
#include "../sound_learner.h"
