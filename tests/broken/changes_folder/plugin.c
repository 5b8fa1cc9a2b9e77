/* SPDX-License-Identifier: MIT */
#include <unistd.h>
__attribute__((constructor)) static void change(void) {
  if (chdir("/") != 0)
    return;
}
#include "../sound_learner.h"
