/* SPDX-License-Identifier: MIT */
/* The contrastive rule on problems of which everything is known: values, orders, phases, refusals.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

static double exact[MOST_THETA], found[MOST_THETA];

START_TEST(scalar_reference_values) {
  static const struct {
    const char *options;
    double error; /* relative, signed */
  } rows[] = {{"variant=forward; beta=1", -0.308},      {"variant=forward; beta=0.3", -0.118},
              {"variant=forward; beta=0.1", -0.0426},   {"variant=forward; beta=0.01", -0.00442},
              {"variant=symmetric; beta=1", 0.246},     {"variant=symmetric; beta=0.3", 0.0181},
              {"variant=symmetric; beta=0.1", 0.00198}, {"variant=symmetric; beta=0.01", 1.98e-5}};
  ndg_problem *problem = open_scalar(newton_inner());
  closed_form_gradient(problem, exact);
  ck_assert_double_eq_tol(exact[0], 0.222222, 1e-6);
  for (int i = 0; i < 8; i++) {
    const ndg_record record = estimate(problem, "contrastive", rows[i].options, found);
    ck_assert_int_eq(record.status, NDG_OK);
    ck_assert_double_eq_tol((found[0] / exact[0] - 1) / rows[i].error, 1, 0.005);
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(forward_has_its_closed_form) {
  /* G(β) - G(0) = l (φ*_0 - φ*_β) at exact minima. */
  ndg_problem *problem = open_linear_quadratic(newton_inner());
  const ndg_instance *learner = ndg_problem_learner(problem);
  const ndg_task_arrays *tasks = ndg_problem_tasks(problem);
  const ndg_closed_form *form = learner->loaded->ops.learner.extension(NDG_CAP_CLOSED_FORM);
  double theta[LQ_P], start[LQ_P], end[LQ_P], expected[LQ_P] = {0};
  ndg_error e = {0};
  ndg_problem_get_theta(problem, theta);
  for (uint64_t t = 0; t < LQ_TASKS; t++) {
    ck_assert_int_eq(form->optimum(learner->options, tasks, t, theta, 0, start, &e), NDG_OK);
    ck_assert_int_eq(form->optimum(learner->options, tasks, t, theta, 0.25, end, &e), NDG_OK);
    for (int i = 0; i < LQ_P; i++) {
      expected[i] += 0.7 * (start[i] - end[i]) / 0.25 / LQ_TASKS;
    }
  }
  (void)estimate(problem, "contrastive", "variant=forward; beta=0.25", found);
  for (int i = 0; i < LQ_P; i++) {
    ck_assert_double_eq_tol(found[i], expected[i], 1e-14);
  }
  ndg_problem_close(problem);
}
END_TEST

/* Slope of log error over log beta between two betas. */
static double order_of(ndg_problem *problem, const char *variant, double low, double high) {
  char options[120];
  double error[2];
  const double betas[] = {low, high};
  for (int i = 0; i < 2; i++) {
    (void)snprintf(options, sizeof options, "%s; beta=%.17g", variant, betas[i]);
    error[i] = error_of(problem, "contrastive", options, exact);
  }
  return log(error[1] / error[0]) / log(high / low);
}

START_TEST(orders) {
  static const struct {
    const char *variant;
    double order, tolerance, low, high;
  } rows[] = {{"variant=forward", 1, 0.05, 1e-4, 1e-3},
              {"variant=symmetric", 2, 0.05, 1e-3, 1e-2},
              {"variant=second_order", 2, 0.05, 1e-3, 1e-2},
              {"variant=richardson", 4, 0.1, 3e-3, 3e-2},
              {"variant=central; points=4", 4, 0.1, 3e-3, 3e-2},
              {"variant=central; points=6", 6, 0.2, 1e-2, 3e-2},
              {"variant=holomorphic; points=4", 4, 0.1, 3e-3, 3e-2},
              {"variant=holomorphic; points=5", 5, 0.1, 1e-2, 6e-2},
              {"variant=holomorphic; points=8", 8, 0.2, 4e-2, 1e-1},
              {"variant=holomorphic; points=16", 16, 0.5, 1.6e-1, 2.2e-1}};
  ndg_problem *problem = open_linear_quadratic(newton_inner());
  closed_form_gradient(problem, exact);
  for (int i = 0; i < 10; i++) {
    const double order = order_of(problem, rows[i].variant, rows[i].low, rows[i].high);
    ck_assert_msg(fabs(order - rows[i].order) < rows[i].tolerance, "%s: order %.3f",
                  rows[i].variant, order);
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(variants_that_must_agree) {
  double other[MOST_THETA];
  ndg_problem *problem = open_linear_quadratic(descent(0.05, 40));
  (void)estimate(problem, "contrastive", "variant=symmetric; beta=0.1", found);
  (void)estimate(problem, "contrastive", "variant=central; points=2; beta=0.1", other);
  ck_assert_mem_eq(found, other, LQ_P * sizeof(double));
  (void)estimate(problem, "contrastive", "variant=holomorphic; points=2; beta=0.1", other);
  ck_assert_mem_eq(found, other, LQ_P * sizeof(double));
  ndg_problem_close(problem);
}
END_TEST

START_TEST(nonlinear_network) {
  ndg_problem *problem = open_network(newton_inner(), "", 0);
  const ndg_record record =
      estimate(problem, "contrastive", "variant=holomorphic; points=16; beta=0.02", exact);
  ck_assert_int_eq(record.status, NDG_OK);
  ck_assert_double_lt(error_of(problem, "implicit", "solver=dense", exact), 1e-10);
  ck_assert_double_lt(error_of(problem, "contrastive", "variant=symmetric; beta=1e-4", exact),
                      1e-5);
  ndg_problem_close(problem);
}
END_TEST

/* ∂θ𝓛 by hand at hand-made phases: L^learn = ½ 1.3 (φ-a)² + ¼ (φ-θ)², L^eval = ½ 0.8 (φ-c)². */
typedef struct hand {
  double a, c, theta, phi, velocity;
} hand;

static hand hand_start(void) {
  const double c = (1.3 * 0.7 - 0.5 * 0.4) / 1.8 - 1;
  return (hand){.a = 0.7, .c = c, .theta = -0.4};
}

static void hand_steps(hand *h, double beta, double lr, double momentum, int steps) {
  for (int i = 0; i < steps; i++) {
    const double slope =
        1.3 * (h->phi - h->a) + 0.5 * (h->phi - h->theta) + beta * 0.8 * (h->phi - h->c);
    h->velocity = momentum * h->velocity - lr * slope;
    h->phi += h->velocity;
  }
}

static double hand_g(const hand *h) {
  return 0.5 * (h->theta - h->phi);
}

START_TEST(phases_as_asked) {
  ndg_problem *problem = open_scalar(descent(0.1, 7));
  hand free = hand_start(), nudged, matched;
  hand_steps(&free, 0, 0.1, 0, 7);
  nudged = matched = free;
  hand_steps(&nudged, 0.5, 0.1, 0, 7);
  hand_steps(&matched, 0, 0.1, 0, 7);
  (void)estimate(problem, "contrastive", "variant=forward; beta=0.5", found);
  ck_assert_double_eq_tol(found[0], (hand_g(&nudged) - hand_g(&free)) / 0.5, 1e-14);
  (void)estimate(problem, "contrastive", "variant=forward; beta=0.5; reference=matched", found);
  ck_assert_double_eq_tol(found[0], (hand_g(&nudged) - hand_g(&matched)) / 0.5, 1e-14);

  hand restarted = hand_start();
  hand_steps(&restarted, 0.5, 0.1, 0, 7);
  (void)estimate(problem, "contrastive", "variant=forward; beta=0.5; start=restart", found);
  ck_assert_double_eq_tol(found[0], (hand_g(&restarted) - hand_g(&free)) / 0.5, 1e-14);

  hand longer = hand_start(), plus, minus;
  hand_steps(&longer, 0, 0.2, 0, 12);
  plus = minus = longer;
  hand_steps(&plus, 0.5, 0.05, 0, 3);
  hand_steps(&minus, -0.5, 0.05, 0, 3);
  const ndg_record record =
      estimate(problem, "contrastive",
               "variant=symmetric; beta=0.5; free_steps=12; free_lr=0.2; nudged_steps=3; "
               "nudged_lr=0.05",
               found);
  ck_assert_double_eq_tol(found[0], hand_g(&plus) - hand_g(&minus), 1e-14);
  ck_assert_uint_eq(record.learner_runs, 3);
  ck_assert_uint_eq(record.hessian_vector_products, 0);
  ck_assert_uint_eq(record.nonlocal, 0);
  ck_assert_uint_ge(record.gradient_evaluations, 12 + 2 * 3);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(momentum_fresh_and_carried) {
  ndg_problem *problem = open_scalar(heavy_ball(0.1, 0.8, 6));
  hand free = hand_start(), fresh, carried;
  hand_steps(&free, 0, 0.1, 0.8, 6);
  fresh = carried = free;
  fresh.velocity = 0;
  hand_steps(&fresh, 0.5, 0.1, 0.8, 6);
  hand_steps(&carried, 0.5, 0.1, 0.8, 6);
  (void)estimate(problem, "contrastive", "variant=forward; beta=0.5", found);
  ck_assert_double_eq_tol(found[0], (hand_g(&fresh) - hand_g(&free)) / 0.5, 1e-14);
  (void)estimate(problem, "contrastive", "variant=forward; beta=0.5; state=carried", found);
  ck_assert_double_eq_tol(found[0], (hand_g(&carried) - hand_g(&free)) / 0.5, 1e-14);
  /* A matched continuation that carries its velocity is learning without a break. */
  hand matched = free;
  hand_steps(&matched, 0, 0.1, 0.8, 6);
  (void)estimate(problem, "contrastive",
                 "variant=forward; beta=0.5; state=carried; reference=matched", found);
  ck_assert_double_eq_tol(found[0], (hand_g(&carried) - hand_g(&matched)) / 0.5, 1e-14);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(momentum_of_each_phase) {
  /* The inner optimiser takes none: nudged phases have their own. */
  ndg_problem *problem = open_scalar(descent(0.1, 6));
  hand free = hand_start(), nudged, matched;
  hand_steps(&free, 0, 0.1, 0, 6);
  free.velocity = 0;
  nudged = matched = free;
  hand_steps(&nudged, 0.5, 0.1, 0.6, 6);
  hand_steps(&matched, 0, 0.1, 0.6, 6);
  (void)estimate(problem, "contrastive",
                 "variant=forward; beta=0.5; nudged_optimizer=heavy_ball; nudged_momentum=0.6; "
                 "reference=matched",
                 found);
  ck_assert_double_eq_tol(found[0], (hand_g(&nudged) - hand_g(&matched)) / 0.5, 1e-14);
  check_estimate_refused(problem, "contrastive", "nudged_momentum=0.6", "takes no momentum");
  check_estimate_refused(problem, "contrastive", "free_momentum=0.6", "takes no momentum");
  ndg_problem_close(problem);
  problem = open_scalar(heavy_ball(0.1, 0.8, 6));
  hand plus = hand_start(), minus;
  hand_steps(&plus, 0, 0.1, 0.3, 6);
  minus = plus;
  hand_steps(&plus, 0.5, 0.1, 0.6, 6);
  hand_steps(&minus, -0.5, 0.1, 0.6, 6);
  (void)estimate(problem, "contrastive",
                 "beta=0.5; free_momentum=0.3; nudged_momentum=0.6; state=carried", found);
  ck_assert_double_eq_tol(found[0], hand_g(&plus) - hand_g(&minus), 1e-14);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(matched_reference_removes_what_is_left_to_learn) {
  ndg_problem *problem = open_linear_quadratic(descent(0.1, 40));
  closed_form_gradient(problem, exact);
  const double plain = error_of(problem, "contrastive", "variant=forward; beta=1e-3", exact);
  const double matched =
      error_of(problem, "contrastive", "variant=forward; beta=1e-3; reference=matched", exact);
  ck_assert_double_gt(plain, 10 * matched);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(known_radius_is_respected) {
  ndg_problem *problem = open_scalar(newton_inner());
  const double radius = 1.8 / 0.8; /* H + β ∂²φφL^eval = 0 */
  ndg_problem_set_radii(problem, &radius);
  ndg_record record =
      estimate(problem, "contrastive", "variant=central; points=6; beta=0.8", found);
  ck_assert_int_eq(record.status, NDG_PAST_RADIUS);
  ck_assert(isnan(found[0]));
  ck_assert_ptr_nonnull(strstr(record.note, "beta reaches 2.4, past the stability radius 2.25"));
  ck_assert_ptr_nonnull(strstr(record.note, "below 0.75"));
  record = estimate(problem, "contrastive",
                    "variant=central; points=6; beta=0.8; past_radius=report", found);
  ck_assert_int_eq(record.status, NDG_PAST_RADIUS);
  ck_assert(isfinite(found[0]));
  record = estimate(problem, "contrastive", "variant=central; points=6; beta=0.7", found);
  ck_assert_int_eq(record.status, NDG_OK);
  ck_assert_double_eq(record.stability_radius, radius);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(newton_phases_find_the_radius) {
  /* Newton's method settles there as well as anywhere: nothing grows or diverges. */
  static const char *const past[] = {
      "variant=symmetric; beta=2.3", "variant=forward; beta=2.3", "variant=richardson; beta=2.3",
      "variant=second_order; beta=1.2", "variant=holomorphic; beta=2.3"};
  for (int i = 0; i < 5; i++) {
    ndg_problem *problem = open_scalar(newton_inner());
    ndg_record record = estimate(problem, "contrastive", past[i], found);
    ck_assert_msg(record.status == NDG_PAST_RADIUS, "%s: status %d", past[i], record.status);
    ck_assert(isnan(found[0]));
    ck_assert_ptr_nonnull(strstr(record.note, "past the stability radius 2.25"));
    /* Found again by the next estimate, and by none that does not need it. */
    const ndg_record again = estimate(problem, "contrastive", past[i], found);
    ck_assert_uint_eq(again.hessian_vector_products, record.hessian_vector_products);
    record = estimate(problem, "contrastive", "variant=symmetric; beta=2.2", found);
    ck_assert_int_eq(record.status, NDG_OK);
    ck_assert_double_eq_tol(record.stability_radius, 2.25, 1e-9);
    ndg_problem_close(problem);
  }
}
END_TEST

START_TEST(contour_finds_the_radius) {
  ndg_problem *problem = open_scalar(newton_inner());
  ndg_record record = estimate(problem, "contrastive",
                               "variant=holomorphic; points=8; beta=0.5; start=restart", found);
  ck_assert_int_eq(record.status, NDG_OK);
  ck_assert_double_eq_tol(record.stability_radius, 2.25, 1e-3);
  record = estimate(problem, "contrastive", "variant=holomorphic; points=8; beta=3; start=restart",
                    found);
  ck_assert_int_eq(record.status, NDG_PAST_RADIUS);
  ck_assert(isnan(found[0]));
  ck_assert_ptr_nonnull(strstr(record.note, "singularity inside the circle |beta| = 3"));
  record =
      estimate(problem, "contrastive",
               "variant=holomorphic; points=8; beta=3; start=restart; past_radius=report", found);
  ck_assert_int_eq(record.status, NDG_PAST_RADIUS);
  ck_assert(isfinite(found[0]));
  ndg_problem_close(problem);
}
END_TEST

START_TEST(round_off_is_no_singularity) {
  /* The coefficients of G fall below round-off at once: no sign of anything inside the circle. */
  ndg_problem *problem = open_linear_quadratic(newton_inner());
  ndg_record record =
      estimate(problem, "contrastive", "variant=holomorphic; points=64; beta=1e-15", found);
  ck_assert_msg(record.status == NDG_OK, "%s", record.note);
  ndg_problem_close(problem);
  /* Data in which learning already finds the minimum of the evaluation loss: grad F is zero. */
  problem = open_zero_gradient(descent(0.2, 60));
  for (int points = 8; points <= 64; points++) {
    char options[80];
    (void)snprintf(options, sizeof options, "variant=holomorphic; points=%d; beta=0.3", points);
    record = estimate(problem, "contrastive", options, found);
    ck_assert_msg(record.status == NDG_OK, "%d points: %s", points, record.note);
    ck_assert_double_le(fabs(found[0]), 1e-13);
  }
  ndg_problem_close(problem);
}
END_TEST

START_TEST(unusable_step_size_is_named) {
  /* The problem's Newton phases have no step size that another optimiser could take over. */
  static const char *const options[] = {"free_optimizer=gradient_descent",
                                        ("free_optimizer=heavy_ball; nudged_optimizer=heavy_ball; "
                                         "state=carried"),
                                        "nudged_optimizer=adam"};
  ndg_inner inner = newton_inner();
  inner.optimizer.lr = 0;
  ndg_problem *problem = open_scalar(inner);
  check_estimate_refused(problem, "contrastive", options[_i], "lr is 0; it must be > 0");
  check_estimate_refused(problem, "unrolled", "optimizer=nesterov; steps=3",
                         "lr is 0; it must be > 0");
  ndg_problem_close(problem);
}
END_TEST

START_TEST(growing_phase_is_past_the_radius) {
  /* Curvature 1.8 - 0.8 β < 0: the negative phase runs away, slowly or quickly. */
  ndg_problem *problem = open_scalar(descent(0.2, 60));
  ndg_record record = estimate(problem, "contrastive", "variant=symmetric; beta=2.5", found);
  ck_assert_int_eq(record.status, NDG_PAST_RADIUS);
  ck_assert(isnan(found[0]));
  ck_assert_ptr_nonnull(strstr(record.note, "beta = -2.5"));
  record = estimate(problem, "contrastive", "variant=symmetric; beta=50; nudged_steps=200", found);
  ck_assert_int_eq(record.status, NDG_DIVERGED);
  ck_assert(isnan(found[0]));
  record = estimate(problem, "contrastive", "variant=symmetric; beta=2; nudged_steps=200", found);
  ck_assert_int_eq(record.status, NDG_OK);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(diverged_learning_gives_no_number) {
  ndg_problem *problem = open_scalar(descent(3, 200));
  const ndg_record record =
      estimate(problem, "contrastive", "variant=symmetric; past_radius=report", found);
  ck_assert_int_eq(record.status, NDG_DIVERGED);
  ck_assert(isnan(found[0]));
  ck_assert_ptr_nonnull(strstr(record.note, "free phase"));
  ndg_problem_close(problem);
}
END_TEST

START_TEST(missed_tolerance_is_said) {
  ndg_problem *problem = open_scalar(descent(0.1, 10));
  ndg_record record =
      estimate(problem, "contrastive", "variant=forward; beta=0.1; free_tolerance=1e-9", found);
  ck_assert_int_eq(record.status, NDG_NOT_CONVERGED);
  ck_assert(isfinite(found[0]));
  ck_assert_ptr_nonnull(strstr(record.note, "free phase"));
  record = estimate(problem, "contrastive",
                    "variant=forward; beta=0.1; free_tolerance=1e-9; free_steps=1000; "
                    "nudged_tolerance=1e-9; nudged_steps=1000",
                    found);
  ck_assert_int_eq(record.status, NDG_OK);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(relu_takes_no_complex_nudge) {
  ndg_problem *problem = open_network(descent(0.1, 10), "activation=relu", 0);
  check_estimate_refused(problem, "contrastive", "variant=holomorphic", "relu");
  ck_assert_int_eq(estimate(problem, "contrastive", "variant=symmetric", found).status, NDG_OK);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(theta_in_the_evaluation_loss) {
  ndg_problem *problem = open_direct(newton_inner(), 1);
  (void)estimate(problem, "contrastive", "variant=symmetric; beta=1e-3", found);
  ck_assert_double_eq_tol(found[0], 0.6 - 1.1, 1e-6); /* θ + ψ */
  ck_assert_double_eq_tol(found[1], 0.6, 1e-12);      /* θ: the start itself is forgotten */
  ndg_problem_close(problem);
}
END_TEST

START_TEST(without_memory) {
  static const char *const options[] = {"variant=richardson", "variant=holomorphic",
                                        "variant=forward; reference=matched; state=carried"};
  ndg_problem *problem = open_linear_quadratic(descent(0.1, 12));
  check_memory(problem, "contrastive", options[_i]);
  ndg_problem_close(problem);
}
END_TEST

START_TEST(bad_options) {
  static const char *const cases[][2] = {
      {"variant=forward; points=4", "points = 4 is for variants central and holomorphic only"},
      {"variant=central; points=3", "points of variant central must be 2, 4, .. 16; it is 3"},
      {"variant=central; points=18", "it is 18"},
      {"variant=holomorphic; points=1", "at least 2"},
      {"variant=holomorphic; points=65", "points"},
      {"variant=symmetric; reference=matched", "no G(0)"},
      {"variant=forward; reference=matched; start=restart", "start = continue"},
      {"variant=forward; state=carried; start=restart", "start = continue"},
      {"state=carried; nudged_optimizer=adam", "same free_optimizer and nudged_optimizer"},
      {"free_tolerance=-0.5", "free_tolerance is -0.5"},
      {"nudged_tolerance=-0.5", "nudged_tolerance is -0.5"},
      {"free_momentum=1", "0 <= free_momentum < 1"},
      {"nudged_momentum=-0.5", "nudged_momentum is -0.5"},
      {"nudged_momentum=0.5; nudged_optimizer=gradient_descent", "no effect with"},
      {"beta=0", "beta"},
      {"beta=nan", "beta"},
      {"beta=2000", "beta"},
      {"bta=1", "did you mean 'beta'"}};
  check_refused(NDG_KIND_RULE, "contrastive", cases[_i][0], cases[_i][1]);
}
END_TEST

START_TEST(saddle_is_no_solution) {
  ndg_problem *problem = open_maximum(newton_inner());
  const ndg_record record = estimate(problem, "contrastive", "beta=0.01", found);
  ck_assert_int_eq(record.status, NDG_NOT_CONVERGED);
  ck_assert_msg(strstr(record.note, "(saddle)") != NULL, "%s", record.note);
  ndg_problem_close(problem);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("contrastive");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, saddle_is_no_solution);
  tcase_add_test(tests, scalar_reference_values);
  tcase_add_test(tests, forward_has_its_closed_form);
  tcase_add_test(tests, orders);
  tcase_add_test(tests, variants_that_must_agree);
  tcase_add_test(tests, nonlinear_network);
  tcase_add_test(tests, phases_as_asked);
  tcase_add_test(tests, momentum_fresh_and_carried);
  tcase_add_test(tests, momentum_of_each_phase);
  tcase_add_test(tests, matched_reference_removes_what_is_left_to_learn);
  tcase_add_test(tests, known_radius_is_respected);
  tcase_add_test(tests, newton_phases_find_the_radius);
  tcase_add_test(tests, contour_finds_the_radius);
  tcase_add_test(tests, round_off_is_no_singularity);
  tcase_add_loop_test(tests, unusable_step_size_is_named, 0, 3);
  tcase_add_test(tests, growing_phase_is_past_the_radius);
  tcase_add_test(tests, diverged_learning_gives_no_number);
  tcase_add_test(tests, missed_tolerance_is_said);
  tcase_add_test(tests, relu_takes_no_complex_nudge);
  tcase_add_test(tests, theta_in_the_evaluation_loss);
  tcase_add_loop_test(tests, without_memory, 0, 3);
  tcase_add_loop_test(tests, bad_options, 0, 18);
  return run_suite("contrastive", tests);
}
