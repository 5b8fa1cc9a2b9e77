/* SPDX-License-Identifier: MIT */
/* Linear solves that are hard, impossible or of several tasks. */
#include "linear_fixture.h"

START_TEST(ill_conditioned) {
  double values[N], b[N];
  linear_spread(values, N, 1e-9, 1);
  linear_rhs(b, N);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  solving s;
  solving_open(&s, p, NDG_SOLVE_DENSE, b);
  s.request.tolerance = 1e-7;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  ck_assert_double_lt(solving_residual(&f, &s, 0), 1e-7);
  s.request.solver = NDG_SOLVE_CG;
  s.request.iterations = N;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_NOT_CONVERGED);
  ck_assert_double_gt(s.request.residual, 1e-7);
  s.request.damping = 1e-2; /* what the message says helps */
  s.request.iterations = 100;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  solving_close(&s);
  fixture_close(&f);
}
END_TEST

START_TEST(indefinite_and_singular) {
  double values[N], b[N];
  linear_spread(values, N, 1, 8);
  values[3] = -2;
  linear_rhs(b, N);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  solving s;
  solving_open(&s, p, NDG_SOLVE_DENSE, b);
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_NOT_CONVERGED); /* LU */
  ck_assert_ptr_nonnull(strstr(s.e.text, "not positive definite"));
  ck_assert_double_lt(solving_residual(&f, &s, 0), 1e-13); /* solved all the same */
  s.request.solver = NDG_SOLVE_CG;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_NOT_CONVERGED);
  ck_assert_ptr_nonnull(strstr(s.e.text, "not positive definite"));
  s.request.damping = 2.5;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  ck_assert_double_lt(solving_residual(&f, &s, 0), 1e-13);
  s.request.damping = 0;
  s.request.solver = NDG_SOLVE_NEUMANN;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_DIVERGED);
  solving_close(&s);
  fixture_close(&f);
  fixture_form(&f, N, 1); /* H = 0 */
  p = fixture_open(&f);
  solving_open(&s, p, NDG_SOLVE_DENSE, b);
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_ENUMERIC);
  ck_assert_ptr_nonnull(strstr(s.e.text, "singular"));
  s.request.damping = 1;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  solving_close(&s);
  fixture_close(&f);
}
END_TEST

START_TEST(neumann_terms) {
  double values[N], b[N], x[N], term[N], sum[N], next[N];
  linear_spread(values, N, 1, 6);
  linear_rhs(b, N);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  const double alpha = 0.2, damping = 0.5;
  memcpy(term, b, sizeof b);
  memset(sum, 0, sizeof sum);
  for (uint64_t terms = 0; terms < 5; terms++) {
    for (int i = 0; i < N; i++) {
      sum[i] += alpha * term[i];
      next[i] = (1 - alpha * damping) * term[i];
      for (int j = 0; j < N; j++) {
        next[i] -= alpha * f.numbers[0][i * N + j] * term[j];
      }
    }
    memcpy(term, next, sizeof term);
    solving s;
    solving_open(&s, p, NDG_SOLVE_NEUMANN, b);
    s.request.alpha = alpha;
    s.request.damping = damping;
    s.request.iterations = terms;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
    ck_assert_uint_eq(s.request.iterations_taken, terms);
    fixture_read(s.x, 0, x);
    ck_assert_double_lt(fixture_distance(x, sum, N), 1e-15);
    solving_close(&s);
  }
  solving s;
  solving_open(&s, p, NDG_SOLVE_NEUMANN, b);
  s.request.alpha = 0.35; /* > 2/6 */
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_DIVERGED);
  ck_assert_ptr_nonnull(strstr(s.e.text, "alpha"));
  s.request.alpha = 0.33;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  solving_close(&s);
  fixture_close(&f);
}
END_TEST

START_TEST(largest_eigenvalue_is_bounded_from_above) {
  double values[MAX_N], found[2];
  linear_spread(values, MAX_N, 0.1, 7);
  fixture f;
  ndg_problem *p = linear_open(&f, values, MAX_N, 2, real_types[_i]);
  ndg_vector *phi = fixture_vector(p, NDG_PHI, NULL);
  ck_assert_int_eq(ndg_largest_eigenvalues(p, phi, found, NULL), NDG_OK);
  for (int t = 0; t < 2; t++) {
    ck_assert_double_ge(found[t], 7);
    ck_assert_double_le(found[t], 7 * 1.01);
  }
  ndg_vector_destroy(phi);
  fixture_close(&f);
}
END_TEST

