/* SPDX-License-Identifier: MIT */
/* A meta-batch of small tasks in one problem, by any number of threads, or in parts: every task's
   estimate has the same bits. */
#include <math.h>
#include <string.h>

#include "engine/internal.h"
#include "rules.h"

enum { N_TASKS = 25, SHOTS = 10, JUDGED = 7 };

static struct {
  double x[N_TASKS][SHOTS], y[N_TASKS][SHOTS], eval_x[N_TASKS][JUDGED], eval_y[N_TASKS][JUDGED];
} data;

static const struct {
  const char *id, *options;
} learners[] = {
    {"modulated_net", "layers=1, 40, 40, 1; lambda=0.1; meta=lambda, initial; loss=mse"},
    {"modulated_net", "layers=1, 17, 9, 1; fast=gains, readout; lambda=0.1; loss=mse"},
    {"complex_synapse",
     "layers=1, 40, 40, 1; lambda=0.1; meta=lambda, omega; start_at_omega=true; loss=mse"},
};
/* Where Hessians are small enough. */
enum { DENSE_LEARNER = 1 };
static const struct {
  const char *id, *options;
  bool dense;
} rules[] = {
    {"contrastive", "beta=0.1; nudged_steps=7", false},
    {"contrastive",
     "variant=forward; beta=0.3; start=restart; nudged_optimizer=adam; nudged_lr=0.01", false},
    {"implicit", "solver=cg; iterations=5", false},
    {"implicit", "solver=cg; iterations=12; tolerance=1e-1; damping=0.5", false},
    {"implicit", "solver=neumann; iterations=5; damping=1", false},
    {"implicit", "solver=t1t2; alpha=0.5", false},
    {"implicit", "solver=dense; damping=0.5", true},
    {"implicit", "solver=dense; damping=0.5; free_optimizer=newton; free_steps=3", true},
    {"unrolled", "", false},
    {"unrolled", "window=5; memory=checkpoint", false},
    {"fomaml", "", false},
    {"reptile", "", false},
};
enum { N_LEARNERS = sizeof learners / sizeof *learners, N_RULES = sizeof rules / sizeof *rules };
static const ndg_dtype dtypes[] = {NDG_F32, NDG_F64};

static void set_up(void) {
  fill(1, data.x[0], sizeof data.x / sizeof(double));
  fill(2, data.eval_x[0], sizeof data.eval_x / sizeof(double));
  for (int t = 0; t < N_TASKS; t++) {
    for (int i = 0; i < SHOTS; i++)
      data.y[t][i] = (1 + 0.1 * t) * sin(3 * data.x[t][i] + t);
    for (int i = 0; i < JUDGED; i++)
      data.eval_y[t][i] = (1 + 0.1 * t) * sin(3 * data.eval_x[t][i] + t);
  }
}

/* Tasks first .. first + n - 1, as a domain would number them. */
static ndg_problem *open_part(int learner, ndg_dtype dtype, ndg_pool *pool, uint64_t first,
                              uint64_t n) {
  const ndg_array arrays[] = {
      real_array("learn.inputs", NDG_SAMPLES, NDG_MATRIX(SHOTS, 1), data.x[first]),
      real_array("learn.targets", NDG_SAMPLES, NDG_MATRIX(SHOTS, 1), data.y[first]),
      real_array("eval.inputs", NDG_SAMPLES, NDG_MATRIX(JUDGED, 1), data.eval_x[first]),
      real_array("eval.targets", NDG_SAMPLES, NDG_MATRIX(JUDGED, 1), data.eval_y[first])};
  const ndg_task_arrays tasks = {n, 4, arrays};
  uint64_t index[N_TASKS];
  for (uint64_t t = 0; t < n; t++)
    index[t] = first + t + 1;
  const ndg_problem_spec spec = {.learner =
                                     open_learner(learners[learner].id, learners[learner].options),
                                 .tasks = &tasks,
                                 .inner = {.optimizer = {.kind = NDG_HEAVY_BALL,
                                                         .lr = 0.01,
                                                         .momentum = 0.5,
                                                         .beta2 = 0.99,
                                                         .epsilon = 1e-3},
                                           .steps = 30},
                                 .dtype = dtype,
                                 .seed = 3,
                                 .pool = pool,
                                 .labels = {.domain = "waves", .index = index}};
  ndg_problem *p;
  ndg_error e = {0};
  const ndg_status st = ndg_problem_open(&spec, &p, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  return p;
}

static void estimate_rows(ndg_problem *p, int rule, double *rows) {
  const ndg_instance opened = open_rule(rules[rule].id, rules[rule].options);
  ndg_record record;
  ndg_error e = {0};
  const ndg_status st = ndg_problem_estimate(p, &opened, true, rows, &record, &e);
  ck_assert_msg(st == NDG_OK || st == NDG_NOT_CONVERGED, "%s", e.text);
}

static bool accepts(const ndg_problem *p, int learner, int rule) {
  if (rules[rule].dense && learner != DENSE_LEARNER)
    return false;
  const ndg_instance opened = open_rule(rules[rule].id, rules[rule].options);
  return ndg_problem_accepts(p, &opened, NULL) == NDG_OK;
}

static void check_rows(const double *got, const double *wanted, uint64_t q, uint64_t first,
                       uint64_t n, int rule, const char *how) {
  for (uint64_t t = 0; t < n; t++)
    for (uint64_t i = 0; i < q; i++) {
      const double a = got[t * q + i], b = wanted[(first + t) * q + i];
      ck_assert_msg(isfinite(b) && memcmp(&a, &b, sizeof a) == 0,
                    "%s %s, %s: task %d, number %d of %d is %.17g, not %.17g", rules[rule].id,
                    rules[rule].options, how, (int)(first + t), (int)i, (int)q, a, b);
    }
}

/* The rows of every rule, in a problem of all tasks on one thread. */
typedef struct reference {
  uint64_t q;
  double *rows[N_RULES], *got;
} reference;

static void open_reference(reference *x, int learner, ndg_dtype dtype) {
  ndg_problem *p = open_part(learner, dtype, NULL, 0, N_TASKS);
  x->q = p->n_theta;
  x->got = ndg_calloc(N_TASKS * x->q, sizeof(double));
  for (int r = 0; r < N_RULES; r++) {
    x->rows[r] = ndg_calloc(N_TASKS * x->q, sizeof(double));
    if (accepts(p, learner, r))
      estimate_rows(p, r, x->rows[r]);
  }
  ndg_problem_close(p);
}

static void close_reference(reference *x) {
  for (int r = 0; r < N_RULES; r++)
    ndg_free(x->rows[r]);
  ndg_free(x->got);
}

static void check_part(const reference *x, int learner, ndg_dtype dtype, ndg_pool *pool,
                       uint64_t first, uint64_t n, const char *how) {
  ndg_problem *p = open_part(learner, dtype, pool, first, n);
  for (int r = 0; r < N_RULES; r++)
    if (accepts(p, learner, r)) {
      estimate_rows(p, r, x->got);
      check_rows(x->got, x->rows[r], x->q, first, n, r, how);
    }
  ndg_problem_close(p);
}

START_TEST(threads_do_not_matter) {
  reference x;
  open_reference(&x, _i / 2, dtypes[_i % 2]);
  for (uint32_t threads = 2; threads <= 4; threads++) {
    ndg_pool *pool;
    char how[40];
    (void)snprintf(how, sizeof how, "%u threads", threads);
    ck_assert_int_eq(ndg_pool_create(threads, &pool, NULL), NDG_OK);
    check_part(&x, _i / 2, dtypes[_i % 2], pool, 0, N_TASKS, how);
    ndg_pool_destroy(pool);
  }
  close_reference(&x);
}
END_TEST

START_TEST(parts_do_not_matter) {
  static const uint64_t parts[][2] = {{0, 12}, {12, 13}, {24, 1}, {5, 8}};
  reference x;
  open_reference(&x, _i / 2, dtypes[_i % 2]);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    char how[40];
    (void)snprintf(how, sizeof how, "%d tasks from %d", (int)parts[i][1], (int)parts[i][0]);
    check_part(&x, _i / 2, dtypes[_i % 2], NULL, parts[i][0], parts[i][1], how);
  }
  close_reference(&x);
}
END_TEST

