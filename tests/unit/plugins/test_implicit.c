/* SPDX-License-Identifier: MIT */
/* The implicit rule: every solver against arithmetic by hand and closed forms. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

/* The scalar problem: H = 1.8, g = 0.8, gradient = 0.5 v. */
static const double curvature = 1.8, slope = 0.8, pull = 0.5;
static double exact[MOST_THETA], found[MOST_THETA];

START_TEST(scalar_by_hand) {
  static const struct {
    const char *options;
    double v, residual;
  } rows[] = {{"solver=dense", 0.8 / 1.8, 0},
              {"solver=cg; iterations=1", 0.8 / 1.8, 0},
              {"solver=dense; damping=0.7", 0.8 / 2.5, 0},
              {"solver=cg; damping=0.7", 0.8 / 2.5, 0},
              {"solver=t1t2; alpha=1", 0.8, 0.8},
              {"solver=t1t2; alpha=0.25", 0.2, 0.55},
              {"solver=neumann; alpha=0.25; iterations=2", 0.25 * 0.8 * (1 + 0.55 + 0.55 * 0.55),
               0.55 * 0.55 * 0.55},
              {"solver=neumann; alpha=0.25; damping=0.2; iterations=1", 0.25 * 0.8 * 1.5, 0.25}};
  ndg_problem *problem = open_scalar(newton_inner());
  for (int i = 0; i < 8; i++) {
    const ndg_record record = estimate(problem, "implicit", rows[i].options, found);
    ck_assert_int_eq(record.status, NDG_OK);
    ck_assert_double_eq_tol(found[0], pull * rows[i].v, 1e-14);
    ck_assert_double_eq_tol(record.residual, rows[i].residual, 1e-14);
  }
  /* 1/L from power iteration is near, and never above, the best step. */
  const ndg_record record = estimate(problem, "implicit", "solver=t1t2", found);
  ck_assert_double_eq_tol(found[0], pull * slope / curvature, 0.01);
  ck_assert_double_le(found[0], pull * slope / curvature * (1 + 1e-12));
  ck_assert_double_lt(record.residual, 0.02);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(exact_for_every_task) {
  ndg_problem *problem = open_linear_quadratic(newton_inner());
  closed_form_gradient(problem, exact);
  ck_assert_double_lt(error_of(problem, "implicit", "solver=dense", exact), 1e-14);
  ck_assert_double_lt(error_of(problem, "implicit", "solver=cg; iterations=5", exact), 1e-13);
  ck_assert_double_lt(
      error_of(problem, "implicit", "solver=neumann; iterations=100000; tolerance=1e-13", exact),
      1e-11);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(free_phase_as_asked) {
  /* Three steps of gradient descent from 0 by hand, then an exact solve. */
  const double a = 0.7, theta = -0.4, c = (1.3 * a + 0.5 * theta) / 1.8 - 1;
  double phi = 0;
  ndg_problem *problem = open_scalar(newton_inner());
  for (int i = 0; i < 3; i++) {
    phi -= 0.1 * (1.3 * (phi - a) + 0.5 * (phi - theta));
  }
  (void)estimate(problem, "implicit",
                 "solver=dense; free_optimizer=gradient_descent; free_steps=3; free_lr=0.1", found);
  ck_assert_double_eq_tol(found[0], pull * slope * (phi - c) / curvature, 1e-14);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(stopping_short_is_said) {
  ndg_problem *problem = open_linear_quadratic(newton_inner());
  closed_form_gradient(problem, exact);
  ndg_record record =
      estimate(problem, "implicit", "solver=cg; iterations=2; tolerance=1e-10", found);
  ck_assert_int_eq(record.status, NDG_NOT_CONVERGED);
  ck_assert_double_gt(record.residual, 1e-10);
  ck_assert(isfinite(found[0]));
  ck_assert_ptr_nonnull(strstr(record.note, "tolerance"));
  record = estimate(problem, "implicit", "solver=cg; iterations=20; tolerance=1e-10", found);
  ck_assert_int_eq(record.status, NDG_OK);
  ck_assert_double_le(record.residual, 1e-10);
  record = estimate(problem, "implicit",
                    "free_optimizer=gradient_descent; free_lr=0.01; free_steps=3; "
                    "free_tolerance=1e-9",
                    found);
  ck_assert_int_eq(record.status, NDG_NOT_CONVERGED);
  ck_assert_ptr_nonnull(strstr(record.note, "phase"));
  ndg_problem_close(problem);
}
END_TEST

START_TEST(saddle_is_no_solution) {
  static const char *const options[] = {"solver=dense", "solver=t1t2; alpha=1"};
  ndg_problem *problem = open_maximum(newton_inner());
  for (int i = 0; i < 2; i++) {
    const ndg_record record = estimate(problem, "implicit", options[i], found);
    ck_assert_int_eq(record.status, NDG_NOT_CONVERGED);
    ck_assert_msg(strstr(record.note, "end of the free phase is not positive definite (saddle)") !=
                      NULL,
                  "%s", record.note);
  }
  ndg_problem_close(problem);
}
END_TEST

/* Without an estimate before it, a warm start is the plain one: nothing is spent on it. */
START_TEST(first_warm_start_is_plain) {
  static const char *const solvers[] = {"solver=cg", "solver=neumann; alpha=0.2"};
  ndg_problem *problem = open_linear_quadratic(newton_inner());
  for (int i = 0; i < 2; i++) {
    for (int iterations = 1; iterations < 4; iterations++) {
      char options[80];
      (void)snprintf(options, sizeof options, "%s; iterations=%d", solvers[i], iterations);
      const ndg_record plain = estimate(problem, "implicit", options, exact);
      (void)snprintf(options, sizeof options, "%s; iterations=%d; warm_start=true", solvers[i],
                     iterations);
      const ndg_record first = estimate(problem, "implicit", options, found);
      ck_assert_mem_eq(found, exact, LQ_P * sizeof *found);
      ck_assert_uint_eq(first.hessian_vector_products, plain.hessian_vector_products);
    }
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(warm_start_goes_on) {
  ndg_problem *problem = open_linear_quadratic(newton_inner());
  const ndg_instance warm =
      open_rule("implicit", "solver=neumann; iterations=20; warm_start=true; alpha=0.2");
  const ndg_instance cold = open_rule("implicit", "solver=neumann; iterations=20; alpha=0.2");
  ndg_record record, first;
  ndg_error e = {0};
  ck_assert_int_eq(ndg_problem_estimate(problem, &cold, false, found, &first, &e), NDG_OK);
  double before = INFINITY;
  for (int i = 0; i < 4; i++) {
    ck_assert_int_eq(ndg_problem_estimate(problem, &warm, false, found, &record, &e), NDG_OK);
    ck_assert_double_lt(record.residual, before);
    before = record.residual;
  }
  ck_assert_double_lt(record.residual, first.residual / 2);
  ck_assert_int_eq(ndg_problem_estimate(problem, &cold, false, found, &record, &e), NDG_OK);
  ck_assert_double_eq(record.residual, first.residual);
  ndg_problem_close(problem);
}
END_TEST

/* With a pull of e³ a series of steps 0.5 grows without bound, with a pull of 1 it does not: the
   vector that is kept must not bring the first into the second. */
START_TEST(warm_start_forgets_divergence) {
  ndg_problem *problem = open_network(descent(0.05, 100), "", 0);
  const ndg_instance warm =
      open_rule("implicit", "solver=neumann; iterations=400; warm_start=true; alpha=0.5");
  const ndg_instance cold = open_rule("implicit", "solver=neumann; iterations=400; alpha=0.5");
  double theta[MOST_THETA], wanted[MOST_THETA];
  const uint64_t n = count_theta(problem);
  ndg_record record;
  ndg_error e = {0};
  for (int round = 0; round < 2; round++) {
    for (uint64_t i = 0; i < n; i++) {
      theta[i] = round == 0 ? 3 : 0;
    }
    ck_assert_int_eq(ndg_problem_set_theta(problem, theta, &e), NDG_OK);
    ck_assert_int_eq(ndg_problem_estimate(problem, &warm, false, found, &record, &e),
                     round == 0 ? NDG_DIVERGED : NDG_OK);
  }
  ck_assert_int_eq(ndg_problem_estimate(problem, &cold, false, wanted, &record, &e), NDG_OK);
  for (uint64_t i = 0; i < n; i++) {
    ck_assert_double_eq_tol(found[i], wanted[i], 1e-12 * (1 + fabs(wanted[i])));
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(divergence_gives_no_number) {
  ndg_problem *problem = open_scalar(descent(0.1, 50));
  ndg_record record =
      estimate(problem, "implicit", "solver=neumann; alpha=2; iterations=50", found);
  ck_assert_int_eq(record.status, NDG_DIVERGED);
  ck_assert(isnan(found[0]));
  ck_assert_ptr_nonnull(strstr(record.note, "alpha"));
  record = estimate(problem, "implicit", "free_lr=4; free_steps=500", found);
  ck_assert_int_eq(record.status, NDG_DIVERGED);
  ck_assert(isnan(found[0]));
  ndg_problem_close(problem);
}
END_TEST

START_TEST(theta_in_the_evaluation_loss) {
  ndg_problem *problem = open_direct(newton_inner(), 1);
  (void)estimate(problem, "implicit", "solver=dense", found);
  ck_assert_double_eq_tol(found[0], 0.6 - 1.1, 1e-15); /* θ + ψ */
  ck_assert_double_eq_tol(found[1], 0.6, 1e-15);       /* θ: the start itself is forgotten */
  ndg_problem_close(problem);
}
END_TEST

START_TEST(costs) {
  ndg_problem *problem = open_linear_quadratic(descent(0.05, 30));
  ndg_record record = estimate(problem, "implicit", "solver=cg; iterations=3", found);
  ck_assert_uint_eq(record.learner_runs, 1);
  ck_assert_uint_ge(record.hessian_vector_products, 3);
  ck_assert_uint_le(record.hessian_vector_products, 5); /* and the residual afresh */
  ck_assert_uint_eq(record.mixed_products, 1);
  ck_assert_uint_ge(record.gradient_evaluations, 31);
  ck_assert(record.nonlocal & NDG_USES_SECOND_DERIVATIVES);
  record = estimate(problem, "implicit", "solver=dense", found);
  ck_assert_uint_ge(record.hessian_vector_products, LQ_P);
  ck_assert(record.nonlocal & NDG_USES_DENSE_MATRIX);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(free_phase_has_its_own_momentum) {
  ndg_problem *ball = open_linear_quadratic(heavy_ball(0.05, 0.6, 9));
  ndg_problem *plain = open_linear_quadratic(descent(0.05, 9));
  (void)estimate(ball, "implicit", "solver=dense", found);
  (void)estimate(plain, "implicit", "solver=dense; free_optimizer=heavy_ball; free_momentum=0.6",
                 exact);
  ck_assert_mem_eq(found, exact, LQ_P * sizeof *found);
  check_estimate_refused(plain, "implicit", "free_momentum=0.6", "takes no momentum");
  ndg_problem_close(ball);
  ndg_problem_close(plain);
}
END_TEST

START_TEST(without_memory) {
  static const char *const options[] = {"solver=cg", "solver=dense", "solver=neumann"};
  ndg_problem *problem = open_linear_quadratic(descent(0.1, 12));
  check_memory(problem, "implicit", options[_i]);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(bad_options) {
  static const char *const cases[][2] = {
      {"solver=dense; warm_start=true", "warm_start is for solvers cg and neumann, not for dense"},
      {"solver=t1t2; warm_start=true", "not for t1t2"},
      {"solver=dense; tolerance=0.1", "tolerance is for solvers cg and neumann"},
      {"solver=cg; alpha=0.1", "alpha is for solvers neumann and t1t2, not for cg"},
      {"free_tolerance=-0.5", "free_tolerance is -0.5"},
      {"free_momentum=0.5; free_optimizer=newton", "no effect with newton"},
      {"iterations=-1", "iterations"},
      {"damping=-1", "damping"},
      {"solver=gc", "cg"}};
  check_refused(NDG_KIND_RULE, "implicit", cases[_i][0], cases[_i][1]);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("implicit");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, scalar_by_hand);
  tcase_add_test(tests, exact_for_every_task);
  tcase_add_test(tests, free_phase_as_asked);
  tcase_add_test(tests, stopping_short_is_said);
  tcase_add_test(tests, saddle_is_no_solution);
  tcase_add_test(tests, first_warm_start_is_plain);
  tcase_add_test(tests, warm_start_goes_on);
  tcase_add_test(tests, warm_start_forgets_divergence);
  tcase_add_test(tests, divergence_gives_no_number);
  tcase_add_test(tests, theta_in_the_evaluation_loss);
  tcase_add_test(tests, costs);
  tcase_add_test(tests, free_phase_has_its_own_momentum);
  tcase_add_loop_test(tests, without_memory, 0, 3);
  tcase_add_loop_test(tests, bad_options, 0, 9);
  return run_suite("implicit", tests);
}
