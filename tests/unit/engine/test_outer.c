/* SPDX-License-Identifier: MIT */
/* Outer optimisers against closed forms: quadratics, Adam's first steps, decay, clipping,
   projection; and what must not change when something fails. */
#include <complex.h>
#include <math.h>
#include <string.h>

#include "../suite.h"
#include "base/memory.h"
#include "engine/outer.h"
#include "nudge/rng.h"

enum { FREE = 4, POSITIVE = 2, Q = FREE + POSITIVE };

static ndg_layout layout;
static ndg_outer_spec spec;
static ndg_outer *outer;
static ndg_outer_report report;
static ndg_error e;

static void set_up(void) {
  layout = (ndg_layout){.struct_size = sizeof layout, .n_phi = 1, .n_theta = 2};
  layout.theta[0] = (ndg_group){.name = "free", .shape = NDG_MATRIX(2, 2)};
  layout.theta[1] =
      (ndg_group){.name = "positive", .shape = NDG_VECTOR(POSITIVE), .constraint = NDG_NONNEGATIVE};
  spec = (ndg_outer_spec){.optimizer = NDG_OUTER_SGD,
                          .lr = 0.125,
                          .momentum = 0.9,
                          .beta2 = 0.99,
                          .epsilon = 1e-3,
                          .clip_norm = INFINITY,
                          .clip_value = INFINITY,
                          .layout = &layout};
  outer = NULL;
  e = (ndg_error){0};
}

static void tear_down(void) {
  ndg_outer_close(outer);
}

