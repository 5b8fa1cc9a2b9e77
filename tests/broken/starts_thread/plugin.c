/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <unistd.h>
static void *idle(void *context) {
  (void)pause();
  return context;
}
__attribute__((constructor)) static void start(void) {
  pthread_t thread;
  (void)pthread_create(&thread, NULL, idle, NULL);
}
#include "../sound_learner.h"
