/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#define IN_CHECK(o, e)                                                                             \
  if (take_all() > 0)                                                                              \
    return ndg_fail((e), NDG_ENOMEM, "no memory for tables");
static int take_all(void);
#include "../sound_learner.h"
static void *volatile last;
static int take_all(void) {
  enum { PIECE = 16 << 20 };
  for (;;) {
    last = malloc(PIECE);
    if (!last)
      return 1;
    memset(last, 1, PIECE);
  }
}