static void open_outer(void) {
  ndg_outer_close(outer);
  ck_assert_msg(ndg_outer_open(&spec, &outer, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(ndg_outer_n_theta(outer), Q);
}

static void step(double factor, const double *gradient, double *theta) {
  ck_assert_int_eq(ndg_outer_add(outer, gradient), NDG_OK);
  ck_assert_msg(ndg_outer_step(outer, factor, theta, &report, &e) == NDG_OK, "%s", e.text);
}

/* F = Σ a_i/2 (θ_i − c_i)², all c_i far from the constraint. */
static const double curvature[Q] = {0.5, 1, 2, 3, 0.25, 1.5};
static const double optimum[Q] = {1, -2, 3, -4, 50, 60};

static void slope(const double *theta, double *g) {
  for (int i = 0; i < Q; i++)
    g[i] = curvature[i] * (theta[i] - optimum[i]);
}

/* e_k of e_{k+1} = trace e_k − det e_{k−1}, from e_0 and e_1. */
static double recurrence(double trace, double det, double e0, double e1, int k) {
  const double complex root = csqrt(trace * trace / 4 - det);
  const double complex r1 = trace / 2 + root, r2 = trace / 2 - root;
  const double complex a = (e1 - r2 * e0) / (r1 - r2);
  return creal(a * cpow(r1, k) + (e0 - a) * cpow(r2, k));
}

enum { SGD_CASE, MOMENTUM_CASE, NESTEROV_CASE, N_QUADRATIC };

START_TEST(a_quadratic_is_descended_as_in_closed_form) {
  const double factor = 0.5, lr = factor * spec.lr, mu = spec.momentum;
  spec.optimizer = _i == SGD_CASE ? NDG_OUTER_SGD : NDG_OUTER_MOMENTUM;
  spec.nesterov = _i == NESTEROV_CASE;
  open_outer();
  double theta[Q], g[Q];
  for (int i = 0; i < Q; i++)
    theta[i] = optimum[i] + 1;
  for (int k = 1; k <= 60; k++) {
    slope(theta, g);
    step(factor, g, theta);
    for (int i = 0; i < Q; i++) {
      const double x = lr * curvature[i];
      double wanted = pow(1 - x, k);
      if (_i == MOMENTUM_CASE)
        wanted = recurrence(1 + mu - x, mu, 1, 1 - x, k);
      else if (_i == NESTEROV_CASE)
        wanted = recurrence((1 + mu) * (1 - x), mu * (1 - x), 1, 1 - x * (1 + mu), k);
      ck_assert_double_eq_tol(theta[i] - optimum[i], wanted, 1e-12);
    }
  }
}
END_TEST

START_TEST(adam_takes_its_first_steps_as_in_closed_form) {
  const double b1 = spec.momentum, b2 = spec.beta2;
  const double first[Q] = {1, -2, 1e-3, 0, 5, -6}, second[Q] = {-3, 1, 0, 1e-3, 5, 6};
  double theta[Q] = {0, 0, 0, 0, 9, 9}, wanted[Q];
  spec.optimizer = NDG_OUTER_ADAM;
  open_outer();
  memcpy(wanted, theta, sizeof theta);
  step(1, first, theta);
  for (int i = 0; i < Q; i++) { /* both moments are those of the gradient itself */
    wanted[i] -= spec.lr * first[i] / (fabs(first[i]) + spec.epsilon);
    ck_assert_double_eq_tol(theta[i], wanted[i], 1e-15 * (1 + fabs(wanted[i])));
  }
  step(0.5, second, theta);
  for (int i = 0; i < Q; i++) {
    const double m = (b1 * first[i] + second[i]) / (1 + b1);
    const double s = (b2 * first[i] * first[i] + second[i] * second[i]) / (1 + b2);
    wanted[i] -= 0.5 * spec.lr * m / (sqrt(s) + spec.epsilon);
    ck_assert_double_eq_tol(theta[i], wanted[i], 1e-13 * (1 + fabs(wanted[i])));
  }
}
END_TEST

START_TEST(adam_goes_at_its_rate_under_a_constant_gradient) {
  const double g[Q] = {1, -2, 3, -4, -5, -6};
  double theta[Q] = {0};
  spec.optimizer = NDG_OUTER_ADAM;
  open_outer();
  for (int k = 1; k <= 50; k++) {
    step(1, g, theta);
    for (int i = 0; i < Q; i++)
      ck_assert_double_eq_tol(theta[i], -k * spec.lr * g[i] / (fabs(g[i]) + spec.epsilon), 1e-12);
  }
}
END_TEST

/* Of the same gradients, adamw makes adam's move and takes η w θ off besides. */
START_TEST(adamw_is_adam_plus_decay) {
  ndg_rng r = {1, 2, 3, 4};
  double plain[Q] = {0, 0, 0, 0, 500, 500}, decayed[Q] = {1, -2, 3, -4, 500, 600}, g[Q];
  spec.optimizer = NDG_OUTER_ADAM;
  spec.weight_decay = 0.25;
  open_outer();
  ndg_outer *adamw;
  spec.optimizer = NDG_OUTER_ADAMW;
  ck_assert_int_eq(ndg_outer_open(&spec, &adamw, &e), NDG_OK);
  for (int k = 0; k < 40; k++) {
    const double factor = 1.0 / (1 + k);
    double before[Q], wanted[Q];
    for (int i = 0; i < Q; i++)
      g[i] = ndg_rng_uniform(&r) - 0.5;
    memcpy(before, plain, sizeof plain);
    step(factor, g, plain);
    for (int i = 0; i < Q; i++)
      wanted[i] = decayed[i] * (1 - factor * spec.lr * spec.weight_decay) + (plain[i] - before[i]);
    ndg_outer_add(adamw, g);
    ck_assert_int_eq(ndg_outer_step(adamw, factor, decayed, &report, &e), NDG_OK);
    for (int i = 0; i < Q; i++)
      ck_assert_double_eq_tol(decayed[i], wanted[i], 1e-12 * (1 + fabs(wanted[i])));
  }
  ndg_outer_close(adamw);
}
END_TEST

START_TEST(projection_holds_at_the_boundary) {
  const double down[Q] = {8, 8, 8, 8, 8, 4}, up[Q] = {-8, -8, -8, -8, -8, -8};
  double theta[Q] = {0, 0, 0, 0, 0.5, 1};
  open_outer();
  step(1, down, theta);
  for (int i = 0; i < FREE; i++)
    ck_assert_double_eq(theta[i], -1);
  ck_assert(theta[4] == 0 && !signbit(theta[4]));
  ck_assert_double_eq(theta[5], 0.5);
  ck_assert_uint_eq(report.n_projected, 1);
  step(1, up, theta);
  ck_assert_double_eq(theta[4], 1); /* nothing of what was projected away is left */
  ck_assert_uint_eq(report.n_projected, 0);
}
END_TEST

START_TEST(clipping_is_exact) {
  const double g[Q] = {3, 0, 0, 0, -4, 0};
  const double start[Q] = {0, 0, 0, 0, 10, 10};
  double theta[Q];
  spec.lr = 1;
  spec.clip_norm = 5; /* the norm itself: nothing is cut */
  open_outer();
  memcpy(theta, start, sizeof theta);
  step(1, g, theta);
  ck_assert(!report.norm_clipped && report.n_clipped == 0);
  ck_assert_double_eq(report.gradient_norm, 5);
  ck_assert_double_eq(report.update_norm, 5);
  ck_assert_double_eq(theta[0], -3);
  ck_assert_double_eq(theta[4], 14);
  spec.clip_norm = 2.5;
  open_outer();
  memcpy(theta, start, sizeof theta);
  step(1, g, theta);
  ck_assert(report.norm_clipped);
  ck_assert_double_eq(report.gradient_norm, 5);
  ck_assert_double_eq(theta[0], -1.5);
  ck_assert_double_eq(theta[4], 12);
  spec.clip_value = 1.75; /* after the norm */
  open_outer();
  memcpy(theta, start, sizeof theta);
  step(1, g, theta);
  ck_assert_uint_eq(report.n_clipped, 1);
  ck_assert_double_eq(theta[0], -1.5);
  ck_assert_double_eq(theta[4], 11.75);
}
END_TEST

/* A frozen group, or one that is held, keeps its bits under every optimiser, and does not count in
   the norm. */
START_TEST(frozen_groups_stay) {
  const bool frozen[] = {true, false};
  const double g[Q] = {1e6, 1e6, 1e6, 1e6, 3, 4};
  double theta[Q] = {0.1, -0.2, 0.3, -0.4, 50, 60}, before[Q];
  memcpy(before, theta, sizeof theta);
  spec.optimizer = (uint32_t)_i / 2;
  if (_i % 2) {
    layout.theta[0].held = 1;
  } else {
    spec.frozen = frozen;
  }
  spec.weight_decay = 0.5;
  open_outer();
  for (int k = 0; k < 3; k++)
    step(1, g, theta);
  ck_assert_double_eq(report.gradient_norm, 5);
  ck_assert_mem_eq(theta, before, FREE * sizeof *theta);
  ck_assert(theta[4] != before[4] && theta[5] != before[5]);
  const bool all[] = {true, true};
  spec.frozen = all;
  ndg_outer *none;
  ck_assert_int_eq(ndg_outer_open(&spec, &none, &e), NDG_EINVAL);
  ck_assert_ptr_null(none);
}
END_TEST

START_TEST(the_mean_is_over_the_rows_that_count) {
  double theta[Q] = {0, 0, 0, 0, 1, 1};
  const double rows[3][Q] = {{1e17, 1}, {1, 2}, {-1e17, 6}}, bad[Q] = {0, 0, 0, NAN, 0, 0},
               worse[Q] = {1, 1, 1, 1, 1, -INFINITY};
  spec.lr = 1;
  open_outer();
  ck_assert_int_eq(ndg_outer_step(outer, 1, theta, &report, &e), NDG_EINVAL); /* no row at all */
  ck_assert_int_eq(ndg_outer_add(outer, bad), NDG_DIVERGED);
  ndg_outer_add(outer, rows[2]);
  ndg_outer_clear(outer);
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(ndg_outer_add(outer, rows[i]), NDG_OK);
    ck_assert_int_eq(ndg_outer_add(outer, worse), NDG_DIVERGED);
  }
  ck_assert_int_eq(ndg_outer_step(outer, 1, theta, &report, &e), NDG_OK);
  ck_assert_uint_eq(report.n_tasks, 3);
  volatile long double wide = 1e17L; /* it may be no wider than double, as in valgrind */
  wide += 1;
  if (wide != 1e17L)
    ck_assert_double_eq(theta[0], -1.0 / 3); /* large terms that cancel do not cost the small one */
  ck_assert_double_eq(theta[1], -3);
}
END_TEST

/* Adam's second moment overflows; sgd's theta does. */
START_TEST(a_step_that_is_not_finite_changes_nothing) {
  const double good[Q] = {1, 2, 3, 4, 5, 6}, huge[Q] = {0, 0, 1e300, 0, 0, 0};
  double theta[Q] = {0, 0, -1e300, 0, 50, 50}, twin[Q];
  spec.optimizer = _i ? NDG_OUTER_ADAM : NDG_OUTER_SGD;
  spec.lr = _i ? 1 : 1e10;
  open_outer();
  step(1e-10, good, theta);
  double slots[2 * Q] = {0}, now[2 * Q] = {0};
  uint64_t steps, later;
  ndg_outer_get_state(outer, &steps, slots);
  memcpy(twin, theta, sizeof theta);
  ck_assert_int_eq(ndg_outer_add(outer, huge), NDG_OK);
  ck_assert_int_eq(ndg_outer_step(outer, 1, theta, &report, &e), NDG_ENUMERIC);
  ck_assert_ptr_nonnull(strstr(e.text, "'free', element 3 of 4"));
  ck_assert_mem_eq(theta, twin, sizeof theta);
  ndg_outer_get_state(outer, &later, now);
  ck_assert_uint_eq(steps, later);
  ck_assert_mem_eq(slots, now, sizeof slots);
  ck_assert_int_eq(ndg_outer_step(outer, NAN, theta, &report, &e), NDG_EINVAL);
  ck_assert_int_eq(ndg_outer_step(outer, -1, theta, &report, &e), NDG_EINVAL);
}
END_TEST

START_TEST(a_restored_state_goes_on_with_the_same_bits) {
  double theta[Q] = {1, -1, 2, -2, 9, 9}, twin[Q], g[Q];
  spec.optimizer = (uint32_t)_i;
  open_outer();
  for (int k = 0; k < 5; k++) {
    slope(theta, g);
    step(1, g, theta);
  }
  uint64_t steps;
  double slots[NDG_OUTER_MAX_SLOTS * Q];
  ndg_outer_get_state(outer, &steps, slots);
  ck_assert_uint_eq(steps, 5);
  memcpy(twin, theta, sizeof theta);
  for (int k = 0; k < 5; k++) {
    slope(theta, g);
    step(1, g, theta);
  }
  open_outer();
  ck_assert_int_eq(ndg_outer_set_state(outer, steps, slots, &e), NDG_OK);
  for (int k = 0; k < 5; k++) {
    slope(twin, g);
    step(1, g, twin);
  }
  ck_assert_mem_eq(theta, twin, sizeof theta);
  if (ndg_outer_n_slots(outer) > 1) {
    slots[Q + 2] = -1;
    ck_assert_int_eq(ndg_outer_set_state(outer, steps, slots, &e), NDG_EINVAL);
  }
  slots[1] = NAN;
  if (ndg_outer_n_slots(outer) > 0)
    ck_assert_int_eq(ndg_outer_set_state(outer, steps, slots, &e), NDG_EINVAL);
}
END_TEST

/* Each field out of its range, by the optimiser that reads it, is named with its value. */
START_TEST(fields_out_of_range_are_named) {
  const struct {
    const char *name;
    double *at, bad[3];
  } fields[] = {{"lr", &spec.lr, {0, INFINITY, NAN}},
                {"momentum", &spec.momentum, {-0.1, 1, NAN}},
                {"beta2", &spec.beta2, {-0.1, 1, NAN}},
                {"epsilon", &spec.epsilon, {0, INFINITY, NAN}},
                {"weight_decay", &spec.weight_decay, {-1, INFINITY, NAN}},
                {"clip_norm", &spec.clip_norm, {0, -1, NAN}},
                {"clip_value", &spec.clip_value, {0, -1, NAN}}};
  spec.optimizer = NDG_OUTER_ADAMW;
  open_outer();
  ndg_outer *none;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    for (int k = 0; k < 3; k++) {
      const double kept = *fields[i].at;
      *fields[i].at = fields[i].bad[k];
      ck_assert_int_eq(ndg_outer_open(&spec, &none, &e), NDG_EINVAL);
      ck_assert_ptr_nonnull(strstr(e.text, fields[i].name));
      *fields[i].at = kept;
    }
  spec.optimizer = 99;
  ck_assert_int_eq(ndg_outer_open(&spec, &none, &e), NDG_EINVAL);
}
END_TEST

START_TEST(memory_is_needed_to_open_and_nowhere_else) {
  spec.optimizer = NDG_OUTER_ADAM;
  ndg_status st = NDG_ENOMEM;
  uint64_t n = 0;
  for (; st == NDG_ENOMEM; n++) {
    ndg_fail_allocations_after(n);
    st = ndg_outer_open(&spec, &outer, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    ck_assert(st == NDG_OK || (st == NDG_ENOMEM && !outer && e.text[0]));
  }
  ck_assert_int_eq(st, NDG_OK);
  ck_assert_uint_ge(n, 9);
  double theta[Q] = {0, 0, 0, 0, 1, 1}, g[Q];
  const uint64_t before = ndg_allocation_count();
  slope(theta, g);
  step(1, g, theta);
  ck_assert_uint_eq(ndg_allocation_count(), before);
}
END_TEST

int main(void) {
  Suite *s = suite_create("outer");
  TCase *c = tcase_create("outer");
  tcase_add_checked_fixture(c, set_up, tear_down);
  tcase_add_loop_test(c, a_quadratic_is_descended_as_in_closed_form, 0, N_QUADRATIC);
  tcase_add_test(c, adam_takes_its_first_steps_as_in_closed_form);
  tcase_add_test(c, adam_goes_at_its_rate_under_a_constant_gradient);
  tcase_add_test(c, adamw_is_adam_plus_decay);
  tcase_add_test(c, projection_holds_at_the_boundary);
  tcase_add_test(c, clipping_is_exact);
  tcase_add_loop_test(c, frozen_groups_stay, 0, 2 * (NDG_OUTER_ADAMW + 1));
  tcase_add_test(c, the_mean_is_over_the_rows_that_count);
  tcase_add_loop_test(c, a_step_that_is_not_finite_changes_nothing, 0, 2);
  tcase_add_loop_test(c, a_restored_state_goes_on_with_the_same_bits, 0, NDG_OUTER_ADAMW + 1);
  tcase_add_test(c, fields_out_of_range_are_named);
  tcase_add_test(c, memory_is_needed_to_open_and_nowhere_else);
  suite_add_tcase(s, c);
  return run_suite(s);
}
