/* SPDX-License-Identifier: MIT */
#include <signal.h>
static void handle(int number) {
  (void)number;
}
__attribute__((constructor)) static void change(void) {
  (void)signal(SIGFPE, handle);
}
#include "../sound_learner.h"
