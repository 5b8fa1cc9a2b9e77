/* SPDX-License-Identifier: MIT */
/* Tasks that a learner accepts, found without knowing it: what its extension
   nudge.learner.example/1 says; else the usual arrays, tried one form after the other, with options
   at their defaults and then with each choice of each option. */
#ifndef NUDGE_CHECK_TASKS_H
#define NUDGE_CHECK_TASKS_H

#include "check/check.h"
#include "nudge/learner.h"

enum { NDG_CHECK_MAX_ARRAYS = 16, NDG_CHECK_MAX_VARIANTS = 24, NDG_CHECK_MAX_OPTIONS = 16 };

/* One way to use a learner. */
typedef struct ndg_check_variant {
  char text[256]; /* "options layers=3,4,2 loss=mse"; "default options" */
  ndg_instance learner;
  uint64_t n_arrays;
  ndg_array arrays[NDG_CHECK_MAX_ARRAYS]; /* data NULL: drawn */
} ndg_check_variant;

typedef struct ndg_check_variants {
  uint64_t n;
  ndg_check_variant *at[NDG_CHECK_MAX_VARIANTS]; /* the plainest first */
  char refusal[512]; /* n == 0: what the learner said to the last that was tried */
} ndg_check_variants;

/* Contract of all: [main; case; allocates from the case's arena] */
/* An example that the learner gives and then refuses is an error; none found is not. */
ndg_status ndg_check_find_variants(ndg_check *, ndg_check_variants *, ndg_error *);
/* n tasks for a variant, all their numbers exact in float32. Task i of `label` has the same data
   whatever n is. NULL: no memory. */
ndg_task_arrays *ndg_check_draw_tasks(const ndg_check *, const ndg_check_variant *, uint64_t n,
                                      const char *label);
/* Tasks first .. first + n - 1 of some, in place. */
ndg_task_arrays *ndg_check_some_tasks(const ndg_check *, const ndg_task_arrays *, uint64_t first,
                                      uint64_t n);
/* A copy whose data may be changed. */
ndg_task_arrays *ndg_check_copy_tasks(const ndg_check *, const ndg_task_arrays *);
/* Bytes of one task's part of an array. */
size_t ndg_check_task_bytes(const ndg_array *);

#endif
