/* SPDX-License-Identifier: MIT */
/* The host's side of a rule: capabilities, vectors, records, statuses and messages. */
#include <math.h>
#include <string.h>

#include "problem_fixture.h"

static known_tasks tasks;
static known_options options;
static ndg_problem_spec spec;
static ndg_problem *problem;
static ndg_error e;

static void set_up(void) {
  known_tasks_fill(&tasks, 3);
  options = (known_options){0};
  spec = known_spec(&options, &tasks);
  problem = known_open(&spec);
  e = (ndg_error){0};
}

static void tear_down(void) {
  ndg_problem_close(problem);
}

static void expect(ndg_status st, ndg_status wanted, const char *text) {
  ck_assert_msg(st == wanted, "status %d, not %d: %s", st, wanted, e.text);
  ck_assert_msg(strstr(e.text, text) != NULL, "'%s' does not contain '%s'", e.text, text);
}

/* The same estimate written out in long double. */
static void by_hand(double beta, double steps, long double out[3][N_THETA]) {
  long double theta[N_THETA];
  for (int i = 0; i < N_THETA; i++)
    theta[i] = problem->theta[i];
  for (uint64_t t = 0; t < 3; t++) {
    long double phi[N_PHI], before[N_PHI] = {0}, learn[N_PHI], eval[N_PHI];
    double start[N_PHI];
    const known_point at = {&tasks, t, phi, theta, NULL, 0};
    ndg_problem_get_start(problem, t, start);
    for (int i = 0; i < N_PHI; i++)
      phi[i] = start[i];
    for (int k = 0; k < 2 * steps; k++) {
      if (k == steps)
        memcpy(before, phi, sizeof before);
      known_learn_gradient(&at, learn);
      known_eval_gradient(&at, eval);
      for (int i = 0; i < N_PHI; i++)
        phi[i] -= (long double)spec.inner.optimizer.lr *
                  (learn[i] + (k < steps ? 0 : (long double)beta) * eval[i]);
    }
    memset(out[t], 0, sizeof out[t]);
    for (int i = 0; i < N_X; i++) {
      const long double d0 = before[i] - theta[i], d1 = phi[i] - theta[i];
      out[t][i] = -theta[N_X + i] * (d1 - d0) / beta + theta[i];
      out[t][N_X + i] = (d1 * d1 - d0 * d0) / 2 / beta;
    }
  }
}

START_TEST(estimates_and_records_are_right) {
  const told_options o = {.beta = 0.125};
  const ndg_instance rule = told_rule(&o);
  double rows[3][N_THETA], mean[N_THETA];
  long double wanted[3][N_THETA];
  ndg_record r, again;
  ck_assert_msg(ndg_problem_estimate(problem, &rule, true, rows[0], &r, &e) == NDG_OK, "%s",
                e.text);
  ck_assert_int_eq(ndg_problem_estimate(problem, &rule, false, mean, &again, &e), NDG_OK);
  by_hand(0.125, 20, wanted);
  for (int i = 0; i < N_THETA; i++) {
    for (int t = 0; t < 3; t++)
      ck_assert_double_eq_tol(rows[t][i], (double)wanted[t][i], 1e-12);
    ck_assert_double_eq(mean[i], (double)(((long double)rows[0][i] + rows[1][i] + rows[2][i]) / 3));
  }
  ck_assert_uint_eq(r.learner_runs, 2);
  ck_assert_uint_eq(r.gradient_evaluations, 2 * 20 + 2);
  ck_assert_uint_eq(r.hessian_vector_products, 0);
  ck_assert_uint_eq(r.nonlocal, 0);
  ck_assert_double_eq(r.residual, 0.5);
  ck_assert(isnan(r.stability_radius));
  ck_assert(r.gradient_norm > 0);
  ck_assert_int_eq(r.status, NDG_OK);
  ck_assert_str_eq(r.note, "");
  /* two phi and three theta vectors of three tasks, each task on its own cache lines */
  ck_assert_uint_eq(r.bytes_held, (2 * 8 + 3 * 16) * 3 * sizeof(double));
  ck_assert_uint_eq(again.gradient_evaluations, r.gradient_evaluations); /* though cached */
  ck_assert_ptr_null(problem->live);
}
END_TEST

