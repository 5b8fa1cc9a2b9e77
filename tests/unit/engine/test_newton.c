/* SPDX-License-Identifier: MIT */
/* Newton phases: where they end, how accurately, and how they fail. */
#include "linear_fixture.h"

START_TEST(newton_on_quadratics) {
  /* The radius is near 2: some of these lie far past it, on the indefinite side too. */
  static const double complex betas[] = {0,  0.1, -0.1,    1,           -1,        5,
                                         -5, -30, 0.5 * I, 0.3 - 4 * I, -6 + 2 * I};
  double values[N];
  linear_spread(values, N, 1, 9);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 2, NDG_F64);
  ndg_vector *end = ndg_vector_create(NDG_PHI, NDG_C128, 2, N);
  ndg_phase phase = {0};
  ndg_error e;
  for (size_t k = 0; k < sizeof betas / sizeof *betas; k++) {
    const ndg_status st = newton_relax(p, betas[k], NULL, end, &phase, &e);
    ck_assert_msg(st == NDG_OK, "beta %g%+gi: %s", creal(betas[k]), cimag(betas[k]), e.text);
    for (uint64_t t = 0; t < 2; t++) {
      double complex exact[N];
      const double *found = ndg_task_data(end, t);
      newton_exact(&f, betas[k], t, exact);
      for (int i = 0; i < N; i++) {
        const double off = cabs(found[2 * i] + found[2 * i + 1] * I - exact[i]);
        ck_assert_msg(off < 1e-12 * (1 + cabs(exact[i])), "beta %g%+gi: %g", creal(betas[k]),
                      cimag(betas[k]), off);
      }
    }
  }
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

