/* SPDX-License-Identifier: MIT */
/* A fixed set of threads. Work is cut into pieces by the problem, never by the number of threads.
 */
#ifndef NUDGE_BASE_POOL_H
#define NUDGE_BASE_POOL_H

#include "nudge/types.h"

typedef struct ndg_pool ndg_pool;
/* worker in [0, n_workers); 0 is the calling thread. */
typedef void (*ndg_pool_job)(void *context, uint32_t worker, uint64_t piece);
typedef void (*ndg_pool_region_job)(void *context, uint32_t worker, uint32_t n_workers);

/* [main; any; starts threads] n_threads >= 1 counts the caller. NULL pool everywhere: one thread.
 */
ndg_status ndg_pool_create(uint32_t n_threads, ndg_pool **out, ndg_error *);
void ndg_pool_destroy(ndg_pool *);
uint32_t ndg_pool_size(const ndg_pool *);
/* [owner; not inside a job; hot] Every piece exactly once, on any worker; returns when all are
 * done. */
void ndg_pool_run(ndg_pool *, ndg_pool_job, void *context, uint64_t n_pieces);
/* [owner; not inside a job; hot] The job once on every worker at the same time. */
void ndg_pool_region(ndg_pool *, ndg_pool_region_job, void *context);
/* [worker; inside a region; hot] All workers of the region have arrived. Spins, then yields. */
void ndg_pool_barrier(ndg_pool *, uint32_t worker);

/* [any; any; pure] Processors this process may use. */
uint32_t ndg_processor_count(void);

#endif
