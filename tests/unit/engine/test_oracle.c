/* SPDX-License-Identifier: MIT */
/* Exact meta-gradients against closed forms in long double, and the ladder's verdicts. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/files.h"
#include "base/log.h"
#include "engine/analysis.h"
#include "engine/oracle_internal.h"
#include "oracle_fixture.h"

enum { N = 10, MAX = 400 };

/* ---- long double algebra ---- */

static void solve(const long double *matrix, const long double *b, long double *x, int n) {
  static long double a[N][N + 1];
  for (int i = 0; i < n; i++) {
    memcpy(a[i], matrix + i * n, (size_t)n * sizeof *matrix);
    a[i][n] = b[i];
  }
  for (int k = 0; k < n; k++) {
    int best = k;
    for (int i = k; i < n; i++) {
      best = fabsl(a[i][k]) > fabsl(a[best][k]) ? i : best;
    }
    for (int j = 0; j <= n; j++) {
      const long double swap = a[k][j];
      a[k][j] = a[best][j];
      a[best][j] = swap;
    }
    for (int i = k + 1; i < n; i++) {
      const long double by = a[i][k] / a[k][k];
      for (int j = k; j <= n; j++) {
        a[i][j] -= by * a[k][j];
      }
    }
  }
  for (int i = n - 1; i >= 0; i--) {
    x[i] = a[i][n];
    for (int j = i + 1; j < n; j++) {
      x[i] -= a[i][j] * x[j];
    }
    x[i] /= a[i][i];
  }
}

/* Everything about one task of a form problem at its fixed point. */
typedef struct form {
  long double a[N * N], m[N * N], rhs[N], c[N]; /* A = H + pull I */
  long double phi[N], gradient[N], second[N];   /* second: c_2 of G(beta) */
} form;

static void apply(const long double *a, const long double *x, long double *y) {
  for (int i = 0; i < N; i++) {
    y[i] = 0;
    for (int j = 0; j < N; j++) {
      y[i] += a[i * N + j] * x[j];
    }
  }
}

static void exact_form(const fixture *f, uint64_t t, const double *theta, form *out) {
  long double away[N], force[N], turn[N];
  for (int i = 0; i < N * N; i++) {
    out->a[i] = f->numbers[0][t * N * N + (uint64_t)i];
    out->a[i] += i / N == i % N ? f->options.pull : 0;
    out->m[i] = f->numbers[2][t * N * N + (uint64_t)i];
  }
  for (uint64_t i = 0; i < N; i++) {
    out->rhs[i] = f->numbers[1][t * N + i] + (long double)f->options.pull * theta[i];
    out->c[i] = f->numbers[3][t * N + i];
  }
  solve(out->a, out->rhs, out->phi, N);
  for (int i = 0; i < N; i++) {
    away[i] = out->phi[i] - out->c[i];
  }
  apply(out->m, away, force);
  solve(out->a, force, turn, N); /* −dφ/dβ */
  for (int i = 0; i < N; i++) {
    out->gradient[i] = f->options.pull * turn[i];
  }
  apply(out->m, turn, force);
  solve(out->a, force, turn, N); /* half of d²φ/dβ² */
  for (int i = 0; i < N; i++) {
    out->second[i] = -f->options.pull * turn[i];
  }
}

static void fill_form(fixture *f, uint64_t n_tasks, double low, double high) {
  double values[N], weights[N];
  fixture_form(f, N, n_tasks);
  f->options.pull = 0.7;
  for (int i = 0; i < N; i++) {
    values[i] = low * pow(high / low, i / (N - 1.0));
    weights[i] = 0.2 + 0.1 * i;
  }
  for (uint64_t t = 0; t < n_tasks; t++) {
    fixture_matrix(f->numbers[0] + t * N * N, values, N, 3 + 7 * t);
    fixture_matrix(f->numbers[2] + t * N * N, weights, N, 5 + 7 * t);
    for (uint64_t i = 0; i < N; i++) {
      f->numbers[1][t * N + i] = fixture_number(41, t * N + i);
      f->numbers[3][t * N + i] = fixture_number(42, t * N + i);
    }
  }
}

