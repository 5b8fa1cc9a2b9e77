/* SPDX-License-Identifier: MIT */
/* Learning looked at on its way: the bits of learning that ends there; and what tasks come to. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "problem_fixture.h"

enum { N_TASKS = 3, N_LOOKS = 5 };
static const uint64_t looks[N_LOOKS] = {0, 1, 10, 10, 60};

static known_options options;
static known_tasks tasks;
static ndg_problem_spec spec;
static ndg_error e;

static void set_up(void) {
  options = (known_options){0};
  known_tasks_fill(&tasks, N_TASKS);
  spec = known_spec(&options, &tasks);
}

typedef struct curves {
  double learn_loss[N_LOOKS][N_TASKS], eval_loss[N_LOOKS][N_TASKS], accuracy[N_LOOKS][N_TASKS];
  double phi[N_LOOKS][N_TASKS][N_PHI];
} curves;

static ndg_status adapt(ndg_problem *p, curves *out) {
  return ndg_problem_adapt(p, N_LOOKS, looks, out->learn_loss[0], out->eval_loss[0],
                           out->accuracy[0], out->phi[0][0], &e);
}

START_TEST(looks_are_learning_that_ends_there) {
  static const uint32_t kinds[] = {NDG_GRADIENT_DESCENT, NDG_ADAM, NDG_NEWTON};
  spec.inner.optimizer.kind = kinds[_i % 3];
  spec.dtype = _i < 3 ? NDG_F64 : NDG_F32;
  spec.inner.batch_size = kinds[_i % 3] == NDG_NEWTON ? 0 : 3;
  ndg_problem *p = known_open(&spec);
  curves c;
  ck_assert_msg(adapt(p, &c) == NDG_OK, "%s", e.text);
  for (int k = 0; k < N_LOOKS; k++) {
    double phi[N_TASKS][N_PHI];
    ndg_learning learning;
    spec.inner.steps = looks[k];
    ndg_problem *q = known_open(&spec);
    ck_assert_int_eq(ndg_problem_learn(q, phi[0], &learning, &e), NDG_OK);
    ck_assert_mem_eq(phi, c.phi[k], sizeof phi);
    double mean = 0;
    for (int t = 0; t < N_TASKS; t++)
      mean += c.eval_loss[k][t] / N_TASKS;
    ck_assert(fabs(mean - learning.eval_loss) < 1e-12);
    ndg_problem_close(q);
  }
  ndg_problem_close(p);
}
END_TEST

START_TEST(losses_and_predictions_match_closed_forms) {
  ndg_problem *p = known_open(&spec);
  curves c;
  double theta[N_THETA], predicted[N_TASKS][N_ROWS];
  long double x[N_PHI], wide_theta[N_THETA];
  ck_assert_int_eq(adapt(p, &c), NDG_OK);
  ndg_problem_get_theta(p, theta);
  for (int i = 0; i < N_THETA; i++)
    wide_theta[i] = theta[i];
  for (int k = 0; k < N_LOOKS; k++) {
    ck_assert_int_eq(ndg_problem_predict(p, c.phi[k][0], predicted[0], &e), NDG_OK);
    for (uint64_t t = 0; t < N_TASKS; t++) {
      for (int i = 0; i < N_PHI; i++)
        x[i] = c.phi[k][t][i];
      const known_point at = {.tasks = &tasks, .task = t, .phi = x, .theta = wide_theta};
      ck_assert(fabs((double)(known_learn_loss(&at) - c.learn_loss[k][t])) < 1e-13);
      ck_assert(fabs((double)(known_eval_loss(&at) - c.eval_loss[k][t])) < 1e-13);
      ck_assert(c.accuracy[k][t] >= 0 && c.accuracy[k][t] <= 1);
      for (int r = 0; r < N_ROWS; r++) {
        long double sum = 0;
        for (int i = 0; i < N_X; i++)
          sum += (long double)tasks.rows[t][r][i] * x[i];
        ck_assert(fabs((double)(sum - predicted[t][r])) < 1e-14);
      }
    }
  }
  ndg_shape shape;
  ck_assert(ndg_problem_prediction_shape(p, &shape));
  ck_assert_uint_eq(shape.n_dims, 2);
  ck_assert_uint_eq(shape.dim[0], N_ROWS);
  ndg_problem_close(p);
}
END_TEST

START_TEST(nothing_that_is_not_asked_for_is_needed) {
  ndg_problem *p = known_open(&spec);
  curves c;
  double phi[N_LOOKS][N_TASKS][N_PHI];
  ck_assert_int_eq(adapt(p, &c), NDG_OK);
  ck_assert_int_eq(ndg_problem_adapt(p, N_LOOKS, looks, NULL, NULL, NULL, phi[0][0], &e), NDG_OK);
  ck_assert_mem_eq(phi, c.phi, sizeof phi);
  const uint64_t falling[2] = {5, 4};
  ck_assert_int_eq(ndg_problem_adapt(p, 2, falling, NULL, NULL, NULL, NULL, &e), NDG_EINVAL);
  ck_assert(strstr(e.text, "must ascend; 4 comes after 5") != NULL);
  ndg_problem_close(p);
}
END_TEST

START_TEST(a_learner_without_predictions_says_so) {
  options.defect = DEFECT_NO_PREDICTIONS;
  ndg_problem *p = known_open(&spec);
  double phi[N_TASKS][N_PHI] = {{0}}, out[N_TASKS][N_ROWS];
  ndg_shape shape;
  ck_assert(!ndg_problem_prediction_shape(p, &shape));
  ck_assert_int_eq(ndg_problem_predict(p, phi[0], out[0], &e), NDG_ECAPABILITY);
  ck_assert_str_eq(e.text, "learner known has no predictions");
  ndg_problem_close(p);
}
END_TEST

START_TEST(a_task_that_diverges_leaves_the_others_alone) {
  ndg_problem *calm = known_open(&spec);
  const uint64_t index[N_TASKS] = {30, 31, 32};
  for (int i = 0; i < N_X; i++)
    tasks.a[1][i][i] = _i ? -1e30 : -40; /* one overflows before anybody looks */
  spec.labels.domain = "bowls (test)";
  spec.labels.index = index;
  ndg_problem *wild = known_open(&spec);
  ck_assert_int_eq(ndg_problem_label_tasks(calm, &(ndg_task_labels){NULL, index, NULL}, &e),
                   NDG_OK);
  curves a, b;
  uint8_t status[N_TASKS];
  uint64_t step[N_TASKS];
  ck_assert_int_eq(adapt(calm, &a), NDG_OK);
  ck_assert_int_eq(adapt(wild, &b), NDG_DIVERGED);
  ck_assert_msg(strstr(e.text, "in task 31 of bowls (test) (1 of 3 tasks") != NULL, "%s", e.text);
  ndg_problem_task_status(wild, status, step);
  ck_assert_int_eq(status[1], NDG_TASK_DIVERGED);
  ck_assert_uint_le(step[1], 60);
  ck_assert_uint_gt(step[1], 0);
  ck_assert_int_eq(status[0], NDG_TASK_RUNNING);
  ck_assert_uint_eq(step[0], 60);
  const int last = N_LOOKS - 1;
  for (int t = 0; t < N_TASKS; t++)
    if (t == 1) {
      ck_assert(isnan(b.learn_loss[last][t]) && isnan(b.eval_loss[last][t]));
      ck_assert(isnan(b.accuracy[last][t]) && isnan(b.phi[last][t][0]));
    } else {
      ck_assert_mem_eq(a.phi[last][t], b.phi[last][t], sizeof a.phi[last][t]);
      ck_assert(a.eval_loss[last][t] == b.eval_loss[last][t]);
    }
  ck_assert(b.learn_loss[0][1] == b.learn_loss[0][1]); /* at its start it was fine */
  ndg_problem_close(calm);
  ndg_problem_close(wild);
}
END_TEST

