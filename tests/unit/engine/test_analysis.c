/* SPDX-License-Identifier: MIT */
/* Error measures, the order fitted to V-shaped curves, and the bound with its optimum. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "engine/analysis.h"
#include "nudge/rng.h"

enum { POINTS = 25, N = 12 };

/* A diagonal linear-quadratic problem: its contrastive estimates, computed as a rule computes them,
   in float64 and with phases that are wrong by `noise`. */
typedef struct model {
  double a[N], m[N], target[N], pull;
  double noise;
  ndg_rng stream;
} model;

static model draw_model(double radius, double noise, uint64_t seed) {
  model s = {.pull = 0.5, .noise = noise, .stream = {seed, 7 * seed + 1, 3, 5}};
  for (int i = 0; i < N; i++) {
    (void)ndg_rng_next(&s.stream);
    s.a[i] = 1 + ndg_rng_uniform(&s.stream);
    s.m[i] = s.a[i] / radius * (i == 0 ? 1 : ndg_rng_uniform(&s.stream));
    s.target[i] = ndg_rng_uniform(&s.stream) - 0.5;
  }
  return s;
}

/* ∂θ of the augmented loss at the minimum, for L^learn = a/2 (φ - 1)² + pull/2 (φ - 0)². */
static void local_gradient(model *s, double beta, double *g) {
  for (int i = 0; i < N; i++) {
    const double hessian = s->a[i] + s->pull + beta * s->m[i];
    double phi = (s->a[i] + beta * s->m[i] * s->target[i]) / hessian;
    phi *= 1 + s->noise * (2 * ndg_rng_uniform(&s->stream) - 1);
    g[i] = -s->pull * phi;
  }
}

static double relative_error(model *s, uint32_t order, double beta) {
  static const double forward[] = {-1, 1}, symmetric[] = {-0.5, 0.5};
  static const double at_forward[] = {0, 1}, at_symmetric[] = {-1, 1};
  static const double richardson[] = {1.0 / 6, -8.0 / 6, 8.0 / 6, -1.0 / 6};
  static const double at_richardson[] = {-1, -0.5, 0.5, 1};
  const double *weight = order == 1 ? forward : order == 2 ? symmetric : richardson;
  const double *at = order == 1 ? at_forward : order == 2 ? at_symmetric : at_richardson;
  double estimate[N] = {0}, exact[N], g[N];
  for (int k = 0; k < (order == 4 ? 4 : 2); k++) {
    local_gradient(s, at[k] * beta, g);
    for (int i = 0; i < N; i++) {
      estimate[i] += weight[k] * g[i] / beta;
    }
  }
  for (int i = 0; i < N; i++) {
    const double h = s->a[i] + s->pull;
    exact[i] = s->pull * s->m[i] / h * (s->a[i] / h - s->target[i]);
  }
  return ndg_compare(estimate, exact, N).relative_error;
}

static void sample_v(model *s, uint32_t order, double *beta, double *error) {
  for (int k = 0; k < POINTS; k++) {
    beta[k] = pow(10, -8 + 9.0 * k / (POINTS - 1));
    error[k] = relative_error(s, order, beta[k]);
  }
}

START_TEST(order_of_real_curves) {
  static const double radius[] = {0.865, 0.2, 5, 30};
  static const double within[] = {0, 0.05, 0.05, 0, 0.1};
  for (int r = 0; r < 4; r++) {
    for (uint32_t order = 1; order <= 4; order *= 2) {
      double beta[POINTS], error[POINTS];
      for (uint64_t seed = 1; seed <= 20; seed++) {
        model s = draw_model(radius[r], 0, seed);
        sample_v(&s, order, beta, error);
        const ndg_order known = ndg_fit_order(beta, error, POINTS, radius[r]);
        ck_assert_msg(fabs(known.order - order) < within[order],
                      "order %u, radius %g, seed %d: fitted %g over [%g, %g]", order, radius[r],
                      (int)seed, known.order, known.beta_low, known.beta_high);
        ck_assert(known.beta_high < radius[r]);
        ck_assert(known.beta_high >= 9.999 * known.beta_low);
        /* The constant belongs to the line. */
        const double middle = sqrt(known.beta_low * known.beta_high);
        const double there = relative_error(&s, order, middle);
        ck_assert_double_eq_tol(known.constant * pow(middle, known.order) / there, 1, 0.15);
        const ndg_order blind = ndg_fit_order(beta, error, POINTS, NAN);
        ck_assert_msg(fabs(blind.order - order) < within[order], "without radius: %g", blind.order);
      }
    }
  }
}
END_TEST

