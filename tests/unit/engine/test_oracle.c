/* SPDX-License-Identifier: MIT */
/* Exact meta-gradients at fixed points, against closed forms in long double. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "base/files.h"
#include "base/log.h"
#include "engine/analysis.h"
#include "engine/oracle_internal.h"
#include "oracle_form.h"

enum { MAX = 400 };

START_TEST(scalar_reference) {
  fixture f;
  fixture_form(&f, 1, 1);
  f.options.pull = 0.5;
  f.numbers[0][0] = 1.3;
  f.numbers[1][0] = 1.3 * 2;
  f.numbers[2][0] = 0.8;
  f.numbers[3][0] = 2.6 / 1.8 - 1; /* φ* − c = 1 */
  ndg_problem *p = fixture_open(&f);
  double gradient, phi;
  ndg_exact x;
  ndg_error e;
  ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, &gradient, &phi, &x, &e), NDG_OK);
  ck_assert_double_eq_tol(gradient, 0.5 * 0.8 / 1.8, 1e-16);
  ck_assert_double_eq_tol(phi, 2.6 / 1.8, 1e-15);
  ck_assert_double_eq_tol(x.stability_radius, 1.8 / 0.8, 1e-12);
  ck_assert_double_eq_tol(x.mu, 1.8, 1e-14);
  /* Relative errors of the forward and symmetric estimates that the series predicts. */
  ck_assert_double_eq_tol(0.01 * x.taylor[2] / gradient, 0.00442, 0.00003);
  ck_assert_double_eq_tol(1e-4 * x.taylor[3] / gradient, 1.98e-5, 1e-7);
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_problem_describe(p, &info);
  ck_assert_double_eq(info.stability_radius, x.stability_radius);
  fixture_close(&f);
}
END_TEST

static const ndg_dtype problem_types[] = {NDG_F64, NDG_F32, NDG_LONG_DOUBLE};

/* The evaluation loss has its minimum where learning ends: the gradient is zero up to round-off,
   and every way to it must say so. */
START_TEST(gradient_that_is_zero) {
  const uint32_t kind = (uint32_t)_i;
  for (uint64_t k = 0; k < 12; k++) {
    fixture f;
    double gradient[FORM_N], phi[FORM_N];
    ndg_exact x = {0};
    ndg_error e;
    ndg_status st = NDG_OK;
    form_fill(&f, 1, 1, k % 2 ? 1e4 : 10);
    f.inner.optimizer.kind = NDG_GRADIENT_DESCENT;
    f.inner.optimizer.lr = k % 2 ? 1e-4 : 0.1;
    f.inner.steps = 20;
    for (int i = 0; i < FORM_N; i++) {
      f.numbers[1][i] *= pow(10, (double)k - 6);
    }
    for (int round = 0; round < 2; round++) { /* phi, then the same with c = phi */
      ndg_problem *p = fixture_open(&f);
      st = ndg_oracle(p, kind, 0, gradient, phi, &x, &e);
      ndg_problem_close(p);
      memcpy(f.numbers[3], phi, sizeof phi);
    }
    ck_assert_msg(st == NDG_OK, "%d: %s", (int)k, e.text);
    ck_assert_double_lt(x.agreement, 1e-8);
    ck_assert_double_lt(fabs(gradient[0]), 1e-12 * fabs(phi[0]) + 1e-14);
    f.problem = NULL;
    fixture_close(&f);
  }
}
END_TEST

