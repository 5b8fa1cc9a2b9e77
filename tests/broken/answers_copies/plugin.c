/* SPDX-License-Identifier: MIT */
#include "nudge/nudge.h"
#include <string.h>
static ndg_closed_form copies[2];
static const void *answer(const char *id) {
  static int n;
  copies[0].struct_size = copies[1].struct_size = sizeof copies[0];
  return strcmp(id, NDG_CAP_CLOSED_FORM) == 0 ? &copies[n++ % 2] : NULL;
}
#define EXTENSION answer
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_CLOSED_FORM
#include "../sound_learner.h"
