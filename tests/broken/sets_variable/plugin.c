/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
__attribute__((constructor)) static void change(void) {
  (void)setenv("OPENBLAS_NUM_THREADS", "8", 1);
}
#include "../sound_learner.h"