/* A small gradient is not taken for zero: an error of a tenth of it is seen. */
START_TEST(small_gradient_is_not_zero) {
  fixture f;
  form_fill(&f, 1, 1, 10);
  ndg_problem *p = fixture_open(&f);
  double gradient[FORM_N], phi[FORM_N], wrong[FORM_N], distance;
  ndg_exact x;
  ndg_error e;
  ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, phi, &x, &e), NDG_OK);
  ndg_problem_close(p);
  for (int i = 0; i < FORM_N; i++) {
    f.numbers[3][i] = phi[i] * (1 + 1e-7);
  }
  p = fixture_open(&f);
  ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, phi, &x, &e), NDG_OK);
  ck_assert_double_gt(fabs(gradient[0]), 1e-10);
  ndg_ladder l = {
      .problem = p, .n_tasks = 1, .n_phi = FORM_N, .n_theta = FORM_N, .steps = 0, .exact = &x};
  ck_assert_int_eq(ndg_problem_sibling(p, NDG_LONG_DOUBLE, &l.wide, &e), NDG_OK);
  l.phi_wide = fixture_vector(l.wide, NDG_PHI, phi);
  for (int i = 0; i < FORM_N; i++) {
    wrong[i] = 0.9 * gradient[i];
  }
  ck_assert_int_eq(ndg_factorise_at(p, NDG_LEARN_LOSS, 0, p->start, 0, &l.factor.dense, NULL, &e),
                   NDG_OK);
  l.factor.norms = (double[]){1};
  ck_assert_int_eq(ndg_rung_differences(&l, NDG_EXACT_FIXED_POINT, gradient, &distance, &e),
                   NDG_OK);
  ck_assert_double_lt(distance, 1e-8);
  ck_assert_int_eq(ndg_rung_differences(&l, NDG_EXACT_FIXED_POINT, wrong, &distance, &e), NDG_OK);
  ck_assert_double_gt(distance, 1e-8);
  ndg_dense_free(&l.factor.dense);
  ndg_vector_destroy(l.phi_wide);
  fixture_close(&f);
}
END_TEST

START_TEST(closed_form_of_several_tasks) {
  enum { TASKS = 3 };
  fixture f;
  form_fill(&f, TASKS, 1, 30);
  f.dtype = problem_types[_i];
  ndg_problem *p = fixture_open(&f);
  double theta[FORM_N], gradient[FORM_N], phi[TASKS * FORM_N];
  for (uint64_t i = 0; i < FORM_N; i++) {
    theta[i] = (double)(float)fixture_number(43, i);
  }
  ck_assert_int_eq(ndg_problem_set_theta(p, theta, NULL), NDG_OK);
  long double mean[FORM_N] = {0}, second[FORM_N] = {0};
  double largest = 0;
  ndg_exact x;
  ndg_error e;
  const ndg_status st = ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, phi, &x, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  for (uint64_t t = 0; t < TASKS; t++) {
    form exact;
    form_exact(&f, t, theta, &exact);
    ck_assert_double_lt(form_distance(phi + t * FORM_N, exact.phi), 1e-15);
    for (int i = 0; i < FORM_N; i++) {
      mean[i] += exact.gradient[i] / TASKS;
      second[i] += exact.second[i] / TASKS;
    }
  }
  ck_assert_double_lt(form_distance(gradient, mean), 2e-16);
  ck_assert_uint_eq(x.chosen, NDG_RUNG_EXTENDED);
  ck_assert_uint_eq(x.witness, NDG_RUNG_HOLOMORPHIC);
  ck_assert_uint_eq(x.rungs, NDG_RUNG_DENSE | NDG_RUNG_EXTENDED | NDG_RUNG_HOLOMORPHIC);
  ck_assert_double_lt(x.agreement, 1e-12);
  ck_assert_double_lt(x.gradient_norm, 1e-17);
  ck_assert_double_eq_tol(x.mu, 1.7, 1e-12);
  ck_assert_double_eq_tol(x.l, 30.7, 1e-11);
  ck_assert_double_eq_tol(x.condition, 30.7 / 1.7, 1e-11);
  ck_assert_double_eq_tol(x.b_learn, 0.7, 1e-4);
  ck_assert_double_eq(x.b_eval, 0);
  ck_assert_double_eq_tol(x.taylor[1] / form_norm(mean), 1, 1e-12);
  ck_assert_double_eq_tol(x.taylor[2] / form_norm(second), 1, 1e-10);
  ck_assert(isnan(x.taylor[16]));
  for (int k = 2; k < 8; k++) {
    largest = fmax(largest, x.taylor[k] / x.taylor[k - 1]);
  }
  ck_assert_double_lt(largest, 1.01 / x.stability_radius);
  double after[FORM_N];
  ndg_problem_get_theta(p, after);
  ck_assert_mem_eq(theta, after, sizeof theta);
  fixture_close(&f);
}
END_TEST

