/* SPDX-License-Identifier: MIT */
/* Newton phases end in minima, not at saddles. */
#include "linear_fixture.h"

START_TEST(newton_ends_in_a_minimum) {
  static const double complex betas[] = {0, 0.1, -0.1, 0.05 * I};
  static const double reached[] = {1e-5, 1e-13, 1e-16};
  for (int k = 0; k < (real_types[_i] == NDG_F64 ? 4 : 3); k++) {
    fixture f;
    newton_wells(&f, real_types[_i]);
    const bool is_complex = cimag(betas[k]) != 0;
    const double ridge[N] = {0.01, -0.01, 0.02};
    double found[N];
    ndg_vector *start = fixture_vector(f.problem, NDG_PHI, ridge);
    ndg_vector *end = is_complex ? ndg_vector_create(NDG_PHI, NDG_C128, 2, N)
                                 : fixture_vector(f.problem, NDG_PHI, NULL);
    ndg_phase phase = {0};
    ndg_error e;
    const ndg_status st = newton_relax(f.problem, betas[k], start, end, &phase, &e);
    ck_assert_msg(st == NDG_OK, "%s", e.text);
    ck_assert_double_lt(phase.gradient_norm, reached[is_complex ? 1 : _i]);
    fixture_read(end, 0, found);
    for (int i = 0; i < N; i++) {
      const double h = f.numbers[0][i * (N + 1)];
      ck_assert_double_gt(h + 0.5 * creal(betas[k]) + 3 * found[i] * found[i], 0.5);
    }
    ck_assert_uint_gt(f.problem->record.hessian_vector_products, 2 * N); /* not for nothing */
    ndg_vector_destroy(start);
    ndg_vector_destroy(end);
    fixture_close(&f);
  }
}
END_TEST

/* Where there is no minimum, the stationary point is found all the same; that free learning ends
   there is said. */
START_TEST(newton_without_a_minimum) {
  double values[N], found[N];
  double complex exact[N];
  linear_spread(values, N, 1, 5);
  values[2] = -1;
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  ndg_vector *end = fixture_vector(p, NDG_PHI, NULL);
  ndg_phase phase = {0};
  ndg_error e;
  ck_assert_int_eq(newton_relax(p, 0.2, NULL, end, &phase, &e), NDG_OK);
  newton_exact(&f, 0.2, 0, exact);
  fixture_read(end, 0, found);
  for (int i = 0; i < N; i++) {
    ck_assert_double_eq_tol(found[i], creal(exact[i]), 1e-12);
  }
  ck_assert_int_eq(newton_relax(p, 0, NULL, end, &phase, &e), NDG_NOT_CONVERGED);
  ck_assert_msg(strstr(e.text, "end of the free phase is not positive definite (saddle)") != NULL,
                "%s", e.text);
  newton_exact(&f, 0, 0, exact);
  fixture_read(end, 0, found);
  for (int i = 0; i < N; i++) {
    ck_assert_double_eq_tol(found[i], creal(exact[i]), 1e-12);
  }
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

/* A start that is a stationary point but no minimum is no solution either. */
START_TEST(newton_at_a_saddle_from_the_start) {
  double values[N];
  linear_spread(values, N, 1, 5);
  values[2] = -1;
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  double complex exact[N];
  double saddle[N];
  newton_exact(&f, 0, 0, exact);
  for (int i = 0; i < N; i++) {
    saddle[i] = creal(exact[i]);
  }
  ndg_vector *end = fixture_vector(p, NDG_PHI, NULL), *there = fixture_vector(p, NDG_PHI, saddle);
  ndg_vector_copy(p->start, there);
  ndg_phase phase = {.tolerance = 1e-6};
  ndg_error e;
  ck_assert_int_eq(newton_relax(p, 0, NULL, end, &phase, &e), NDG_NOT_CONVERGED);
  ck_assert_ptr_nonnull(strstr(e.text, "(saddle)"));
  ndg_vector_destroy(there);
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

/* The solution is nearly zero, and so is where it starts: phi says nothing about the size of what
   was rounded, or lost to underflow. */
START_TEST(newton_near_zero) {
  static const double floors[] = {1e-36, 1e-298, 1e-298};
  double values[N], b[N];
  linear_spread(values, N, 1, 50);
  linear_rhs(b, N);
  for (int k = 0; k < 40; k++) {
    fixture f;
    double from[N] = {0}, size = pow(10, (k + 8) * (real_types[_i] == NDG_F32 ? -1.0 : -6.7));
    fixture_form(&f, N, 1);
    f.dtype = real_types[_i];
    fixture_matrix(f.numbers[0], values, N, 11);
    for (int i = 0; i < N; i++) {
      f.numbers[1][i] = size * b[i];
      from[i] = k % 2 ? 0 : size * b[N - 1 - i];
    }
    ndg_problem *p = fixture_open(&f);
    ndg_vector *start = fixture_vector(p, NDG_PHI, from), *end = fixture_vector(p, NDG_PHI, NULL);
    ndg_phase phase = {0};
    ndg_error e;
    const ndg_status st = newton_relax(p, 0, start, end, &phase, &e);
    ck_assert_msg(st == NDG_OK, "size %g: %s", size, e.text);
    ck_assert_double_le(phase.gradient_norm, fmax(precision[_i] * size, floors[_i]));
    ndg_vector_destroy(start);
    ndg_vector_destroy(end);
    fixture_close(&f);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("newton_minimum");
  tcase_add_loop_test(tests, newton_ends_in_a_minimum, 0, 3);
  tcase_add_test(tests, newton_without_a_minimum);
  tcase_add_test(tests, newton_at_a_saddle_from_the_start);
  tcase_add_loop_test(tests, newton_near_zero, 0, 3);
  return linear_run("newton_minimum", tests);
}
