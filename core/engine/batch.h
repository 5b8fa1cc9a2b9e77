/* SPDX-License-Identifier: MIT */
/* Many estimates of one problem, over threads: what a study runs. */
#ifndef NUDGE_ENGINE_BATCH_H
#define NUDGE_ENGINE_BATCH_H

#include "engine/problem.h"

typedef struct ndg_batch_job {
  ndg_instance rule;
  uint64_t
      group; /* jobs of one group run in order on one thread and may continue each other's phases */
  double *gradient; /* Q, filled */
  ndg_record record;
  ndg_status status; /* hard statuses too: other jobs go on */
  ndg_error error;
  double seconds;
} ndg_batch_job;

/* Called on the calling thread between its own jobs and while it waits for others, at the end with
   done == total. Returning false cancels the rest. */
typedef bool (*ndg_batch_progress)(void *context, uint64_t done, uint64_t total);

/* [main; open; cost of the jobs] Results do not depend on n_threads. */
ndg_status ndg_batch_run(ndg_problem *, uint32_t n_threads, ndg_batch_job *jobs, uint64_t n,
                         ndg_batch_progress, void *context, ndg_error *);

#endif