/* Every rung alone, and each against each. */
START_TEST(rungs_one_by_one) {
  static const uint32_t rungs[] = {NDG_RUNG_DENSE, NDG_RUNG_EXTENDED, NDG_RUNG_HOLOMORPHIC};
  static const double limits[] = {1e-13, 2e-16, 1e-12};
  double gradient[FORM_N], theta[FORM_N] = {0};
  form exact;
  for (int i = 0; i < 3; i++) {
    fixture f;
    form_fill(&f, 1, 1, 30);
    ndg_problem *p = fixture_open(&f);
    ndg_exact x;
    ndg_error e;
    form_exact(&f, 0, theta, &exact);
    ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_FIXED_POINT, rungs[i], gradient, NULL, &x, &e),
                     NDG_NOT_CONVERGED);
    ck_assert_ptr_nonnull(strstr(e.text, "nothing confirms"));
    ck_assert_uint_eq(x.rungs, rungs[i]);
    ck_assert_uint_eq(x.chosen, rungs[i]);
    ck_assert_uint_eq(x.witness, 0);
    ck_assert_double_lt(form_distance(gradient, exact.gradient), limits[i]);
    ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_FIXED_POINT, rungs[i] | NDG_RUNG_DIFFERENCES, gradient,
                                NULL, &x, &e),
                     NDG_OK);
    ck_assert_uint_eq(x.witness, NDG_RUNG_DIFFERENCES);
    ck_assert_double_lt(x.agreement, 1e-9);
    fixture_close(&f);
  }
}
END_TEST

START_TEST(ill_conditioned) {
  fixture f;
  form_fill(&f, 1, 1e-6, 1);
  f.options.pull = 1e-9;
  ndg_problem *p = fixture_open(&f);
  double gradient[FORM_N], theta[FORM_N] = {0};
  form exact;
  ndg_exact x;
  ndg_error e;
  (void)ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, NULL, &x, &e);
  form_exact(&f, 0, theta, &exact);
  ck_assert_double_lt(form_distance(gradient, exact.gradient), 1e-12);
  ck_assert_double_eq_tol(x.condition / 1e6, 1, 0.01);
  fixture_close(&f);
}
END_TEST

