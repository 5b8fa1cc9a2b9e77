/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
static int file;
__attribute__((constructor)) static void start(void) {
  file = open("/dev/null", O_RDONLY);
}
#include "../sound_learner.h"
