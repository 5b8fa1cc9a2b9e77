/* SPDX-License-Identifier: MIT */
/* Batches: the same numbers for any number of threads, jobs that fail alone, and stopping. */
#include <math.h>
#include <string.h>

#include "engine/batch.h"
#include "problem_fixture.h"

enum { N_JOBS = 24, N_GROUPS = 6 };

static known_tasks tasks;
static known_options options;
static ndg_problem_spec spec;
static ndg_problem *problem;
static ndg_error e;
static told_options rules[N_JOBS];
static ndg_batch_job jobs[N_JOBS];
static double gradients[N_JOBS][N_THETA];

static void set_up(void) {
  known_tasks_fill(&tasks, 2);
  options = (known_options){0};
  spec = known_spec(&options, &tasks);
  problem = known_open(&spec);
  e = (ndg_error){0};
  for (int i = 0; i < N_JOBS; i++) {
    /* Groups are interleaved; within one, phases grow and so go on from each other. */
    rules[i] = (told_options){.beta = 0.01 * (1 + i % N_GROUPS),
                              .steps = 10 * (uint64_t)(1 + i / N_GROUPS),
                              .hold = i % 3 == 0};
    jobs[i] = (ndg_batch_job){
        .rule = told_rule(&rules[i]), .group = (uint64_t)(i % N_GROUPS), .gradient = gradients[i]};
  }
}

static void tear_down(void) {
  ndg_problem_close(problem);
}

typedef struct watch {
  uint64_t calls, last, stop_at;
} watch;

static bool progress(void *context, uint64_t done, uint64_t total) {
  watch *w = context;
  ck_assert_uint_eq(total, N_JOBS);
  ck_assert_uint_ge(done, w->last);
  w->calls++;
  w->last = done;
  return done < w->stop_at;
}

