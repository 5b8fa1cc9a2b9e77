/* SPDX-License-Identifier: MIT */
/* Workers spin for a while between regions, because the next one usually follows within
   microseconds, and then sleep on a condition variable. A region begins with a new value of
   `region` and ends when all workers have counted `n_done`. */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define MAX_THREADS 4096u
#define CACHE_LINE 64
/* Pauses before giving the processor away: some 50 microseconds on current machines. */
#define N_SPINS 1500u
/* Yields of an idle worker before it sleeps. */
#define N_YIELDS 20u

typedef struct pool_worker {
  ndg_pool *pool;
  uint32_t index;
  pthread_t thread;
} pool_worker;

struct ndg_pool {
  uint32_t n_workers;
  uint32_t n_spins;
  pool_worker *workers; /* [n_workers]; 0, the caller, has no thread of ours */
  /* Written by the owner before `region`, read by workers after it. */
  ndg_pool_region_job job;
  void *context;
  bool stop;

  alignas(CACHE_LINE) _Atomic uint32_t region;
  alignas(CACHE_LINE) _Atomic uint32_t n_done;
  alignas(CACHE_LINE) _Atomic uint32_t n_arrived;
  alignas(CACHE_LINE) _Atomic uint32_t barrier;

  alignas(CACHE_LINE) _Atomic uint32_t n_sleeping;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
};

static void pause_processor(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

/* Until *word != old: spins, then yields; false when n_yields (0: no limit) were not enough. */
static bool wait_change(const _Atomic uint32_t *word, uint32_t old, uint32_t n_spins,
                        uint32_t n_yields) {
  for (uint32_t i = 0; i < n_spins; i++) {
    if (atomic_load_explicit(word, memory_order_acquire) != old) {
      return true;
    }
    pause_processor();
  }
  for (uint32_t i = 0; n_yields == 0 || i < n_yields; i++) {
    if (atomic_load_explicit(word, memory_order_acquire) != old) {
      return true;
    }
    (void)sched_yield();
  }
  return false;
}

/* n_sleeping goes up before `region` is looked at again, and publish() changes `region` before it
   looks at n_sleeping, both in the one sequentially consistent order: one of the two notices. */
static void sleep_until_change(ndg_pool *p, uint32_t old) {
  (void)pthread_mutex_lock(&p->mutex);
  atomic_fetch_add(&p->n_sleeping, 1);
  while (atomic_load(&p->region) == old) {
    (void)pthread_cond_wait(&p->wake, &p->mutex);
  }
  atomic_fetch_sub(&p->n_sleeping, 1);
  (void)pthread_mutex_unlock(&p->mutex);
}

static void publish(ndg_pool *p) {
  atomic_fetch_add(&p->region, 1);
  if (atomic_load(&p->n_sleeping) > 0) {
    (void)pthread_mutex_lock(&p->mutex);
    (void)pthread_cond_broadcast(&p->wake);
    (void)pthread_mutex_unlock(&p->mutex);
  }
}

static void *work(void *argument) {
  const pool_worker *const w = argument;
  ndg_pool *const p = w->pool;
  for (uint32_t seen = 0;; seen++) {
    if (!wait_change(&p->region, seen, p->n_spins, N_YIELDS)) {
      sleep_until_change(p, seen);
    }
    if (p->stop) {
      return NULL;
    }
    p->job(p->context, w->index, p->n_workers);
    atomic_fetch_add_explicit(&p->n_done, 1, memory_order_acq_rel);
  }
}

void ndg_pool_region(ndg_pool *p, ndg_pool_region_job job, void *context) {
  if (!p || p->n_workers == 1) {
    job(context, 0, 1);
    return;
  }
  p->job = job;
  p->context = context;
  atomic_store_explicit(&p->n_done, 0, memory_order_relaxed);
  publish(p);
  job(context, 0, p->n_workers);
  uint32_t done;
  while ((done = atomic_load_explicit(&p->n_done, memory_order_acquire)) + 1 < p->n_workers) {
    (void)wait_change(&p->n_done, done, p->n_spins, 0);
  }
}

void ndg_pool_barrier(ndg_pool *p, uint32_t worker) {
  (void)worker;
  if (!p || p->n_workers == 1) {
    return;
  }
  const uint32_t now = atomic_load_explicit(&p->barrier, memory_order_relaxed);
  if (atomic_fetch_add_explicit(&p->n_arrived, 1, memory_order_acq_rel) + 1 == p->n_workers) {
    atomic_store_explicit(&p->n_arrived, 0, memory_order_relaxed);
    atomic_store_explicit(&p->barrier, now + 1, memory_order_release);
  } else {
    (void)wait_change(&p->barrier, now, p->n_spins, 0);
  }
}

/* Stops and joins workers 1 .. n_started-1. */
static void dispose(ndg_pool *p, uint32_t n_started) {
  p->stop = true;
  publish(p);
  for (uint32_t i = 1; i < n_started; i++) {
    (void)pthread_join(p->workers[i].thread, NULL);
  }
  (void)pthread_cond_destroy(&p->wake);
  (void)pthread_mutex_destroy(&p->mutex);
  ndg_free(p->workers);
  ndg_free(p);
}

/* Workers start with all signals blocked: the main thread handles them. */
static ndg_status start_workers(ndg_pool *p, uint32_t *n_started, ndg_error *e) {
  sigset_t all, old;
  int failure = 0;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &old);
  for (*n_started = 1; *n_started < p->n_workers; (*n_started)++) {
    pool_worker *const w = &p->workers[*n_started];
    w->pool = p;
    w->index = *n_started;
    failure = pthread_create(&w->thread, NULL, work, w);
    if (failure) {
      break;
    }
  }
  (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
  return failure
             ? ndg_fail(e, NDG_ENOMEM, "cannot start thread %u of %u: %s; ask for fewer threads",
                        *n_started + 1, p->n_workers, strerror(failure))
             : NDG_OK;
}

ndg_status ndg_pool_create(uint32_t n_threads, ndg_pool **out, ndg_error *e) {
  *out = NULL;
  if (n_threads == 0 || n_threads > MAX_THREADS) {
    return ndg_fail(e, NDG_EINVAL, "number of threads is %u, must be 1 to %u", n_threads,
                    MAX_THREADS);
  }
  ndg_pool *const p = ndg_calloc(1, sizeof *p);
  pool_worker *const workers = ndg_calloc(n_threads, sizeof *workers);
  if (!p || !workers) {
    ndg_free(workers);
    ndg_free(p);
    return ndg_fail(e, NDG_ENOMEM, "no memory for a pool of %u threads", n_threads);
  }
  p->n_workers = n_threads;
  p->workers = workers;
  /* With more threads than processors whoever spins keeps the awaited one from running. */
  p->n_spins = n_threads <= ndg_processor_count() ? N_SPINS : 1;
  (void)pthread_mutex_init(&p->mutex, NULL);
  (void)pthread_cond_init(&p->wake, NULL);
  uint32_t n_started;
  const ndg_status st = start_workers(p, &n_started, e);
  if (st < 0) {
    dispose(p, n_started);
    return st;
  }
  *out = p;
  return NDG_OK;
}

void ndg_pool_destroy(ndg_pool *p) {
  if (p) {
    dispose(p, p->n_workers);
  }
}

uint32_t ndg_pool_size(const ndg_pool *p) {
  return p ? p->n_workers : 1;
}

uint32_t ndg_processor_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    return (uint32_t)CPU_COUNT(&set);
  }
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (uint32_t)n : 1;
}
