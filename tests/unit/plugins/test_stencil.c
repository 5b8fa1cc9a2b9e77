/* SPDX-License-Identifier: MIT */
/* Stencils of the contrastive rule: integer weights, the classic coefficients, and the order, all
   from what a stencil does to powers of β. */
#include <check.h>
#include <complex.h>
#include <math.h>
#include <stdlib.h>

#include "stencil.h"

/* scale Σ_k Re[w_k x_k^power]: 1 at power 1 and 0 at 0 and 2 .. order, if the order is right. */
static double moment(const stencil *s, unsigned power) {
  double complex sum = 0;
  for (uint32_t k = 0; k < s->n; k++) {
    double complex x = 1;
    for (unsigned i = 0; i < power; i++) {
      x *= s->node[k].re + I * s->node[k].im;
    }
    sum += (s->weight[k].re + I * s->weight[k].im) * x;
  }
  return s->scale * creal(sum);
}

static void check_order(const stencil *s, uint32_t order, double rounding) {
  ck_assert_uint_eq(s->order, order);
  ck_assert_double_eq_tol(moment(s, 0), 0, rounding);
  ck_assert_double_eq_tol(moment(s, 1), 1, rounding);
  for (unsigned power = 2; power <= order; power++) {
    ck_assert_double_eq_tol(moment(s, power), 0, rounding * pow(s->reach, power));
  }
  ck_assert_double_gt(fabs(moment(s, order + 1)), 1e-3);
}

static void check_integer_weights(const stencil *s) {
  double sum = 0;
  for (uint32_t k = 0; k < s->n; k++) {
    ck_assert_double_eq(s->weight[k].re, round(s->weight[k].re));
    ck_assert_double_eq(s->weight[k].im, 0);
    sum += s->weight[k].re;
  }
  ck_assert_double_eq(sum, 0);
}

START_TEST(difference_stencils) {
  static const struct {
    int32_t variant;
    uint32_t points, order;
  } cases[] = {{FORWARD, 0, 1}, {SYMMETRIC, 0, 2}, {SECOND_ORDER, 0, 2}, {RICHARDSON, 0, 4},
               {CENTRAL, 2, 2}, {CENTRAL, 4, 4},   {CENTRAL, 6, 6},      {CENTRAL, 8, 8}};
  stencil s;
  stencil_make(cases[_i].variant, cases[_i].points, &s);
  check_integer_weights(&s);
  check_order(&s, cases[_i].order, 1e-13);
}
END_TEST

START_TEST(central_coefficients) {
  /* (-1)^(j+1) (m!)² / (j (m-j)! (m+j)!) for every order that the rule offers. */
  const int m = _i + 1;
  stencil s;
  stencil_make(CENTRAL, (uint32_t)(2 * m), &s);
  ck_assert_uint_eq(s.n, (uint32_t)(2 * m));
  check_integer_weights(&s);
  for (int j = 1; j <= m; j++) {
    const double closed =
        (j % 2 ? 1 : -1) * exp(2 * lgamma(m + 1) - lgamma(m - j + 1) - lgamma(m + j + 1)) / j;
    const double weight = s.scale * s.weight[2 * (j - 1)].re;
    ck_assert_double_eq(s.node[2 * (j - 1)].re, j);
    ck_assert_double_eq(s.node[2 * (j - 1) + 1].re, -j);
    ck_assert_double_eq_tol(weight / closed, 1, 1e-12);
  }
}
END_TEST

START_TEST(two_points_are_symmetric) {
  stencil central, symmetric, circle;
  stencil_make(CENTRAL, 2, &central);
  stencil_make(SYMMETRIC, 0, &symmetric);
  stencil_make(HOLOMORPHIC, 2, &circle);
  ck_assert_mem_eq(&central, &symmetric, sizeof central);
  ck_assert_mem_eq(&circle, &symmetric, sizeof central);
}
END_TEST

START_TEST(circles) {
  const uint32_t n = (uint32_t)_i;
  stencil s;
  stencil_make(HOLOMORPHIC, n, &s);
  ck_assert_uint_eq(s.n, n / 2 + 1);
  check_order(&s, n, 1e-14);
  for (uint32_t k = 0; k < s.n; k++) {
    ck_assert_double_ge(s.node[k].im, 0);
  }
  /* Points on the real axis are real phases. */
  ck_assert_double_eq(s.node[0].im, 0);
  if (n % 2 == 0) {
    ck_assert_double_eq(s.node[n / 2].im, 0);
    ck_assert_double_eq(s.node[n / 2].re, -1);
  }
}
END_TEST

/* What is left of the first power beyond the order: 1, 1, 2 and 1/4 by hand, (m!)² and 1 in
 * general. */
START_TEST(first_power_left) {
  static const struct {
    int32_t variant;
    double left;
  } by_hand[] = {{FORWARD, 1}, {SYMMETRIC, 1}, {SECOND_ORDER, -2}, {RICHARDSON, -0.25}};
  stencil s;
  for (int i = 0; i < 4; i++) {
    stencil_make(by_hand[i].variant, 0, &s);
    ck_assert_double_eq_tol(stencil_moment(&s, s.order + 1), by_hand[i].left, 1e-15);
  }
  for (uint32_t m = 1; m <= STENCIL_MAX_CENTRAL / 2; m++) {
    stencil_make(CENTRAL, 2 * m, &s);
    const double left = exp(2 * lgamma(m + 1));
    ck_assert_double_eq_tol(fabs(stencil_moment(&s, 2 * m + 1)) / left, 1, 1e-6);
  }
  for (uint32_t n = 2; n <= STENCIL_MAX_HOLOMORPHIC; n++) {
    stencil_make(HOLOMORPHIC, n, &s);
    ck_assert_double_eq_tol(stencil_moment(&s, n + 1), 1, 1e-13);
    ck_assert_double_eq_tol(stencil_moment(&s, 1), moment(&s, 1), 1e-15);
  }
}
END_TEST

START_TEST(roots_of_unity) {
  for (uint32_t n = 1; n <= 64; n++) {
    for (uint32_t k = 0; k < n; k++) {
      const ndg_complex root = stencil_root_of_unity(k, n);
      const long double angle = 2 * acosl(-1) * k / n;
      ck_assert_double_eq_tol(root.re, (double)cosl(angle), 2e-16);
      ck_assert_double_eq_tol(root.im, (double)sinl(angle), 2e-16);
      if (4 * k % n == 0) {
        ck_assert_double_eq(fabs(root.re) + fabs(root.im), 1);
      }
    }
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("stencil");
  TCase *tests = tcase_create("stencil");
  tcase_add_loop_test(tests, difference_stencils, 0, 8);
  tcase_add_loop_test(tests, central_coefficients, 0, 8);
  tcase_add_test(tests, two_points_are_symmetric);
  tcase_add_loop_test(tests, circles, 2, 65);
  tcase_add_test(tests, first_power_left);
  tcase_add_test(tests, roots_of_unity);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
