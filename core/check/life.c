/* SPDX-License-Identifier: MIT */
#include "check/life.h"

#include <malloc.h>
#include <string.h>

#include "check/life_kinds.h"

/* The sanitizers have a heap of their own and say how large it is. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

uint64_t ndg_memory_in_use(const ndg_check *c) {
  if (c->source->settle)
    c->source->settle(c->source->context);
  if (__sanitizer_get_current_allocated_bytes)
    return __sanitizer_get_current_allocated_bytes();
  const struct mallinfo2 m = mallinfo2();
  return m.uordblks + m.hblkhd;
}

bool ndg_life_open(ndg_check *c, ndg_life *l) {
  if (strcmp(c->subject->component->kind, NDG_KIND_LEARNER) == 0)
    return ndg_life_open_learner(c, l);
  if (strcmp(c->subject->component->kind, NDG_KIND_RULE) == 0)
    return ndg_life_open_rule(c, l);
  ndg_check_skip(c, "nothing is known about the use of this kind");
  return false;
}