/* Tasks that need many iterations beside tasks that need few: each as if alone, to the bit. */
START_TEST(tasks_do_not_meet) {
  enum { TASKS = 3 };
  double easy[N], hard[N], b[N], together[N], alone[N];
  for (int i = 0; i < N; i++) {
    easy[i] = 2;
  }
  linear_spread(hard, N, 1, 90);
  linear_rhs(b, N);
  for (uint32_t solver = NDG_SOLVE_DENSE; solver <= NDG_SOLVE_NEUMANN; solver++) {
    fixture f, g;
    ndg_problem *p = linear_open(&f, hard, N, TASKS, NDG_F64);
    fixture_close(&f);
    fixture_form(&f, N, TASKS);
    for (uint64_t t = 0; t < TASKS; t++) {
      fixture_matrix(f.numbers[0] + t * N * N, t == 1 ? easy : hard, N, 50 + t);
    }
    p = fixture_open(&f);
    solving s;
    solving_open(&s, p, solver, b);
    s.request.tolerance = 1e-9;
    s.request.alpha = 0.015;
    s.request.iterations = 10000;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
    for (uint64_t t = 0; t < TASKS; t++) {
      fixture_form(&g, N, 1);
      memcpy(g.numbers[0], f.numbers[0] + t * N * N, sizeof(double) * N * N);
      ndg_problem *q = fixture_open(&g);
      solving r;
      solving_open(&r, q, solver, b);
      r.request.tolerance = 1e-9;
      r.request.alpha = 0.015;
      r.request.iterations = 10000;
      ck_assert_int_eq(ndg_linear_solve(q, &r.request, &r.e), NDG_OK);
      fixture_read(s.x, t, together);
      fixture_read(r.x, 0, alone);
      ck_assert_mem_eq(together, alone, sizeof alone);
      ck_assert_double_lt(solving_residual(&f, &s, t), 1e-9);
      solving_close(&r);
      fixture_close(&g);
    }
    solving_close(&s);
    fixture_close(&f);
  }
}
END_TEST

/* Of a task that has diverged nothing is solved, and the others do not notice. */
START_TEST(a_lost_task_is_passed_over) {
  enum { TASKS = 3 };
  static const char *const names[] = {"dense", "cg", "neumann"};
  double values[N], b[N], together[N], alone[N], numbers[N];
  linear_spread(values, N, 1, 30);
  linear_rhs(b, N);
  for (uint32_t solver = NDG_SOLVE_DENSE; solver <= NDG_SOLVE_NEUMANN; solver++) {
    fixture f;
    ndg_problem *p = linear_open(&f, values, N, TASKS, real_types[_i]);
    solving whole, rest;
    solving_open(&whole, p, solver, b);
    solving_open(&rest, p, solver, b);
    whole.request.tolerance = rest.request.tolerance = 1e-3;
    ck_assert_int_eq(ndg_linear_solve(p, &whole.request, &whole.e), NDG_OK);
    for (int i = 0; i < N; i++) {
      numbers[i] = i % 2 ? NAN : INFINITY;
    }
    ndg_convert_from_f64(rest.rhs->dtype, ndg_task_data(rest.rhs, 1), numbers, N);
    ndg_convert_from_f64(rest.phi->dtype, ndg_task_data(rest.phi, 1), numbers, N);
    rest.phi->identity = (ndg_identity){0, 0};
    ck_assert_int_eq(ndg_linear_solve(p, &rest.request, &rest.e), NDG_ENUMERIC);
    ck_assert_ptr_nonnull(strstr(rest.e.text, "in task 2"));
    ndg_outcomes_lose(p, 1, 0);
    const ndg_status st = ndg_linear_solve(p, &rest.request, &rest.e);
    ck_assert_msg(st == NDG_OK, "%s: %s", names[solver], rest.e.text);
    ck_assert_double_le(rest.request.residual, whole.request.residual);
    for (uint64_t t = 0; t < TASKS; t += 2) {
      fixture_read(whole.x, t, together);
      fixture_read(rest.x, t, alone);
      ck_assert_mem_eq(together, alone, sizeof alone);
    }
    solving_close(&whole);
    solving_close(&rest);
    fixture_close(&f);
  }
}
END_TEST

START_TEST(bad_requests) {
  double values[N], b[N];
  linear_spread(values, N, 1, 2);
  linear_rhs(b, N);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  solving s;
  solving_open(&s, p, NDG_SOLVE_CG, b);
  s.request.damping = -1;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_EINVAL);
  s.request.damping = NAN;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_EINVAL);
  s.request.damping = 0;
  s.request.tolerance = NAN;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_EINVAL);
  s.request.tolerance = 0;
  s.request.solver = 17;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_EINVAL);
  s.request.solver = NDG_SOLVE_NEUMANN;
  s.request.alpha = -1;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_EINVAL);
  b[2] = INFINITY;
  ndg_convert_from_f64(NDG_F64, ndg_task_data(s.rhs, 0), b, N);
  s.request.solver = NDG_SOLVE_CG;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_ENUMERIC);
  solving_close(&s);
  fixture_close(&f);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("solve_hard");
  tcase_add_test(tests, ill_conditioned);
  tcase_add_test(tests, indefinite_and_singular);
  tcase_add_test(tests, neumann_terms);
  tcase_add_loop_test(tests, largest_eigenvalue_is_bounded_from_above, 0, 3);
  tcase_add_test(tests, tasks_do_not_meet);
  tcase_add_loop_test(tests, a_lost_task_is_passed_over, 0, 3);
  tcase_add_test(tests, bad_requests);
  return linear_run("solve_hard", tests);
}