/* Targets so large that numbers overflow within a few steps, or before the first. */
START_TEST(a_lost_task_leaves_the_others_alone) {
  enum { LOST = 3 };
  static const double sizes[2][2] = {{1e30, 1e250}, {3e38, 1.7e308}};
  const int learner = _i / 4;
  const ndg_dtype dtype = dtypes[_i % 2];
  const bool at_once = _i / 2 % 2;
  reference x;
  open_reference(&x, learner, dtype);
  for (int i = 0; i < SHOTS; i++)
    data.y[LOST][i] = sizes[at_once][_i % 2];
  ndg_problem *p = open_part(learner, dtype, NULL, 0, N_TASKS);
  for (int r = 0; r < N_RULES; r++) {
    const ndg_instance rule = open_rule(rules[r].id, rules[r].options);
    ndg_record record;
    ndg_error e = {0};
    uint8_t status[N_TASKS];
    if (!accepts(p, learner, r))
      continue;
    const ndg_status st = ndg_problem_estimate(p, &rule, true, x.got, &record, &e);
    check_rows(x.got, x.rows[r], x.q, 0, LOST, r, "beside a lost task");
    check_rows(x.got + (LOST + 1) * x.q, x.rows[r], x.q, LOST + 1, N_TASKS - LOST - 1, r,
               "beside a lost task");
    if (st != NDG_DIVERGED && strstr(rules[r].options, "newton"))
      continue; /* Newton's method solves for large targets as well as for others */
    ck_assert_msg(st == NDG_DIVERGED, "%s %s: %d, %s", rules[r].id, rules[r].options, st, e.text);
    ck_assert_msg(strstr(e.text, "task 4 of waves") != NULL, "%s %s: %s", rules[r].id,
                  rules[r].options, e.text);
    ndg_problem_task_status(p, status, NULL);
    for (uint64_t t = 0; t < N_TASKS; t++)
      ck_assert_int_eq(status[t] == NDG_TASK_DIVERGED, t == LOST);
    for (uint64_t i = 0; i < x.q; i++)
      ck_assert(isnan(x.got[LOST * x.q + i]));
    ck_assert_int_eq(ndg_problem_estimate(p, &rule, false, x.got, &record, &e), NDG_DIVERGED);
    ck_assert(isnan(x.got[0])); /* the mean of all tasks */
  }
  ndg_problem_close(p);
  close_reference(&x);
}
END_TEST

int main(void) {
  TCase *c = tcase_create("parts");
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, threads_do_not_matter, 0, N_LEARNERS * 2);
  tcase_add_loop_test(c, parts_do_not_matter, 0, N_LEARNERS * 2);
  tcase_add_loop_test(c, a_lost_task_leaves_the_others_alone, 0, N_LEARNERS * 4);
  return run_suite("parts", c);
}