/* Phases of limited accuracy leave order 4 hardly more than the one decade it needs. */
START_TEST(order_of_short_stretch) {
  for (uint64_t seed = 1; seed <= 50; seed++) {
    double beta[POINTS], error[POINTS];
    model s = draw_model(1, 1e-11, seed);
    sample_v(&s, 4, beta, error);
    const ndg_order o = ndg_fit_order(beta, error, POINTS, 1);
    ck_assert_msg(fabs(o.order - 4) < 0.1, "seed %d: %g over %d points [%g, %g]", (int)seed,
                  o.order, (int)o.n, o.beta_low, o.beta_high);
  }
}
END_TEST

START_TEST(order_of_exact_power) {
  double beta[9], error[9];
  for (int k = 0; k < 9; k++) {
    beta[k] = pow(10, -4 + 0.5 * k);
    error[k] = 3 * pow(beta[k], 8);
  }
  const ndg_order o = ndg_fit_order(beta, error, 9, NAN);
  ck_assert_double_eq_tol(o.order, 8, 1e-9);
  ck_assert_double_eq_tol(o.constant, 3, 1e-8);
  ck_assert_uint_eq(o.n, 9); /* nothing speaks against the whole */
  ck_assert_double_eq(o.beta_low, beta[0]);
  ck_assert_double_eq(o.beta_high, beta[8]);
  /* The limit is kept, and what remains may be too short. */
  ck_assert_double_lt(ndg_fit_order(beta, error, 9, 1.0).beta_high, 1.0);
  ck_assert_uint_eq(ndg_fit_order(beta, error, 9, 9e-4).n, 0);
}
END_TEST

START_TEST(no_order_where_there_is_none) {
  double beta[POINTS], error[POINTS];
  for (int k = 0; k < POINTS; k++) {
    beta[k] = pow(10, -8 + 9.0 * k / (POINTS - 1));
    error[k] = 1e-16 / beta[k]; /* round-off only */
  }
  ck_assert_uint_eq(ndg_fit_order(beta, error, POINTS, NAN).n, 0);
  ck_assert(isnan(ndg_fit_order(beta, error, POINTS, NAN).order));
  for (int k = 0; k < POINTS; k++) {
    error[k] = 1e-3 * (1 + 0.1 * k / POINTS); /* a floor set by an unconverged phase */
  }
  ck_assert_uint_eq(ndg_fit_order(beta, error, POINTS, NAN).n, 0);
  for (int k = 0; k < POINTS; k++) {
    error[k] = k % 2 ? NAN : beta[k];
  }
  ck_assert_uint_eq(ndg_fit_order(beta, error, POINTS, NAN).n, 0);
  ck_assert_uint_eq(ndg_fit_order(beta, error, 0, NAN).n, 0);
  ck_assert_uint_eq(ndg_fit_order(beta, error, 2, NAN).n, 0);
}
END_TEST

START_TEST(comparison) {
  const double exact[] = {3, -4, 0, 12};
  const double estimate[] = {6, -8, 5, 24};
  ndg_comparison c = ndg_compare(estimate, exact, 4);
  ck_assert_double_eq_tol(c.relative_error, sqrt(194.0 / 169.0), 1e-15);
  ck_assert_double_eq_tol(c.cosine, 338 / (13 * sqrt(701)), 1e-15);
  ck_assert_double_eq(c.sign_agreement, 1); /* the zero of the exact gradient does not count */
  ck_assert_double_eq_tol(c.norm_ratio, sqrt(701) / 13, 1e-15);
  const double wrong[] = {-3, -4, 1, 0};
  ck_assert_double_eq_tol(ndg_compare(wrong, exact, 4).sign_agreement, 1.0 / 3, 1e-15);
}
END_TEST