static bool read_csv(const char *name, double *out, uint64_t n) {
  char path[4096], relative[64];
  ndg_csv csv;
  ndg_error e;
  snprintf(relative, sizeof relative, "least_squares/%s", name);
  if (ndg_data_find(relative, path, sizeof path, &e) < 0) {
    return false;
  }
  ck_assert_msg(ndg_csv_read(path, 0, &csv, &e) == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(csv.n_rows * csv.n_columns, n);
  memcpy(out, csv.values, n * sizeof *out);
  ndg_csv_free(&csv);
  return true;
}

/* Numbers behind a name in a JSON text. */
static void read_json(const char *text, const char *name, double *out, int n) {
  const char *at = strstr(text, name);
  ck_assert_ptr_nonnull(at);
  at += strcspn(at, ":");
  for (int i = 0; i < n; i++) {
    char *end;
    at += strcspn(at, "-0123456789");
    out[i] = strtod(at, &end);
    at = end;
  }
}

START_TEST(least_squares_instance) {
  static const char *const names[] = {"A.csv", "b.csv", "C.csv", "D.csv", "e.csv"};
  double theta[FORM_N], gradient[FORM_N], phi[FORM_N], expected[FORM_N], expected_phi[FORM_N], loss;
  char path[4096], *text;
  size_t length;
  fixture f;
  fixture_squares(&f, 1000, FORM_N, FORM_N);
  f.problem = NULL;
  for (int i = 0; i < 5; i++) {
    if (!read_csv(names[i], f.numbers[i], ndg_shape_size(&f.arrays[i].shape))) {
      fixture_close(&f);
      return; /* the data are not here */
    }
  }
  ck_assert(read_csv("theta.csv", theta, FORM_N));
  ck_assert_int_eq(ndg_data_find("least_squares/exact.json", path, sizeof path, NULL), NDG_OK);
  ck_assert_int_eq(ndg_file_read(path, &text, &length, NULL), NDG_OK);
  read_json(text, "meta_gradient", expected, FORM_N);
  read_json(text, "phi_star", expected_phi, FORM_N);
  read_json(text, "eval_loss", &loss, 1);
  ndg_free(text);
  ndg_problem *p = fixture_open(&f);
  ck_assert_int_eq(ndg_problem_set_theta(p, theta, NULL), NDG_OK);
  ndg_exact x;
  ndg_error e;
  const ndg_status st = ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, phi, &x, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  ck_assert_double_lt(fixture_distance(gradient, expected, FORM_N), 1e-14);
  ck_assert_double_lt(fixture_distance(phi, expected_phi, FORM_N), 1e-14);
  ck_assert_double_eq_tol(x.eval_loss, loss, 1e-12);
  ck_assert_double_eq_tol(x.condition, 35, 1e-10);
  ck_assert_double_eq_tol(x.stability_radius, 0.865, 0.0005);
  ck_assert_double_eq_tol(x.l, 630, 0.5);
  ck_assert_double_eq_tol(x.mu, 18, 0.5);
  ck_assert_double_lt(x.agreement, 1e-12);
  fixture_close(&f);
}
END_TEST

/* ---- networks ---- */

static ndg_problem *open_network(fixture *f, bool relu, uint64_t n_tasks, uint64_t batch) {
  fixture_network(f, 3, 4, 2, 12, n_tasks);
  f->options.relu = relu;
  f->inner.optimizer.kind = NDG_NESTEROV;
  f->inner.steps = 300;
  f->inner.batch_size = batch;
  return fixture_open(f);
}

START_TEST(network) {
  enum { TASKS = 2 };
  fixture f;
  ndg_problem *p = open_network(&f, false, TASKS, 0);
  double gradient[MAX], again[MAX];
  ndg_exact x;
  ndg_error e;
  ndg_status st = ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, NULL, &x, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(x.witness, NDG_RUNG_HOLOMORPHIC);
  ck_assert_double_lt(x.agreement, 1e-10);
  ck_assert_double_lt(x.gradient_norm, 1e-16);
  ck_assert_double_gt(x.mu, 0);
  st = ndg_oracle(p, NDG_EXACT_FIXED_POINT, NDG_RUNG_EXTENDED | NDG_RUNG_DIFFERENCES, again, NULL,
                  &x, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  ck_assert_uint_eq(x.witness, NDG_RUNG_DIFFERENCES);
  ck_assert_mem_eq(gradient, again, p->n_theta * sizeof *gradient);
  fixture_close(&f);
}
END_TEST

/* Where complex numbers are out of the question, differences bear witness. */
START_TEST(network_that_is_not_analytic) {
  fixture f;
  ndg_problem *p = open_network(&f, true, 1, 0);
  double gradient[MAX];
  ndg_exact x;
  ndg_error e;
  const ndg_status st = ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, NULL, &x, &e);
  ck_assert_msg(st >= 0, "%s", e.text);
  ck_assert_uint_eq(x.rungs & NDG_RUNG_HOLOMORPHIC, 0);
  if (st == NDG_OK) { /* no kink is near */
    ck_assert_uint_eq(x.witness, NDG_RUNG_DIFFERENCES);
  }
  fixture_close(&f);
}
END_TEST

START_TEST(minibatches_learn_the_full_loss) {
  fixture f, g;
  ndg_problem *p = open_network(&f, false, 1, 0), *q = open_network(&g, false, 1, 4);
  double full[MAX], batched[MAX], phi_full[MAX], phi_batched[MAX];
  ndg_exact x;
  ndg_error e;
  ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, full, phi_full, &x, &e), NDG_OK);
  ck_assert_int_eq(ndg_oracle(q, NDG_EXACT_FIXED_POINT, 0, batched, phi_batched, &x, &e), NDG_OK);
  if (fixture_distance(phi_batched, phi_full, p->n_phi) < 1e-6) { /* the same basin */
    ck_assert_double_lt(fixture_distance(batched, full, p->n_theta), 1e-12);
  }
  ck_assert_double_lt(x.gradient_norm, 1e-16);
  fixture_close(&f);
  fixture_close(&g);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("oracle");
  TCase *fixed = tcase_create("fixed point");
  TCase *networks = tcase_create("networks");
  tcase_add_test(fixed, scalar_reference);
  tcase_add_loop_test(fixed, gradient_that_is_zero, NDG_EXACT_FIXED_POINT, NDG_EXACT_UNROLLED + 1);
  tcase_add_test(fixed, small_gradient_is_not_zero);
  tcase_add_loop_test(fixed, closed_form_of_several_tasks, 0, 3);
  tcase_add_test(fixed, rungs_one_by_one);
  tcase_add_test(fixed, ill_conditioned);
  tcase_add_test(fixed, least_squares_instance);
  tcase_add_test(networks, network);
  tcase_add_test(networks, network_that_is_not_analytic);
  tcase_add_test(networks, minibatches_learn_the_full_loss);
  suite_add_tcase(suite, fixed);
  tcase_set_timeout(networks, 60);
  suite_add_tcase(suite, networks);
  return run_suite(suite);
}
