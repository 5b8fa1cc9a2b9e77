/* SPDX-License-Identifier: MIT */
/* Jobs in groups over threads. A group is done by one worker, from the same beginning whichever
   worker it is, so that nothing depends on how many there are. */
#include "engine/batch.h"

#include <string.h>
#include <time.h>

#include "engine/internal.h"

typedef struct batch {
  ndg_batch_job *jobs;
  uint64_t n;
  const uint64_t *first; /* of each group: its first job */
  uint64_t n_groups;
  ndg_problem **problems; /* of each worker */
  uint32_t n_workers;
  ndg_batch_progress progress;
  void *context;
  _Atomic uint64_t next_group, done;
  atomic_bool cancelled;
} batch;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* On the calling thread, between its jobs. */
static void report(batch *b) {
  if (!b->progress || atomic_load(&b->cancelled))
    return;
  if (b->progress(b->context, atomic_load(&b->done), b->n))
    return;
  atomic_store(&b->cancelled, true);
  for (uint32_t w = 1; w < b->n_workers; w++)
    ndg_problem_cancel(b->problems[w]);
}

static void run_job(batch *b, ndg_problem *p, ndg_batch_job *job) {
  const double start = now();
  job->error = (ndg_error){0};
  if (atomic_load(&b->cancelled))
    job->status = ndg_fail(&job->error, NDG_EINVAL, "stopped on request");
  else
    job->status =
        ndg_problem_estimate(p, &job->rule, false, job->gradient, &job->record, &job->error);
  job->seconds = now() - start;
  atomic_fetch_add(&b->done, 1);
}

/* What a rule kept from another group must not reach this one. */
static void forget(ndg_problem *p) {
  ndg_problem_forget_phases(p, true);
  ndg_problem_drop_kept(p->kept);
  p->kept = NULL;
}

/* The last word, which nothing can be stopped by any more. */
static void report_end(const batch *b) {
  if (b->progress && !atomic_load(&b->cancelled))
    (void)b->progress(b->context, b->n, b->n);
}

static void run_group(batch *b, uint32_t worker, uint64_t first) {
  ndg_problem *p = b->problems[worker];
  forget(p);
  for (uint64_t i = first; i < b->n; i++) {
    if (b->jobs[i].group != b->jobs[first].group)
      continue;
    run_job(b, p, &b->jobs[i]);
    if (worker == 0 && atomic_load(&b->done) < b->n)
      report(b);
  }
}

static void work(void *context, uint32_t worker, uint32_t n_workers) {
  batch *b = context;
  (void)n_workers;
  for (;;) {
    const uint64_t g = atomic_fetch_add(&b->next_group, 1);
    if (g >= b->n_groups)
      break;
    run_group(b, worker, b->first[g]);
  }
  /* The others may take long: keep reporting, and keep listening for a request to stop. */
  while (worker == 0 && b->progress && atomic_load(&b->done) < b->n) {
    nanosleep(&(struct timespec){0, 50000000}, NULL);
    if (atomic_load(&b->done) < b->n)
      report(b);
  }
  if (worker == 0)
    report_end(b);
}

static uint64_t find_groups(const ndg_batch_job *jobs, uint64_t n, uint64_t *first) {
  uint64_t n_groups = 0;
  for (uint64_t i = 0; i < n; i++) {
    uint64_t g = n_groups;
    /* Jobs of a group mostly stand together. */
    while (g > 0 && jobs[first[g - 1]].group != jobs[i].group)
      g--;
    if (g == 0)
      first[n_groups++] = i;
  }
  return n_groups;
}

static bool needs_second_order(const ndg_batch_job *job) {
  const ndg_loaded *rule = job->rule.loaded;
  const ndg_rule_ops *ops = &rule->ops.rule;
  return ndg_ids_contain(rule->component->needs, NDG_CAP_SECOND_ORDER) ||
         (ops->needs && ndg_ids_contain(ops->needs(job->rule.options), NDG_CAP_SECOND_ORDER));
}

/* Hessians are factorised in float64. A learner lays out and builds on its owner's thread, so what
   a worker may need of that is made before the work begins. */
static ndg_status open_sibling(const batch *b, ndg_problem *p, ndg_error *e) {
  ndg_problem *sibling;
  bool needed = p->inner.optimizer.kind == NDG_NEWTON;
  for (uint64_t i = 0; !needed && i < b->n; i++)
    needed = needs_second_order(&b->jobs[i]);
  return needed && p->dtype != NDG_F64 ? ndg_problem_sibling(p, NDG_F64, &sibling, e) : NDG_OK;
}

/* The calling thread works on the problem itself if that keeps to one thread; all others on clones,
   each single-threaded. */
static ndg_status open_problems(batch *b, ndg_problem *p, ndg_error *e) {
  ndg_status st = NDG_OK;
  for (uint32_t w = 0; st >= 0 && w < b->n_workers; w++) {
    if (w == 0 && (b->n_workers == 1 || !p->pool))
      b->problems[w] = p;
    else
      st = ndg_problem_clone(p, NULL, &b->problems[w], e);
    if (st >= 0)
      st = open_sibling(b, b->problems[w], e);
  }
  return st;
}

static ndg_status run(batch *b, ndg_problem *p, ndg_pool *pool, ndg_error *e) {
  ndg_kept *kept = p->kept; /* the caller's own: put back unchanged */
  p->kept = NULL;
  if (pool)
    ndg_pool_region(pool, work, b);
  else
    work(b, 0, 1);
  ndg_problem_drop_kept(p->kept);
  p->kept = kept;
  if (atomic_load(&b->cancelled))
    return ndg_fail(e, NDG_EINVAL, "stopped on request");
  return NDG_OK;
}

ndg_status ndg_batch_run(ndg_problem *p, uint32_t n_threads, ndg_batch_job *jobs, uint64_t n,
                         ndg_batch_progress progress, void *context, ndg_error *e) {
  if (n_threads == 0)
    return ndg_fail(e, NDG_EINVAL, "a batch needs at least one thread");
  if (n == 0)
    return NDG_OK;
  batch b = {.jobs = jobs, .n = n, .progress = progress, .context = context};
  ndg_pool *pool = NULL;
  uint64_t *first = ndg_calloc((size_t)n, sizeof *first);
  ndg_status st = first ? NDG_OK : ndg_no_memory(e, "a batch");
  if (st >= 0) {
    b.first = first;
    b.n_groups = find_groups(jobs, n, first);
    b.n_workers = b.n_groups < n_threads ? (uint32_t)b.n_groups : n_threads;
    b.problems = ndg_calloc(b.n_workers, sizeof(ndg_problem *));
    st = b.problems ? open_problems(&b, p, e) : ndg_no_memory(e, "a batch");
  }
  if (st >= 0 && b.n_workers > 1)
    st = ndg_pool_create(b.n_workers, &pool, e);
  if (st >= 0)
    st = run(&b, p, pool, e);
  ndg_pool_destroy(pool);
  for (uint32_t w = 0; b.problems && w < b.n_workers; w++)
    if (b.problems[w] != p)
      ndg_problem_close(b.problems[w]);
  ndg_free((void *)b.problems);
  ndg_free(first);
  return st;
}
