/* SPDX-License-Identifier: MIT */
/* What belongs to the whole process, and what a plugin may therefore not change. */
#ifndef NUDGE_CHECK_PROCESS_STATE_H
#define NUDGE_CHECK_PROCESS_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

/* Aspects of it, in the order of their names. */
enum {
  NDG_STATE_FLOATING_POINT = 0,
  NDG_STATE_LOCALE,
  NDG_STATE_SIGNALS,
  NDG_STATE_FOLDER,
  NDG_STATE_CREATION_MASK,
  NDG_STATE_ENVIRONMENT,
  NDG_STATE_DESCRIPTORS,
  NDG_STATE_THREADS,
  NDG_STATE_N_ASPECTS
};
extern const char *const ndg_process_aspects[NDG_STATE_N_ASPECTS]; /* "floating_point" */

typedef struct ndg_process_state ndg_process_state;

/* [main; any; allocates from arena] The state now; NULL: no memory. */
ndg_process_state *ndg_process_state_take(ndg_arena *);
/* [main; any; I/O] Is an aspect now another than it was? Then text says from what to what. */
bool ndg_process_state_differs(const ndg_process_state *, int aspect, char *text, size_t size);
/* [main; any; cheap] Back to the floating-point modes that were. */
void ndg_process_state_restore(const ndg_process_state *);

#endif