START_TEST(tasks_tell_how_they_came_out) {
  spec.inner.tolerance = 1e-3;
  spec.inner.steps = 1000;
  for (int i = 0; i < N_X; i++)
    tasks.a[2][i][i] = 15; /* converges first */
  ndg_problem *p = known_open(&spec);
  uint8_t status[N_TASKS];
  uint64_t step[N_TASKS];
  ndg_learning learning;
  ndg_problem_task_status(p, status, NULL);
  ck_assert_int_eq(status[0], NDG_TASK_RUNNING);
  ck_assert_int_eq(ndg_problem_learn(p, NULL, &learning, &e), NDG_OK);
  for (int again = 0; again < 2; again++) { /* run, and answered from what is known */
    ndg_problem_task_status(p, status, step);
    for (int t = 0; t < N_TASKS; t++) {
      ck_assert_int_eq(status[t], NDG_TASK_CONVERGED);
      ck_assert_uint_le(step[t], learning.steps_taken);
    }
    ck_assert_uint_lt(step[2], step[0]);
    ck_assert_int_eq(ndg_problem_learn(p, NULL, &learning, &e), NDG_OK);
  }
  ndg_problem_close(p);
}
END_TEST

static ndg_status open_and_adapt(void) {
  ndg_problem *p = NULL;
  curves c;
  double out[N_TASKS][N_ROWS];
  ndg_status st = ndg_problem_open(&spec, &p, &e);
  if (st >= 0)
    st = adapt(p, &c);
  if (st >= 0)
    st = ndg_problem_predict(p, c.phi[0][0], out[0], &e);
  ndg_problem_close(p);
  return st;
}

START_TEST(running_out_of_memory_is_an_error) {
  ndg_status st = NDG_ENOMEM;
  uint64_t n = 0;
  spec.dtype = NDG_F32;
  for (; st == NDG_ENOMEM; n++) {
    ndg_fail_allocations_after(n);
    st = open_and_adapt();
    ndg_fail_allocations_after(UINT64_MAX);
    ck_assert_msg(st == NDG_ENOMEM || st == NDG_OK, "allocation %llu: %d, %s",
                  (unsigned long long)n, st, e.text);
  }
  ck_assert_uint_gt(n, 50);
}
END_TEST

int main(void) {
  Suite *s = suite_create("adapt");
  TCase *c = tcase_create("adapt");
  tcase_add_checked_fixture(c, set_up, NULL);
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, looks_are_learning_that_ends_there, 0, 6);
  tcase_add_test(c, losses_and_predictions_match_closed_forms);
  tcase_add_test(c, nothing_that_is_not_asked_for_is_needed);
  tcase_add_test(c, a_learner_without_predictions_says_so);
  tcase_add_loop_test(c, a_task_that_diverges_leaves_the_others_alone, 0, 2);
  tcase_add_test(c, tasks_tell_how_they_came_out);
  tcase_add_test(c, running_out_of_memory_is_an_error);
  suite_add_tcase(s, c);
  return run_suite(s);
}