START_TEST(comparison_of_extremes) {
  const double exact[] = {1e200, 1e-200}, zero[] = {0, 0}, bad[] = {NAN, 1};
  ck_assert_double_eq(ndg_compare(exact, exact, 2).relative_error, 0);
  ck_assert_double_eq_tol(ndg_compare(exact, exact, 2).cosine, 1, 1e-15);
  ck_assert_double_eq(ndg_compare(zero, exact, 2).relative_error, 1);
  ck_assert(isnan(ndg_compare(zero, exact, 2).cosine));
  ck_assert_double_eq(ndg_compare(zero, zero, 2).relative_error, 0);
  ck_assert(isinf(ndg_compare(exact, zero, 2).relative_error));
  ck_assert(isnan(ndg_compare(exact, zero, 2).norm_ratio));
  ck_assert(isnan(ndg_compare(bad, exact, 2).relative_error));
  ck_assert(isnan(ndg_compare(exact, bad, 2).cosine));
}
END_TEST

/* Many small terms beside a large one are lost by a plain sum, even in long double. */
START_TEST(comparison_is_compensated) {
  enum { M = 200001 };
  double *exact = calloc(M, sizeof *exact), *estimate = calloc(M, sizeof *estimate);
  ck_assert(exact && estimate);
  exact[0] = estimate[0] = 1e10;
  for (int i = 1; i < M; i++) {
    exact[i] = 1;
    estimate[i] = i % 2 ? 1 : -1;
  }
  const ndg_comparison c = ndg_compare(estimate, exact, M);
  ck_assert_double_eq_tol(1 - c.cosine, 200000 / 1e20, 1e-15);
  ck_assert_double_eq_tol(c.relative_error, sqrt(4e5) / sqrt(1e20 + 2e5), 1e-22);
  free(exact);
  free(estimate);
}
END_TEST

START_TEST(bound) {
  for (uint32_t p = 1; p <= 4; p++) {
    const ndg_bound b = {
        .b_learn = 2, .b_eval = 3, .delta = 1e-9, .delta_nudged = 2e-9, .c = 0.7, .p = p};
    const double at = ndg_bound_optimum(&b);
    ck_assert_double_eq_tol(at, pow(6e-9 / (p * 0.7), 1.0 / (p + 1)), 1e-15);
    const double there = ndg_bound_at(&b, at);
    ck_assert_double_eq_tol(there, 6e-9 / at + 6e-9 + 0.7 * pow(at, p) / (1 + pow(at, p)), 1e-18);
    ck_assert_double_lt(there, ndg_bound_at(&b, 1.1 * at));
    ck_assert_double_lt(there, ndg_bound_at(&b, at / 1.1));
    /* It grows like round-off on one side and saturates on the other. */
    ck_assert_double_eq_tol(ndg_bound_at(&b, 1e-15) / (6e-9 / 1e-15), 1, 1e-6);
    ck_assert_double_eq_tol(ndg_bound_at(&b, 1e200), 0.7 + 6e-9, 1e-12);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("analysis");
  TCase *orders = tcase_create("orders"), *measures = tcase_create("measures");
  tcase_add_test(orders, order_of_real_curves);
  tcase_add_test(orders, order_of_short_stretch);
  tcase_add_test(orders, order_of_exact_power);
  tcase_add_test(orders, no_order_where_there_is_none);
  tcase_add_test(measures, comparison);
  tcase_add_test(measures, comparison_of_extremes);
  tcase_add_test(measures, comparison_is_compensated);
  tcase_add_test(measures, bound);
  suite_add_tcase(suite, orders);
  suite_add_tcase(suite, measures);
  SRunner *runner = srunner_create(suite);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