START_TEST(statuses_and_messages_pass_through) {
  double g[N_THETA];
  ndg_record r;
  told_options o = {.beta = 0.125, .outcome = NDG_EINVAL};
  const ndg_instance rule = told_rule(&o);
  expect(ndg_problem_estimate(problem, &rule, false, g, &r, &e), NDG_EINVAL,
         "rule told: told to fail");
  o.outcome = NDG_PAST_RADIUS;
  expect(ndg_problem_estimate(problem, &rule, false, g, &r, &e), NDG_PAST_RADIUS,
         "rule told: told to be soft");
  ck_assert_int_eq(r.status, NDG_PAST_RADIUS);
  ck_assert_str_eq(r.note, "told to be soft");
  ck_assert(isfinite(g[0]));
  uint8_t about[3]; /* no task accounts for it: it is about all */
  ndg_problem_task_soft(problem, about);
  for (int t = 0; t < 3; t++)
    ck_assert_int_eq(about[t], 1 << NDG_PAST_RADIUS);
  o.outcome = NDG_OK;
  o.poison = 1;
  /* Nothing finite is one thing, whatever the rule says of it. */
  for (int k = 0; k < 2; k++) {
    uint8_t status[3], soft[3];
    o.outcome = k == 0 ? NDG_OK : NDG_NOT_CONVERGED;
    expect(ndg_problem_estimate(problem, &rule, false, g, &r, &e), NDG_DIVERGED,
           "rule told: the estimate is not finite in task 1 (3 of 3 tasks in all)");
    ck_assert_int_eq(r.status, NDG_DIVERGED);
    ndg_problem_task_status(problem, status, NULL);
    ndg_problem_task_soft(problem, soft);
    for (int t = 0; t < 3; t++) {
      ck_assert_int_eq(status[t], NDG_TASK_DIVERGED);
      ck_assert_int_eq(soft[t], 0);
    }
  }
  o.poison = 0;
  o.outcome = NDG_OK;
  o.beta = -4;
  o.steps = 3000;
  expect(ndg_problem_estimate(problem, &rule, false, g, &r, &e), NDG_DIVERGED,
         "rule told: the phase nudged with beta = -4 diverged");
  ck_assert_int_eq(r.status, NDG_DIVERGED);
  ck_assert(strstr(r.note, "nudged with beta = -4") != NULL);
  ck_assert_ptr_null(problem->live);
}
END_TEST

START_TEST(kept_vectors_belong_to_a_rule_object) {
  double g[N_THETA], first = 0;
  ndg_record r;
  const told_options plain = {.beta = 0.125}, o = {.beta = 0.125, .hold = 1}, other = o;
  const ndg_instance none = told_rule(&plain), rule = told_rule(&o), second = told_rule(&other);
  ck_assert_int_eq(ndg_problem_estimate(problem, &none, false, g, &r, &e), NDG_OK);
  first = g[0];
  const uint64_t bytes = r.bytes_held;
  for (int k = 1; k <= 3; k++) {
    ck_assert_int_eq(ndg_problem_estimate(problem, &rule, false, g, &r, &e), NDG_OK);
    ck_assert_double_eq_tol(g[0], first + k, 1e-12);
    ck_assert_uint_gt(r.bytes_held, bytes);
  }
  ck_assert_int_eq(ndg_problem_estimate(problem, &second, false, g, &r, &e), NDG_OK);
  ck_assert_double_eq_tol(g[0], first + 1, 1e-12);
}
END_TEST

START_TEST(stopping_is_an_error_once) {
  double g[N_THETA];
  ndg_record r;
  const told_options o = {.beta = 0.125};
  const ndg_instance rule = told_rule(&o);
  ndg_problem_cancel(problem);
  ck_assert(ndg_problem_get_api()->cancelled(problem));
  expect(ndg_problem_estimate(problem, &rule, false, g, &r, &e), NDG_EINVAL,
         "rule told: stopped on request");
  expect(ndg_problem_estimate(problem, &rule, false, g, &r, &e), NDG_OK, "");
}
END_TEST

START_TEST(missing_capabilities_name_both_sides) {
  static const char *const complex_needs[] = {NDG_CAP_SECOND_ORDER, NDG_CAP_COMPLEX, NULL};
  static const char *const closed[] = {NDG_CAP_CLOSED_FORM, NULL};
  static const char *const future[] = {"nudge.learner.telepathy/1", NULL};
  told_options o = {.beta = 0.1, .needs = complex_needs};
  const ndg_instance rule = told_rule(&o);
  const char *reason;
  ck_assert_int_eq(ndg_problem_accepts(problem, &rule, &e), NDG_OK);
  ck_assert(ndg_problem_provides(problem, NDG_CAP_TRANSPOSED_STEP, &reason));
  ck_assert_ptr_null(reason);
  o.needs = closed;
  expect(ndg_problem_accepts(problem, &rule, &e), NDG_ECAPABILITY,
         "rule told needs nudge.learner.closed-form/1, which learner known does not provide here");
  o.needs = future;
  expect(ndg_problem_accepts(problem, &rule, &e), NDG_ECAPABILITY, "telepathy");

  ndg_problem *p;
  double g[N_THETA];
  ndg_record r;
  o.needs = complex_needs;
  options.relu = 1;
  p = known_open(&spec);
  expect(ndg_problem_estimate(p, &rule, false, g, &r, &e), NDG_ECAPABILITY,
         "rule told needs nudge.learner.complex/1, which learner known does not provide here: "
         "operation 'relu' is not analytic");
  ndg_problem_close(p);
  options.relu = 0;
  spec.dtype = NDG_F32;
  p = known_open(&spec);
  expect(ndg_problem_accepts(p, &rule, &e), NDG_ECAPABILITY, "complex128");
  ndg_problem_close(p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("estimate");
  TCase *c = tcase_create("estimate");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_set_timeout(c, 120);
  tcase_add_test(c, estimates_and_records_are_right);
  tcase_add_test(c, statuses_and_messages_pass_through);
  tcase_add_test(c, kept_vectors_belong_to_a_rule_object);
  tcase_add_test(c, stopping_is_an_error_once);
  tcase_add_test(c, missing_capabilities_name_both_sides);
  suite_add_tcase(s, c);
  return run_suite(s);
}
