/* SPDX-License-Identifier: MIT */
/* A fixed set of threads that run a job together. */
#ifndef NUDGE_BASE_POOL_H
#define NUDGE_BASE_POOL_H

#include "nudge/types.h"

typedef struct ndg_pool ndg_pool;
/* worker in [0, n_workers); 0 is the calling thread. */
typedef void (*ndg_pool_region_job)(void *context, uint32_t worker, uint32_t n_workers);

/* [main; any; starts threads] n_threads >= 1 counts the caller. NULL pool everywhere: one thread.
 */
ndg_status ndg_pool_create(uint32_t n_threads, ndg_pool **out, ndg_error *);
/* [owner; not inside a job; stops threads] NULL is fine. */
void ndg_pool_destroy(ndg_pool *);
/* [any; any; pure] Threads of the pool, the caller among them. */
uint32_t ndg_pool_size(const ndg_pool *);
/* [owner; not inside a job; hot] The job once on every worker at the same time; returns when all
   are done. */
void ndg_pool_region(ndg_pool *, ndg_pool_region_job, void *context);
/* [worker; inside a region; hot] All workers of the region have arrived. Spins, then yields. */
void ndg_pool_barrier(ndg_pool *, uint32_t worker);

/* [any; any; pure] Processors this process may use. */
uint32_t ndg_processor_count(void);

#endif
