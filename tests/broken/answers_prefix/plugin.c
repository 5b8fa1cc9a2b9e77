/* SPDX-License-Identifier: MIT */
#include "nudge/nudge.h"
#include <string.h>
static const ndg_closed_form none = {.struct_size = sizeof none};
static const void *answer(const char *id) {
  return strncmp(id, NDG_CAP_CLOSED_FORM, strlen(NDG_CAP_CLOSED_FORM)) == 0 ? &none : NULL;
}
#define EXTENSION answer
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_CLOSED_FORM
#include "../sound_learner.h"