static double distance(const double *a, const long double *b) {
  double rounded[N];
  for (int i = 0; i < N; i++) {
    rounded[i] = (double)b[i];
  }
  return fixture_distance(a, rounded, N);
}

static double norm(const long double *x) {
  long double s = 0;
  for (int i = 0; i < N; i++) {
    s += x[i] * x[i];
  }
  return (double)sqrtl(s);
}

/* ---- fixed points ---- */

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
    double gradient[N], phi[N];
    ndg_exact x = {0};
    ndg_error e;
    ndg_status st = NDG_OK;
    fill_form(&f, 1, 1, k % 2 ? 1e4 : 10);
    f.inner.optimizer.kind = NDG_GRADIENT_DESCENT;
    f.inner.optimizer.lr = k % 2 ? 1e-4 : 0.1;
    f.inner.steps = 20;
    for (int i = 0; i < N; i++) {
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
  fill_form(&f, 1, 1, 10);
  ndg_problem *p = fixture_open(&f);
  double gradient[N], phi[N], wrong[N], distance;
  ndg_exact x;
  ndg_error e;
  ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, phi, &x, &e), NDG_OK);
  ndg_problem_close(p);
  for (int i = 0; i < N; i++) {
    f.numbers[3][i] = phi[i] * (1 + 1e-7);
  }
  p = fixture_open(&f);
  ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, phi, &x, &e), NDG_OK);
  ck_assert_double_gt(fabs(gradient[0]), 1e-10);
  ndg_ladder l = {.problem = p, .n_tasks = 1, .n_phi = N, .n_theta = N, .steps = 0, .exact = &x};
  ck_assert_int_eq(ndg_problem_sibling(p, NDG_LONG_DOUBLE, &l.wide, &e), NDG_OK);
  l.phi_wide = fixture_vector(l.wide, NDG_PHI, phi);
  for (int i = 0; i < N; i++) {
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
  fill_form(&f, TASKS, 1, 30);
  f.dtype = problem_types[_i];
  ndg_problem *p = fixture_open(&f);
  double theta[N], gradient[N], phi[TASKS * N];
  for (uint64_t i = 0; i < N; i++) {
    theta[i] = (double)(float)fixture_number(43, i);
  }
  ck_assert_int_eq(ndg_problem_set_theta(p, theta, NULL), NDG_OK);
  long double mean[N] = {0}, second[N] = {0};
  double largest = 0;
  ndg_exact x;
  ndg_error e;
  const ndg_status st = ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, phi, &x, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  for (uint64_t t = 0; t < TASKS; t++) {
    form exact;
    exact_form(&f, t, theta, &exact);
    ck_assert_double_lt(distance(phi + t * N, exact.phi), 1e-15);
    for (int i = 0; i < N; i++) {
      mean[i] += exact.gradient[i] / TASKS;
      second[i] += exact.second[i] / TASKS;
    }
  }
  ck_assert_double_lt(distance(gradient, mean), 2e-16);
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
  ck_assert_double_eq_tol(x.taylor[1] / norm(mean), 1, 1e-12);
  ck_assert_double_eq_tol(x.taylor[2] / norm(second), 1, 1e-10);
  ck_assert(isnan(x.taylor[16]));
  for (int k = 2; k < 8; k++) {
    largest = fmax(largest, x.taylor[k] / x.taylor[k - 1]);
  }
  ck_assert_double_lt(largest, 1.01 / x.stability_radius);
  double after[N];
  ndg_problem_get_theta(p, after);
  ck_assert_mem_eq(theta, after, sizeof theta);
  fixture_close(&f);
}
END_TEST

