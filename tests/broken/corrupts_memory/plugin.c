/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#define IN_CHECK(o, e) overrun((unsigned long)(o)->length);
static void overrun(unsigned long n);
#include "../sound_learner.h"
static volatile unsigned long more = 100000;
static void overrun(unsigned long n) {
  char *block = malloc(8 * n);
  volatile char *p = block;
  for (unsigned long k = 0; k < 8 * n + more; k++)
    p[k] = 0x5a;
  free(block);
}
