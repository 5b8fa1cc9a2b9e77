/* SPDX-License-Identifier: MIT */
#include <stdio.h>
__attribute__((constructor)) static void print(void) {
  for (;;)
    (void)puts("and so on");
}
#include "../sound_learner.h"
