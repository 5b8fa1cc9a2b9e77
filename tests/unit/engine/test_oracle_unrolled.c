/* SPDX-License-Identifier: MIT */
/* Exact meta-gradients through the steps of learning, and what no oracle answers. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "../suite.h"
#include "engine/oracle_internal.h"
#include "oracle_form.h"

enum { MAX = 400 };

/* F after K steps of gradient descent on a form, and its derivative, by forward recursion. */
static void unrolled_form(const fixture *f, const double *start, uint64_t steps, double lr,
                          long double *gradient) {
  static const double zero[FORM_N] = {0};
  form x;
  long double phi[FORM_N], next[FORM_N], away[FORM_N], j[FORM_N * FORM_N] = {0},
                                                                  jn[FORM_N * FORM_N];
  form_exact(f, 0, zero, &x);
  for (int i = 0; i < FORM_N; i++) {
    phi[i] = start[i];
  }
  for (uint64_t t = 0; t < steps; t++) {
    form_apply(x.a, phi, next);
    for (int i = 0; i < FORM_N; i++) {
      next[i] = phi[i] - lr * (next[i] - x.rhs[i]);
      for (int k = 0; k < FORM_N; k++) {
        jn[i * FORM_N + k] = j[i * FORM_N + k] + (i == k ? (long double)lr * f->options.pull : 0);
        for (int l = 0; l < FORM_N; l++) {
          jn[i * FORM_N + k] -= lr * x.a[i * FORM_N + l] * j[l * FORM_N + k];
        }
      }
    }
    memcpy(phi, next, sizeof phi);
    memcpy(j, jn, sizeof j);
  }
  for (int i = 0; i < FORM_N; i++) {
    away[i] = phi[i] - x.c[i];
  }
  form_apply(x.m, away, next);
  for (int k = 0; k < FORM_N; k++) {
    gradient[k] = 0;
    for (int i = 0; i < FORM_N; i++) {
      gradient[k] += j[i * FORM_N + k] * next[i];
    }
  }
}

START_TEST(unrolled_descent) {
  static const uint64_t steps[] = {0, 1, 7, 60};
  for (int k = 0; k < 4; k++) {
    fixture f;
    form_fill(&f, 1, 1, 10);
    f.inner.optimizer.kind = NDG_GRADIENT_DESCENT;
    f.inner.optimizer.lr = 0.08;
    f.inner.steps = steps[k];
    ndg_problem *p = fixture_open(&f);
    double gradient[FORM_N], start[FORM_N];
    long double exact[FORM_N];
    ndg_exact x;
    ndg_error e;
    ndg_problem_get_start(p, 0, start);
    const ndg_status st = ndg_oracle(p, NDG_EXACT_UNROLLED, 0, gradient, NULL, &x, &e);
    ck_assert_msg(st == NDG_OK, "%s", e.text);
    ck_assert_uint_eq(x.chosen, NDG_RUNG_UNROLLED);
    ck_assert_uint_eq(x.witness, NDG_RUNG_DIFFERENCES);
    ck_assert_double_lt(x.agreement, 1e-9);
    unrolled_form(&f, start, steps[k], 0.08, exact);
    for (int i = 0; i < FORM_N; i++) {
      ck_assert_double_eq_tol(gradient[i], (double)exact[i], 1e-16 * (1 + form_norm(exact)));
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
  form_fill(&f, 1, 1, 10);
  f.numbers[0][0] -= 20;
  ndg_problem *p = fixture_open(&f);
  double gradient[FORM_N];
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
    form_fill(&f, 1, 1, 10);
    f.inner.optimizer.kind = NDG_GRADIENT_DESCENT;
    f.inner.optimizer.lr = 5;
    f.inner.steps = 1000;
    ndg_problem *p = fixture_open(&f);
    double gradient[FORM_N];
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
  form_fill(&f, 1, 1, 10);
  ndg_problem *p = fixture_open(&f);
  double gradient[FORM_N];
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
    form_fill(&f, 1, 1, 10);
    f.inner.optimizer.kind = NDG_GRADIENT_DESCENT;
    f.inner.optimizer.lr = 0.1;
    f.inner.steps = 30;
    ndg_status st = NDG_ENOMEM;
    uint64_t n = 0;
    for (; st != NDG_OK && n < 100000; n += 1 + n / 8) {
      double gradient[FORM_N];
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
  Suite *suite = suite_create("oracle unrolled");
  TCase *unrolled = tcase_create("unrolled");
  TCase *verdicts = tcase_create("verdicts");
  tcase_add_test(unrolled, unrolled_descent);
  tcase_add_loop_test(unrolled, unrolled_network_with_every_optimizer, 0, 4);
  tcase_add_loop_test(unrolled, unrolled_adam, 0, 12);
  tcase_add_test(verdicts, no_minimum);
  tcase_add_test(verdicts, learning_that_diverges);
  tcase_add_test(verdicts, refusals);
  tcase_add_test(verdicts, out_of_memory);
  suite_add_tcase(suite, unrolled);
  tcase_set_timeout(verdicts, 60);
  suite_add_tcase(suite, verdicts);
  return run_suite(suite);
}
