/* SPDX-License-Identifier: MIT */
/* Dense Hessians, their spectrum and the stability radius. */
#include "linear_fixture.h"

START_TEST(dense_hessian_is_the_hessian) {
  double values[N];
  linear_spread(values, N, 1, 9);
  fixture f;
  fixture_form(&f, N, 2);
  f.options.quartic = 3;
  f.options.pull = 0.25;
  for (uint64_t t = 0; t < 2; t++) {
    fixture_matrix(f.numbers[0] + t * N * N, values, N, 11 + t);
    fixture_matrix(f.numbers[2] + t * N * N, values, N, 21 + t);
  }
  ndg_problem *p = fixture_open(&f);
  ndg_vector *phi = fixture_vector(p, NDG_PHI, values);
  ndg_dense d;
  ck_assert_int_eq(
      ndg_dense_hessian(p, NDG_AUGMENTED_LOSS, (ndg_complex){0.5, 0}, phi, 2, true, &d, NULL),
      NDG_OK);
  for (uint64_t t = 0; t < 2; t++) {
    for (uint64_t i = 0; i < N * N; i++) {
      const uint64_t at = t * N * N + i;
      const double own = i / N == i % N ? 2.25 + 9 * values[i % N] * values[i % N] : 0;
      ck_assert_double_eq_tol(d.matrix[at], f.numbers[0][at] + 0.5 * f.numbers[2][at] + own, 1e-12);
    }
  }
  ck_assert_uint_eq(d.is_lu[0], 0);
  ndg_dense_free(&d);
  ndg_error e;
  ck_assert_int_eq(
      ndg_dense_hessian(p, NDG_AUGMENTED_LOSS, (ndg_complex){0, 1}, phi, 0, false, &d, &e),
      NDG_EINVAL);
  ndg_vector_destroy(phi);
  fixture_close(&f);
}
END_TEST

START_TEST(spectrum_and_radius) {
  double values[MAX_N], low, high, radius, norm;
  linear_spread(values, MAX_N, 0.5, 20);
  fixture f;
  fixture_form(&f, MAX_N, 1);
  f.options.pull = 0.5;
  fixture_matrix(f.numbers[0], values, MAX_N, 3);
  for (int i = 0; i < MAX_N * MAX_N; i++) {
    /* M = 4 (H + pull I): H + pull I + beta M is singular at -1/4 */
    f.numbers[2][i] = 4 * (f.numbers[0][i] + (i / MAX_N == i % MAX_N ? 0.5 : 0));
  }
  ndg_problem *p = fixture_open(&f);
  ndg_vector *phi = fixture_vector(p, NDG_PHI, values);
  ndg_dense d;
  ck_assert_int_eq(
      ndg_dense_hessian(p, NDG_LEARN_LOSS, (ndg_complex){0, 0}, phi, 0, true, &d, NULL), NDG_OK);
  ck_assert_int_eq(ndg_stability_radii(p, phi, &d, &radius, NULL), NDG_OK);
  ck_assert_double_eq_tol(radius, 0.25, 1e-9);
  ck_assert_int_eq(ndg_extreme_eigenvalues(&d, &low, &high, NULL), NDG_OK);
  ck_assert_double_eq_tol(low, 1, 1e-12);
  ck_assert_double_eq_tol(high, 20.5, 1e-11);
  ck_assert_int_eq(ndg_mixed_norms(p, NDG_LEARN_LOSS, phi, &norm, NULL), NDG_OK);
  ck_assert_double_eq_tol(norm, 0.5, 1e-9); /* ∂²φθ = −pull I */
  ck_assert_int_eq(ndg_mixed_norms(p, NDG_EVAL_LOSS, phi, &norm, NULL), NDG_OK);
  ck_assert_double_eq(norm, 0);
  ndg_dense_free(&d);
  ndg_vector_destroy(phi);
  fixture_close(&f);
}
END_TEST

START_TEST(radius_of_an_indefinite_hessian) {
  double values[N], radius;
  linear_spread(values, N, 1, 4);
  values[0] = -0.5;
  fixture f;
  fixture_form(&f, N, 1);
  fixture_matrix(f.numbers[0], values, N, 3);
  for (int i = 0; i < N; i++) {
    f.numbers[2][i * (N + 1)] = 2; /* H + 2 beta I: singular first at beta = 1/4 */
  }
  ndg_problem *p = fixture_open(&f);
  ndg_vector *phi = fixture_vector(p, NDG_PHI, NULL);
  ndg_dense d;
  ck_assert_int_eq(
      ndg_dense_hessian(p, NDG_LEARN_LOSS, (ndg_complex){0, 0}, phi, 0, true, &d, NULL), NDG_OK);
  ck_assert_uint_eq(d.is_lu[0], 1);
  ck_assert_int_eq(ndg_stability_radii(p, phi, &d, &radius, NULL), NDG_OK);
  ck_assert_double_eq_tol(radius, 0.25, 1e-6);
  ndg_dense_free(&d);
  ndg_vector_destroy(phi);
  fixture_close(&f);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("dense");
  tcase_add_test(tests, dense_hessian_is_the_hessian);
  tcase_add_test(tests, spectrum_and_radius);
  tcase_add_test(tests, radius_of_an_indefinite_hessian);
  return linear_run("dense", tests);
}