/* Every rung alone, and each against each. */
START_TEST(rungs_one_by_one) {
  static const uint32_t rungs[] = {NDG_RUNG_DENSE, NDG_RUNG_EXTENDED, NDG_RUNG_HOLOMORPHIC};
  static const double limits[] = {1e-13, 2e-16, 1e-12};
  double gradient[N], theta[N] = {0};
  form exact;
  for (int i = 0; i < 3; i++) {
    fixture f;
    fill_form(&f, 1, 1, 30);
    ndg_problem *p = fixture_open(&f);
    ndg_exact x;
    ndg_error e;
    exact_form(&f, 0, theta, &exact);
    ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_FIXED_POINT, rungs[i], gradient, NULL, &x, &e),
                     NDG_NOT_CONVERGED);
    ck_assert_ptr_nonnull(strstr(e.text, "nothing confirms"));
    ck_assert_uint_eq(x.rungs, rungs[i]);
    ck_assert_uint_eq(x.chosen, rungs[i]);
    ck_assert_uint_eq(x.witness, 0);
    ck_assert_double_lt(distance(gradient, exact.gradient), limits[i]);
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
  fill_form(&f, 1, 1e-6, 1);
  f.options.pull = 1e-9;
  ndg_problem *p = fixture_open(&f);
  double gradient[N], theta[N] = {0};
  form exact;
  ndg_exact x;
  ndg_error e;
  (void)ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, NULL, &x, &e);
  exact_form(&f, 0, theta, &exact);
  ck_assert_double_lt(distance(gradient, exact.gradient), 1e-12);
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
  double theta[N], gradient[N], phi[N], expected[N], expected_phi[N], loss;
  char path[4096], *text;
  size_t length;
  fixture f;
  fixture_squares(&f, 1000, N, N);
  f.problem = NULL;
  for (int i = 0; i < 5; i++) {
    if (!read_csv(names[i], f.numbers[i], ndg_shape_size(&f.arrays[i].shape))) {
      fixture_close(&f);
      return; /* the data are not here */
    }
  }
  ck_assert(read_csv("theta.csv", theta, N));
  ck_assert_int_eq(ndg_data_find("least_squares/exact.json", path, sizeof path, NULL), NDG_OK);
  ck_assert_int_eq(ndg_file_read(path, &text, &length, NULL), NDG_OK);
  read_json(text, "meta_gradient", expected, N);
  read_json(text, "phi_star", expected_phi, N);
  read_json(text, "eval_loss", &loss, 1);
  ndg_free(text);
  ndg_problem *p = fixture_open(&f);
  ck_assert_int_eq(ndg_problem_set_theta(p, theta, NULL), NDG_OK);
  ndg_exact x;
  ndg_error e;
  const ndg_status st = ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, phi, &x, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  ck_assert_double_lt(fixture_distance(gradient, expected, N), 1e-14);
  ck_assert_double_lt(fixture_distance(phi, expected_phi, N), 1e-14);
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

/* ---- through learning ---- */

/* F after K steps of gradient descent on a form, and its derivative, by forward recursion. */
static void unrolled_form(const fixture *f, const double *start, uint64_t steps, double lr,
                          long double *gradient) {
  static const double zero[N] = {0};
  form x;
  long double phi[N], next[N], away[N], j[N * N] = {0}, jn[N * N];
  exact_form(f, 0, zero, &x);
  for (int i = 0; i < N; i++) {
    phi[i] = start[i];
  }
  for (uint64_t t = 0; t < steps; t++) {
    apply(x.a, phi, next);
    for (int i = 0; i < N; i++) {
      next[i] = phi[i] - lr * (next[i] - x.rhs[i]);
      for (int k = 0; k < N; k++) {
        jn[i * N + k] = j[i * N + k] + (i == k ? (long double)lr * f->options.pull : 0);
        for (int l = 0; l < N; l++) {
          jn[i * N + k] -= lr * x.a[i * N + l] * j[l * N + k];
        }
      }
    }
    memcpy(phi, next, sizeof phi);
    memcpy(j, jn, sizeof j);
  }
  for (int i = 0; i < N; i++) {
    away[i] = phi[i] - x.c[i];
  }
  apply(x.m, away, next);
  for (int k = 0; k < N; k++) {
    gradient[k] = 0;
    for (int i = 0; i < N; i++) {
      gradient[k] += j[i * N + k] * next[i];
    }
  }
}

