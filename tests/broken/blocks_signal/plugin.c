/* SPDX-License-Identifier: MIT */
#include <signal.h>
__attribute__((constructor)) static void change(void) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGINT);
  (void)sigprocmask(SIG_BLOCK, &set, NULL);
}
#include "../sound_learner.h"
