/* SPDX-License-Identifier: MIT */
/* A point that moves along a drawn direction, and what changes with it: the slopes of losses, of
   ∂φ and of ∂θ, to compare derivatives with. */
#ifndef NUDGE_CHECK_MOTION_H
#define NUDGE_CHECK_MOTION_H

#include "check/bench.h"

typedef struct ndg_motion {
  ndg_bench *bench;
  uint32_t loss;
  uint32_t space;        /* what moves: NDG_PHI or NDG_THETA */
  uint64_t first, count; /* which of its elements */
  uint32_t want;         /* what is looked at: NDG_WANT_VALUE, GRAD_PHI or GRAD_THETA */
  /* found: slopes of what is looked at, n_tasks rows of `width`; how sure they are; and what is
     looked at itself, where the motion begins. */
  uint64_t width;
  long double *slope, *error, *here;
  long double *phi; /* where it begins */
  double *theta;    /* where it is */
} ndg_motion;

/* Fills the result; the bench is where it was. theta moves along the first row of its direction,
   which all tasks then have. [main; case; 25 evaluations] */
ndg_status ndg_motion_run(ndg_motion *, ndg_error *);

/* Runs a test for each group of phi or theta with the motion of that group alone, and for both
   losses. [main; case; cost of the tests] */
typedef ndg_status (*ndg_motion_test)(ndg_motion *, const ndg_group *, ndg_error *);
ndg_status ndg_motion_each_group(ndg_bench *, uint32_t space, uint32_t want, ndg_motion_test,
                                 ndg_error *);

#endif
