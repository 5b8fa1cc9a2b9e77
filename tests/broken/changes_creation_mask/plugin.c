/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
__attribute__((constructor)) static void change(void) {
  (void)umask(0);
}
#include "../sound_learner.h"