START_TEST(unrolled_descent) {
  static const uint64_t steps[] = {0, 1, 7, 60};
  for (int k = 0; k < 4; k++) {
    fixture f;
    fill_form(&f, 1, 1, 10);
    f.inner.optimizer.kind = NDG_GRADIENT_DESCENT;
    f.inner.optimizer.lr = 0.08;
    f.inner.steps = steps[k];
    ndg_problem *p = fixture_open(&f);
    double gradient[N], start[N];
    long double exact[N];
    ndg_exact x;
    ndg_error e;
    ndg_problem_get_start(p, 0, start);
    const ndg_status st = ndg_oracle(p, NDG_EXACT_UNROLLED, 0, gradient, NULL, &x, &e);
    ck_assert_msg(st == NDG_OK, "%s", e.text);
    ck_assert_uint_eq(x.chosen, NDG_RUNG_UNROLLED);
    ck_assert_uint_eq(x.witness, NDG_RUNG_DIFFERENCES);
    ck_assert_double_lt(x.agreement, 1e-9);
    unrolled_form(&f, start, steps[k], 0.08, exact);
    for (int i = 0; i < N; i++) {
      ck_assert_double_eq_tol(gradient[i], (double)exact[i], 1e-16 * (1 + norm(exact)));
    }
    fixture_close(&f);
  }
}
END_TEST

START_TEST(unrolled_network_with_every_optimizer) {
  static const uint32_t kinds[] = {NDG_GRADIENT_DESCENT, NDG_HEAVY_BALL, NDG_NESTEROV, NDG_ADAM};
  fixture f;
  fixture_network(&f, 3, 3, 2, 8, 2);
  f.inner.optimizer.kind = kinds[_i];
  f.inner.optimizer.lr = kinds[_i] == NDG_ADAM ? 0.01 : 0.1;
  f.inner.steps = 40;
  ndg_problem *p = fixture_open(&f);
  double gradient[MAX], stored[MAX], segmented[MAX];
  ndg_exact x;
  ndg_error e;
  const ndg_status st = ndg_oracle(p, NDG_EXACT_UNROLLED, 0, gradient, NULL, &x, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
  ck_assert_double_lt(x.agreement, 1e-9);
  /* With little memory: the same bits. */
  ndg_vector *phi = fixture_vector(p, NDG_PHI, NULL);
  ck_assert_int_eq(ndg_unrolled_gradient(p, 40, 1e9, phi, stored, &e), NDG_OK);
  ck_assert_int_eq(ndg_unrolled_gradient(p, 40, 1, phi, segmented, &e), NDG_OK);
  ck_assert_mem_eq(stored, segmented, p->n_theta * sizeof *stored);
  ck_assert_double_lt(fixture_distance(stored, gradient, p->n_theta), 1e-12);
  ndg_vector_destroy(phi);
  fixture_close(&f);
}
END_TEST

/* Adam's steps bend within a thousandth of theta: differences must find the scale on their own. */
START_TEST(unrolled_adam) {
  static const double epsilons[] = {1e-2, 1e-3, 1e-5, 1e-8}, rates[] = {0.01, 0.05, 0.2};
  fixture f;
  fixture_network(&f, 3, 3, 2, 8, 2);
  f.inner.optimizer.kind = NDG_ADAM;
  f.inner.optimizer.lr = rates[_i % 3];
  f.inner.optimizer.epsilon = epsilons[_i / 3];
  f.inner.steps = 150;
  ndg_problem *p = fixture_open(&f);
  double gradient[MAX];
  ndg_exact x;
  ndg_error e;
  const ndg_status st = ndg_oracle(p, NDG_EXACT_UNROLLED, 0, gradient, NULL, &x, &e);
  ck_assert_msg(st == NDG_OK, "lr %g, epsilon %g: %s", rates[_i % 3], epsilons[_i / 3], e.text);
  ck_assert_double_lt(x.agreement, 1e-8);
  fixture_close(&f);
}
END_TEST

/* ---- verdicts ---- */

START_TEST(no_minimum) {
  fixture f;
  fill_form(&f, 1, 1, 10);
  f.numbers[0][0] -= 20;
  ndg_problem *p = fixture_open(&f);
  double gradient[N];
  ndg_exact x;
  ndg_error e;
  ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_FIXED_POINT, 0, gradient, NULL, &x, &e),
                   NDG_NOT_CONVERGED);
  ck_assert_ptr_nonnull(strstr(e.text, "not positive definite"));
  ck_assert(isnan(gradient[0]));
  ck_assert_uint_eq(x.chosen, 0);
  fixture_close(&f);
}
END_TEST

