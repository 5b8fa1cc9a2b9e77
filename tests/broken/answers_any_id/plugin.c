/* SPDX-License-Identifier: MIT */
#include "nudge/nudge.h"
static const ndg_examples none = {.struct_size = sizeof none};
static const void *answer(const char *id) {
  (void)id;
  return &none;
}
#define EXTENSION answer
#include "../sound_learner.h"
