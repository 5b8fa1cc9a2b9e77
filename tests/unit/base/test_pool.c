/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include "base/memory.h"
#include "base/pool.h"
#include "fixture.h"

/* Sanitizers map more address space than a limit can leave them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif

/* More threads than this machine may have processors, on purpose. */
static const uint32_t n_threads[] = {1, 2, 3, 4, 8};

static ndg_pool *pool_of(uint32_t n) {
  ndg_pool *p = NULL;
  ndg_error e = {0};
  ck_assert_int_eq(ndg_pool_create(n, &p, &e), NDG_OK);
  ck_assert_uint_eq(ndg_pool_size(p), n);
  return p;
}

/* Every worker writes its number, all meet, and each reads its neighbour's: a plain race unless the
   barrier orders memory. */
typedef struct ring {
  ndg_pool *pool;
  uint64_t value[8];
  uint64_t n_wrong[8];
  uint32_t n_rounds;
} ring;

static void go_round(void *context, uint32_t worker, uint32_t n_workers) {
  ring *const r = context;
  for (uint32_t i = 1; i <= r->n_rounds; i++) {
    r->value[worker] = (uint64_t)i * 1000 + worker;
    ndg_pool_barrier(r->pool, worker);
    const uint32_t next = (worker + 1) % n_workers;
    r->n_wrong[worker] += r->value[next] != (uint64_t)i * 1000 + next;
    ndg_pool_barrier(r->pool, worker);
  }
}

START_TEST(barrier_holds_everybody) {
  ring r = {.pool = pool_of(n_threads[_i]), .n_rounds = 300};
  for (unsigned i = 0; i < 20; i++) {
    ndg_pool_region(r.pool, go_round, &r);
  }
  for (uint32_t i = 0; i < 8; i++) {
    ck_assert_uint_eq(r.n_wrong[i], 0);
    ck_assert_uint_eq(r.value[i], i < n_threads[_i] ? 300000 + i : 0);
  }
  ndg_pool_destroy(r.pool);
}
END_TEST

static void count_region(void *context, uint32_t worker, uint32_t n_workers) {
  uint64_t *const count = context;
  count[8 * worker] += n_workers;
}

/* Regions in a row, and with pauses that let the workers fall asleep. */
START_TEST(regions_run_on_every_worker) {
  uint64_t count[64] = {0};
  const uint32_t n = n_threads[_i];
  ndg_pool *const p = pool_of(n);
  const struct timespec nap = {0, 2000000};
  for (uint64_t i = 1; i <= 5000; i++) {
    ndg_pool_region(p, count_region, count);
    unsigned n_wrong = 0;
    for (uint32_t w = 0; w < n; w++) {
      n_wrong += count[8 * w] != i * n;
    }
    ck_assert_uint_eq(n_wrong, 0);
    if (i % 200 == 0) {
      (void)nanosleep(&nap, NULL);
    }
  }
  ndg_pool_destroy(p);
}
END_TEST

START_TEST(no_pool_is_one_thread) {
  uint64_t count[64] = {0};
  ndg_pool_region(NULL, count_region, count);
  ck_assert_uint_eq(count[0], 1);
  ndg_pool_barrier(NULL, 0);
  ck_assert_uint_eq(ndg_pool_size(NULL), 1);
  ndg_pool_destroy(NULL);
}
END_TEST

START_TEST(regions_allocate_nothing) {
  uint64_t count[64] = {0};
  ndg_pool *const p = pool_of(4);
  const uint64_t before = ndg_allocation_count();
  for (unsigned i = 0; i < 100; i++) {
    ndg_pool_region(p, count_region, count);
  }
  ck_assert_uint_eq(ndg_allocation_count(), before);
  ndg_pool_destroy(p);
}
END_TEST

/* Idle workers sleep: over 200 ms of waiting three of them use a small part of it. */
START_TEST(idle_workers_use_no_processor) {
  uint64_t count[64] = {0};
  ndg_pool *const p = pool_of(4);
  ndg_pool_region(p, count_region, count);
  struct timespec before, after;
  const struct timespec nap = {0, 200000000};
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  (void)nanosleep(&nap, NULL);
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const double used =
      (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
  ck_assert_double_lt(used, 0.05);
  ndg_pool_region(p, count_region, count); /* and wake again */
  ck_assert_uint_eq(count[8 * 3], 8);
  ndg_pool_destroy(p);
}
END_TEST

START_TEST(impossible_pools_are_refused) {
  ndg_error e = {0};
  ndg_pool *p = NULL;
  assert_refused(ndg_pool_create(0, &p, &e), NDG_EINVAL, &e, "is 0, must be 1 to");
  assert_refused(ndg_pool_create(1000000, &p, &e), NDG_EINVAL, &e, "1000000");
  ck_assert_ptr_null(p);
}
END_TEST

START_TEST(creation_survives_every_failure) {
  for (uint64_t n = 0;; n++) {
    ndg_error e = {0};
    ndg_pool *p = NULL;
    ndg_fail_allocations_after(n);
    const ndg_status st = ndg_pool_create(3, &p, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    if (st == NDG_OK) {
      ck_assert_uint_gt(n, 0);
      ndg_pool_destroy(p);
      return;
    }
    assert_refused(st, NDG_ENOMEM, &e, "no memory");
    ck_assert_ptr_null(p);
  }
}
END_TEST

/* Where the system gives no more threads, those already started are stopped again. */
START_TEST(a_missing_thread_is_reported) {
  struct rlimit limit;
  ndg_pool *p = NULL;
  ndg_error e = {0};
  ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
  const struct rlimit small = {UINT64_C(1) << 30, limit.rlim_max};
  if (setrlimit(RLIMIT_AS, &small) != 0) {
    return;
  }
  const ndg_status st = ndg_pool_create(1000, &p, &e); /* 8 MiB of stack each */
  ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
  if (st != NDG_OK) {
    assert_refused(st, NDG_ENOMEM, &e, "of 1000");
    ck_assert_ptr_null(p);
  }
  ndg_pool_destroy(p);
}
END_TEST

START_TEST(there_is_a_processor) {
  ck_assert_uint_ge(ndg_processor_count(), 1);
}
END_TEST

int main(void) {
  Suite *const suite = suite_create("pool");
  TCase *const tests = tcase_create("pool");
  const int n = sizeof n_threads / sizeof *n_threads;
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, barrier_holds_everybody, 0, n);
  tcase_add_loop_test(tests, regions_run_on_every_worker, 0, n);
  tcase_add_test(tests, no_pool_is_one_thread);
  tcase_add_test(tests, regions_allocate_nothing);
  tcase_add_test(tests, idle_workers_use_no_processor);
  tcase_add_test(tests, impossible_pools_are_refused);
  tcase_add_test(tests, creation_survives_every_failure);
  if (!SANITIZED) {
    tcase_add_test(tests, a_missing_thread_is_reported);
  }
  tcase_add_test(tests, there_is_a_processor);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