START_TEST(learning_that_diverges) {
  for (uint32_t kind = NDG_EXACT_FIXED_POINT; kind <= NDG_EXACT_UNROLLED; kind++) {
    fixture f;
    fill_form(&f, 1, 1, 10);
    f.inner.optimizer.kind = NDG_GRADIENT_DESCENT;
    f.inner.optimizer.lr = 5;
    f.inner.steps = 1000;
    ndg_problem *p = fixture_open(&f);
    double gradient[N];
    ndg_exact x;
    ndg_error e;
    ck_assert_int_eq(ndg_oracle(p, kind, 0, gradient, NULL, &x, &e), NDG_DIVERGED);
    ck_assert_ptr_nonnull(strstr(e.text, "lr"));
    ck_assert(isnan(gradient[0]));
    fixture_close(&f);
  }
}
END_TEST

START_TEST(refusals) {
  fixture f;
  fill_form(&f, 1, 1, 10);
  ndg_problem *p = fixture_open(&f);
  double gradient[N];
  ndg_exact x;
  ndg_error e;
  ck_assert_int_eq(ndg_oracle(p, 7, 0, gradient, NULL, &x, &e), NDG_EINVAL);
  ck_assert_int_eq(ndg_oracle(p, NDG_EXACT_UNROLLED, 0, gradient, NULL, &x, &e), NDG_ECAPABILITY);
  ck_assert_ptr_nonnull(strstr(e.text, "Newton"));
  ck_assert_int_eq(
      ndg_oracle(p, NDG_EXACT_FIXED_POINT, NDG_RUNG_CLOSED_FORM, gradient, NULL, &x, &e),
      NDG_EINVAL);
  ck_assert_str_eq(ndg_rung_name(NDG_RUNG_CLOSED_FORM), "closed form");
  ck_assert_str_eq(ndg_rung_name(NDG_RUNG_DIFFERENCES), "differences");
  ck_assert_str_eq(ndg_rung_name(0), "none");
  ck_assert_str_eq(ndg_rung_name(3), "none");
  fixture_close(&f);
}
END_TEST

START_TEST(out_of_memory) {
  for (uint32_t kind = NDG_EXACT_FIXED_POINT; kind <= NDG_EXACT_UNROLLED; kind++) {
    fixture f;
    fill_form(&f, 1, 1, 10);
    f.inner.optimizer.kind = NDG_GRADIENT_DESCENT;
    f.inner.optimizer.lr = 0.1;
    f.inner.steps = 30;
    ndg_status st = NDG_ENOMEM;
    uint64_t n = 0;
    for (; st != NDG_OK && n < 100000; n += 1 + n / 8) {
      double gradient[N];
      ndg_exact x;
      ndg_error e;
      ndg_problem *p = fixture_open(&f);
      ndg_fail_allocations_after(n);
      st = ndg_oracle(p, kind, 0, gradient, NULL, &x, &e);
      ndg_fail_allocations_after(UINT64_MAX);
      ck_assert_msg(st == NDG_OK || st == NDG_ENOMEM, "allocation %d: %d %s", (int)n, st, e.text);
      ndg_problem_close(p);
    }
    ck_assert_int_eq(st, NDG_OK);
    ck_assert_uint_gt(n, 50);
    f.problem = NULL;
    fixture_close(&f);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("oracle");
  TCase *fixed = tcase_create("fixed point"), *networks = tcase_create("networks");
  TCase *unrolled = tcase_create("unrolled"), *verdicts = tcase_create("verdicts");
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
  tcase_add_test(unrolled, unrolled_descent);
  tcase_add_loop_test(unrolled, unrolled_network_with_every_optimizer, 0, 4);
  tcase_add_loop_test(unrolled, unrolled_adam, 0, 12);
  tcase_add_test(verdicts, no_minimum);
  tcase_add_test(verdicts, learning_that_diverges);
  tcase_add_test(verdicts, refusals);
  tcase_add_test(verdicts, out_of_memory);
  suite_add_tcase(suite, fixed);
  suite_add_tcase(suite, networks);
  suite_add_tcase(suite, unrolled);
  suite_add_tcase(suite, verdicts);
  tcase_set_timeout(verdicts, 60);
  tcase_set_timeout(networks, 60);
  SRunner *runner = srunner_create(suite);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