START_TEST(newton_to_round_off_in_every_type) {
  static const double reached[] = {2e-5, 1e-13, 1e-17};
  fixture f;
  newton_quartic(&f, 3, real_types[_i]);
  ndg_vector *end = fixture_vector(f.problem, NDG_PHI, NULL);
  ndg_phase phase = {0};
  ndg_error e;
  const double betas[] = {0, 0.5, -0.2, 20};
  for (int k = 0; k < 4; k++) {
    const ndg_status st = newton_relax(f.problem, betas[k], NULL, end, &phase, &e);
    ck_assert_msg(st == NDG_OK, "beta %g: %s", betas[k], e.text);
    ck_assert_double_lt(phase.gradient_norm, reached[_i] * (1 + betas[k]));
    ck_assert_uint_lt(phase.steps_taken, 60);
  }
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

START_TEST(newton_tasks_do_not_meet) {
  fixture f;
  newton_quartic(&f, 3, NDG_F64);
  ndg_vector *end = fixture_vector(f.problem, NDG_PHI, NULL);
  ndg_phase phase = {0};
  ndg_error e;
  ck_assert_int_eq(newton_relax(f.problem, 0.3, NULL, end, &phase, &e), NDG_OK);
  for (uint64_t t = 0; t < 3; t++) {
    double together[N], alone[N], start[N];
    fixture g;
    ndg_problem_get_start(f.problem, t, start);
    newton_quartic(&g, 3, NDG_F64);
    ndg_problem_close(g.problem);
    g.tasks.n_tasks = 1;
    for (uint64_t i = 0; i < g.tasks.n_arrays; i++) {
      const uint64_t size = ndg_shape_size(&g.arrays[i].shape);
      memmove(g.numbers[i], g.numbers[i] + t * size, size * sizeof(double));
    }
    (void)fixture_open(&g);
    ndg_vector *from = fixture_vector(g.problem, NDG_PHI, start);
    ndg_vector *one = fixture_vector(g.problem, NDG_PHI, NULL);
    ck_assert_int_eq(newton_relax(g.problem, 0.3, from, one, &phase, &e), NDG_OK);
    fixture_read(end, t, together);
    fixture_read(one, 0, alone);
    ck_assert_mem_eq(together, alone, sizeof alone);
    ndg_vector_destroy(from);
    ndg_vector_destroy(one);
    fixture_close(&g);
  }
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

START_TEST(newton_tolerance) {
  fixture f;
  newton_quartic(&f, 1, NDG_F64);
  ndg_vector *end = fixture_vector(f.problem, NDG_PHI, NULL);
  ndg_phase phase = {.tolerance = 1e-3};
  ndg_error e;
  ck_assert_int_eq(newton_relax(f.problem, 0, NULL, end, &phase, &e), NDG_OK);
  const uint64_t loose = phase.steps_taken;
  phase.tolerance = 1e-11;
  ck_assert_int_eq(newton_relax(f.problem, 0, NULL, end, &phase, &e), NDG_OK);
  ck_assert_uint_lt(loose, phase.steps_taken);
  phase.tolerance = 1e-30; /* float64 cannot */
  ck_assert_int_eq(newton_relax(f.problem, 0, NULL, end, &phase, &e), NDG_NOT_CONVERGED);
  ck_assert_ptr_nonnull(strstr(e.text, "round-off"));
  ck_assert_int_eq(f.problem->phase.status[0], NDG_TASK_RUNNING);
  ck_assert_int_eq(f.problem->phase.soft[0], 1 << NDG_NOT_CONVERGED);
  phase.tolerance = 0; /* as far as it goes is what was asked for */
  ck_assert_int_eq(newton_relax(f.problem, 0, NULL, end, &phase, &e), NDG_OK);
  ck_assert_int_eq(f.problem->phase.status[0], NDG_TASK_CONVERGED);
  ck_assert_int_eq(f.problem->phase.soft[0], 0);
  phase.record = 1;
  ck_assert_int_eq(ndg_newton_relax(f.problem, &phase, &e), NDG_EINVAL);
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

START_TEST(newton_from_nowhere) {
  double start[N] = {0};
  fixture f;
  newton_quartic(&f, 1, NDG_F64);
  start[1] = NAN;
  ndg_vector *from = fixture_vector(f.problem, NDG_PHI, start);
  ndg_vector *end = fixture_vector(f.problem, NDG_PHI, NULL);
  ndg_phase phase = {0};
  ndg_error e;
  ck_assert_int_eq(newton_relax(f.problem, 0, from, end, &phase, &e), NDG_DIVERGED);
  ndg_vector_destroy(from);
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

/* Every allocation of a solve and of a Newton phase may fail. */
START_TEST(out_of_memory) {
  double values[N], b[N];
  linear_spread(values, N, 1, 9);
  linear_rhs(b, N);
  for (int what = 0; what < 4; what++) {
    ndg_status st = NDG_ENOMEM;
    for (uint64_t n = 0; st != NDG_OK; n++) {
      fixture f;
      ndg_error e;
      ndg_phase phase = {0};
      ndg_problem *p = (newton_wells(&f, NDG_F64), f.problem);
      ndg_vector *end = fixture_vector(p, NDG_PHI, NULL);
      ndg_vector *phi = fixture_vector(p, NDG_PHI, values);
      solving s;
      solving_open(&s, p, what < 3 ? (uint32_t)what : 0, b);
      s.request.phi = phi;
      ndg_fail_allocations_after(n);
      st = what < 3 ? ndg_linear_solve(p, &s.request, &e)
                    : newton_relax(p, 0.1, s.phi, end, &phase, &e);
      ndg_fail_allocations_after(UINT64_MAX);
      ck_assert_msg(st == NDG_OK || st == NDG_ENOMEM, "%s", e.text);
      ck_assert_uint_lt(n, 100000);
      solving_close(&s);
      ndg_vector_destroy(phi);
      ndg_vector_destroy(end);
      fixture_close(&f);
    }
  }
}
END_TEST

/* Phases of one contour start at one point and share one factor; what they are said to cost does
   not depend on that. */
START_TEST(newton_shares_its_factor) {
  fixture f;
  newton_quartic(&f, 1, NDG_F64);
  ndg_vector *start = fixture_vector(f.problem, NDG_PHI, NULL);
  ndg_vector *end = ndg_vector_create(NDG_PHI, NDG_C128, 1, N);
  ndg_phase phase = {0};
  ndg_error e;
  ck_assert_int_eq(newton_relax(f.problem, 0, NULL, start, &phase, &e), NDG_OK);
  double first[2 * N];
  for (int again = 0; again < 2; again++) {
    f.problem->record = (ndg_record){0};
    ck_assert_int_eq(newton_relax(f.problem, 0.05 * I, start, end, &phase, &e), NDG_OK);
    ck_assert_uint_eq(f.problem->record.hessian_vector_products, N);
    ck_assert_uint_lt(f.problem->record.gradient_evaluations, 25);
    if (again) {
      ck_assert_mem_eq(first, end->data, sizeof first);
    }
    memcpy(first, end->data, sizeof first);
    const ndg_factor *kept = f.problem->factor;
    ck_assert_int_eq(newton_relax(f.problem, -0.05, start, end, &phase, &e), NDG_OK);
    ck_assert_ptr_eq(kept, f.problem->factor);
  }
  ndg_vector_destroy(start);
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("newton");
  tcase_add_test(tests, newton_on_quadratics);
  tcase_add_loop_test(tests, newton_to_round_off_in_every_type, 0, 3);
  tcase_add_test(tests, newton_tasks_do_not_meet);
  tcase_add_test(tests, newton_tolerance);
  tcase_add_test(tests, newton_from_nowhere);
  tcase_add_test(tests, out_of_memory);
  tcase_add_test(tests, newton_shares_its_factor);
  return linear_run("newton", tests);
}