static void run_all(uint32_t n_threads) {
  watch w = {.stop_at = UINT64_MAX};
  memset(gradients, 0, sizeof gradients);
  const ndg_status st = ndg_batch_run(problem, n_threads, jobs, N_JOBS, progress, &w, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  ck_assert_uint_gt(w.calls, 0);
  ck_assert_uint_eq(w.last, N_JOBS);
}

START_TEST(threads_do_not_change_bits) {
  static double first[N_JOBS][N_THETA];
  static const uint32_t threads[] = {1, 2, 4, 16};
  ndg_record records[N_JOBS];
  for (int k = 0; k < 4; k++) {
    run_all(threads[k]);
    for (int i = 0; i < N_JOBS; i++) {
      ck_assert_int_eq(jobs[i].status, NDG_OK);
      ck_assert(jobs[i].seconds >= 0);
      if (k == 0)
        records[i] = jobs[i].record;
      ck_assert_uint_eq(jobs[i].record.gradient_evaluations, records[i].gradient_evaluations);
      ck_assert_uint_eq(jobs[i].record.bytes_held, records[i].bytes_held);
    }
    if (k == 0)
      memcpy(first, gradients, sizeof first);
    ck_assert_mem_eq(first, gradients, sizeof first);
  }
  /* and they are those of single estimates */
  for (int i = 0; i < N_JOBS; i++) {
    double g[N_THETA];
    ndg_record r;
    ndg_problem *fresh = known_open(&spec);
    ck_assert_int_eq(ndg_problem_estimate(fresh, &jobs[i].rule, false, g, &r, &e), NDG_OK);
    ck_assert_mem_eq(g, first[i], sizeof g);
    ndg_problem_close(fresh);
  }
}
END_TEST

START_TEST(a_pool_does_not_change_bits) {
  static double first[N_JOBS][N_THETA];
  ndg_pool *pool;
  run_all(1);
  memcpy(first, gradients, sizeof first);
  ck_assert_int_eq(ndg_pool_create(2, &pool, &e), NDG_OK);
  ndg_problem_close(problem);
  spec.pool = pool;
  problem = known_open(&spec);
  for (uint32_t n = 1; n <= 2; n++) {
    run_all(n);
    ck_assert_mem_eq(first, gradients, sizeof first);
  }
  ndg_problem_close(problem);
  ndg_pool_destroy(pool);
  spec.pool = NULL;
  problem = known_open(&spec);
}
END_TEST

START_TEST(jobs_fail_alone) {
  rules[3].outcome = NDG_EINVAL;
  rules[5].beta = -4;
  rules[5].steps = 5000;
  rules[7].outcome = NDG_NOT_CONVERGED;
  run_all(2);
  for (int i = 0; i < N_JOBS; i++) {
    const ndg_status wanted = i == 3   ? NDG_EINVAL
                              : i == 5 ? NDG_DIVERGED
                              : i == 7 ? NDG_NOT_CONVERGED
                                       : NDG_OK;
    ck_assert_msg(jobs[i].status == wanted, "job %d: %d, %s", i, jobs[i].status,
                  jobs[i].error.text);
  }
  ck_assert_str_eq(jobs[3].error.text, "rule told: told to fail");
  ck_assert(strstr(jobs[5].error.text, "beta = -4") != NULL);
}
END_TEST

/* The later half of each group would take minutes: whoever does not stop hangs. */
START_TEST(a_batch_can_be_stopped) {
  for (int i = N_JOBS / 2; i < N_JOBS; i++)
    rules[i].steps = 1000000000;
  for (uint32_t n = 1; n <= 2; n++) {
    watch w = {.stop_at = 2};
    const ndg_status st = ndg_batch_run(problem, n, jobs, N_JOBS, progress, &w, &e);
    ck_assert_int_eq(st, NDG_EINVAL);
    ck_assert(strstr(e.text, "stopped on request") != NULL);
    ck_assert_int_eq(jobs[N_JOBS - 1].status, NDG_EINVAL);
    ck_assert(strstr(jobs[N_JOBS - 1].error.text, "stopped on request") != NULL);
  }
  for (int i = N_JOBS / 2; i < N_JOBS; i++)
    rules[i].steps = 10;
  run_all(1); /* and the problem is none the worse for it */
}
END_TEST

START_TEST(what_a_rule_kept_stays_with_the_caller) {
  const told_options o = {.beta = 0.125, .hold = 1};
  const ndg_instance rule = told_rule(&o);
  double g[N_THETA], again[N_THETA];
  ndg_record r;
  ck_assert_int_eq(ndg_problem_estimate(problem, &rule, false, g, &r, &e), NDG_OK);
  jobs[0].rule = rule;
  run_all(2);
  ck_assert_mem_eq(gradients[0], g, sizeof g);
  ck_assert_int_eq(ndg_problem_estimate(problem, &rule, false, again, &r, &e), NDG_OK);
  ck_assert_double_eq_tol(again[0], g[0] + 1, 1e-12);
  ck_assert_int_eq(ndg_batch_run(problem, 2, NULL, 0, NULL, NULL, &e), NDG_OK);
  ck_assert_int_eq(ndg_batch_run(problem, 0, jobs, N_JOBS, NULL, NULL, &e), NDG_EINVAL);
}
END_TEST

/* Newton's method in float32 factorises in float64, on every worker. */
START_TEST(learners_are_built_by_their_owner) {
  ndg_problem_close(problem);
  spec.dtype = NDG_F32;
  spec.inner.optimizer.kind = NDG_NEWTON;
  problem = known_open(&spec);
  static double first[N_JOBS][N_THETA];
  for (uint32_t threads = 1; threads <= 4; threads += 3) {
    run_all(threads);
    ck_assert_int_eq(known_strangers, 0);
    for (int i = 0; i < N_JOBS; i++)
      ck_assert_msg(jobs[i].status >= 0, "%s", jobs[i].error.text);
    if (threads == 1)
      memcpy(first, gradients, sizeof first);
    ck_assert_mem_eq(first, gradients, sizeof first);
  }
}
END_TEST

int main(void) {
  Suite *s = suite_create("batch");
  TCase *c = tcase_create("batch");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_set_timeout(c, 120);
  tcase_add_test(c, threads_do_not_change_bits);
  tcase_add_test(c, a_pool_does_not_change_bits);
  tcase_add_test(c, jobs_fail_alone);
  tcase_add_test(c, a_batch_can_be_stopped);
  tcase_add_test(c, what_a_rule_kept_stays_with_the_caller);
  tcase_add_test(c, learners_are_built_by_their_owner);
  suite_add_tcase(s, c);
  return run_suite(s);
}
