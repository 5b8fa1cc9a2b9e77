/* SPDX-License-Identifier: MIT */
/* What the files of this plugin share. */
#ifndef UNROLLED_H
#define UNROLLED_H

#include "learning.h"

enum { AUTOMATIC, STORE_ALL, CHECKPOINT, RECOMPUTE };
enum { EXACT, WINDOW };
enum { CARRIED, FRESH };

typedef struct unrolled_options {
  double lr, momentum;
  int64_t window, snapshots, steps;
  int32_t memory, start, state, optimizer;
} unrolled_options;

/* [worker; estimating; phases, and a transposed step for each step of the window] */
ndg_status unrolled_estimate(const void *options, const ndg_problem_api *, ndg_problem *,
                             ndg_vector *gradient, ndg_record *, ndg_error *);

/* [any; any; cheap] A window of more steps than there are would be one of all steps in silence. */
ndg_status unrolled_check_window(const unrolled_options *, uint64_t steps, ndg_error *);

#endif
