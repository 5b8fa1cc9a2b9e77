/* SPDX-License-Identifier: MIT */
/* Linear solves with the Hessian: residuals, tolerances, starts, scales. */
#include "linear_fixture.h"

START_TEST(every_solver_in_every_type) {
  static const double dampings[] = {0, 0.5, 1, 3};
  double values[N], b[N];
  linear_spread(values, N, 1, 12);
  linear_rhs(b, N);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, real_types[_i]);
  for (uint32_t solver = NDG_SOLVE_DENSE; solver <= NDG_SOLVE_NEUMANN; solver++) {
    for (int d = 0; d < 4; d++) {
      solving s;
      solving_open(&s, p, solver, b);
      s.request.damping = dampings[d];
      s.request.iterations = solver == NDG_SOLVE_NEUMANN ? 2000 : N + 2;
      ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
      /* The answer was read as doubles. */
      const double limit = fmax(precision[_i], 1e-15);
      ck_assert_msg(solving_residual(&f, &s, 0) < limit, "solver %u, damping %g: %g", solver,
                    dampings[d], solving_residual(&f, &s, 0));
      ck_assert_double_lt(s.request.residual, precision[_i]);
      solving_close(&s);
    }
  }
  fixture_close(&f);
}
END_TEST

/* Conjugate gradients end after as many steps as there are different eigenvalues, not before: any
   slip in step length, residual, direction or damping breaks this. */
START_TEST(cg_ends_with_the_spectrum) {
  static const double different[] = {1, 3, 10};
  static const double dampings[] = {0, 0.5, 2};
  double values[N], b[N];
  for (int i = 0; i < N; i++) {
    values[i] = different[i % 3];
  }
  linear_rhs(b, N);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  for (int d = 0; d < 3; d++) {
    for (uint64_t k = 1; k <= 4; k++) {
      solving s;
      solving_open(&s, p, NDG_SOLVE_CG, b);
      s.request.damping = dampings[d];
      s.request.iterations = k;
      ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
      const double r = solving_residual(&f, &s, 0);
      if (k < 3) {
        ck_assert_double_gt(r, 1e-3);
      } else {
        ck_assert_double_lt(r, 1e-14);
      }
      ck_assert_double_eq_tol(s.request.residual, r, 1e-13);
      ck_assert_uint_le(s.request.iterations_taken, k);
      solving_close(&s);
    }
  }
  fixture_close(&f);
}
END_TEST

/* The k-th iterate minimises the energy norm of the error over the Krylov space: its residual is
   orthogonal to b, Ab, ..., A^(k-1) b. */
START_TEST(cg_iterates_are_optimal) {
  double values[N], b[N], x[N];
  linear_spread(values, N, 1, 50);
  linear_rhs(b, N);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  for (uint64_t k = 1; k <= 4; k++) {
    solving s;
    solving_open(&s, p, NDG_SOLVE_CG, b);
    s.request.damping = 0.5;
    s.request.iterations = k;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
    fixture_read(s.x, 0, x);
    double r[N], space[N], next[N];
    for (int i = 0; i < N; i++) {
      r[i] = b[i] - 0.5 * x[i];
      for (int j = 0; j < N; j++) {
        r[i] -= f.numbers[0][i * N + j] * x[j];
      }
    }
    memcpy(space, b, sizeof b);
    for (uint64_t power = 0; power < k; power++) {
      double dot = 0, rr = 0, ss = 0;
      for (int i = 0; i < N; i++) {
        dot += r[i] * space[i];
        rr += r[i] * r[i];
        ss += space[i] * space[i];
        next[i] = 0.5 * space[i];
        for (int j = 0; j < N; j++) {
          next[i] += f.numbers[0][i * N + j] * space[j];
        }
      }
      ck_assert_double_lt(fabs(dot) / sqrt(rr * ss), 1e-11);
      memcpy(space, next, sizeof next);
    }
    solving_close(&s);
  }
  fixture_close(&f);
}
END_TEST

START_TEST(cg_stops_on_the_easiest_problem) {
  double values[N], b[N], x[N];
  for (int i = 0; i < N; i++) {
    values[i] = 2;
  }
  linear_rhs(b, N);
  for (int tolerance = 0; tolerance < 2; tolerance++) {
    fixture f;
    ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
    memset(f.numbers[0], 0, sizeof(double) * N * N);
    fixture_close(&f);
    fixture_form(&f, N, 1);
    for (int i = 0; i < N; i++) {
      f.numbers[0][i * (N + 1)] = 2;
    }
    p = fixture_open(&f);
    solving s;
    solving_open(&s, p, NDG_SOLVE_CG, b);
    s.request.tolerance = tolerance ? 1e-10 : 0;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
    ck_assert_uint_eq(s.request.iterations_taken, 1);
    fixture_read(s.x, 0, x);
    for (int i = 0; i < N; i++) {
      ck_assert_double_eq_tol(x[i], b[i] / 2, 1e-16);
    }
    solving_close(&s);
    fixture_close(&f);
  }
}
END_TEST

START_TEST(tolerance_is_kept_or_missed_aloud) {
  double values[N], b[N];
  linear_spread(values, N, 1, 100);
  linear_rhs(b, N);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  for (uint32_t solver = NDG_SOLVE_CG; solver <= NDG_SOLVE_NEUMANN; solver++) {
    uint64_t before = 0;
    for (double tolerance = 1e-2; tolerance > 1e-12; tolerance /= 10) {
      solving s;
      solving_open(&s, p, solver, b);
      s.request.iterations = 100000;
      s.request.tolerance = tolerance;
      ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
      ck_assert_double_le(solving_residual(&f, &s, 0), tolerance * 1.0001);
      ck_assert_uint_ge(s.request.iterations_taken, before); /* no more work than asked for */
      before = s.request.iterations_taken;
      solving_close(&s);
    }
    solving s;
    solving_open(&s, p, solver, b);
    s.request.iterations = 3;
    s.request.tolerance = 1e-6;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_NOT_CONVERGED);
    ck_assert_double_eq_tol(s.request.residual, solving_residual(&f, &s, 0), 1e-12);
    ck_assert_ptr_nonnull(strstr(s.e.text, "1e-06"));
    solving_close(&s);
  }
  fixture_close(&f);
}
END_TEST

/* In float32 the recursive residual drifts from the true one: a tolerance above round-off is
   reached all the same, and one below it is said to be below it. */
START_TEST(tolerance_near_round_off) {
  const uint32_t solver = _i ? NDG_SOLVE_CG : NDG_SOLVE_NEUMANN;
  double values[N], b[N];
  linear_rhs(b, N);
  for (int k = 0; k < 30; k++) {
    linear_spread(values, N, 1, 10 + 3 * k);
    fixture f;
    ndg_problem *p = linear_open(&f, values, N, 1, NDG_F32);
    solving s;
    solving_open(&s, p, solver, b);
    s.request.iterations = 100000;
    s.request.tolerance = FLT_EPSILON * (10.0 + 3 * k); /* steps below half of this are lost */
    const ndg_status st = ndg_linear_solve(p, &s.request, &s.e);
    ck_assert_msg(st == NDG_OK, "condition %d: %s", 10 + 3 * k, s.e.text);
    s.request.tolerance = 1e-9;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_NOT_CONVERGED);
    ck_assert_msg(strstr(s.e.text, "round-off of the element type") != NULL, "%s", s.e.text);
    ck_assert_ptr_null(strstr(s.e.text, "iterations"));
    ck_assert_uint_lt(s.request.iterations_taken, 20000);
    solving_close(&s);
    fixture_close(&f);
  }
}
END_TEST

START_TEST(warm_start) {
  double values[N], b[N], exact[N];
  linear_spread(values, N, 1, 30);
  linear_rhs(b, N);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  solving s;
  solving_open(&s, p, NDG_SOLVE_DENSE, b);
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  fixture_read(s.x, 0, exact);
  for (uint32_t solver = NDG_SOLVE_CG; solver <= NDG_SOLVE_NEUMANN; solver++) {
    /* From the solution there is nothing left to do. */
    s.request.solver = solver;
    s.request.warm = 1;
    s.request.iterations = 3;
    s.request.tolerance = 1e-12;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
    ck_assert_uint_le(s.request.iterations_taken, 1);
    ck_assert_double_lt(solving_residual(&f, &s, 0), 1e-13);
  }
  /* From near, fewer products than from zero. */
  for (int i = 0; i < N; i++) {
    exact[i] += 1e-6 * fixture_number(5, (uint64_t)i);
  }
  ndg_convert_from_f64(NDG_F64, ndg_task_data(s.x, 0), exact, N);
  s.request.solver = NDG_SOLVE_NEUMANN;
  s.request.iterations = 100000;
  s.request.tolerance = 1e-10;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  const uint64_t warm = s.request.iterations_taken;
  s.request.warm = 0;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  ck_assert_uint_lt(warm, s.request.iterations_taken);
  ck_assert_double_lt(solving_residual(&f, &s, 0), 1e-10);
  /* Without warm, what x holds does not matter. */
  solving_close(&s);
  fixture_close(&f);
}
END_TEST

START_TEST(small_right_hand_sides_do_not_underflow) {
  static const double sizes[] = {1e-30, 1e-300, 1e-300};
  double values[N], b[N], tiny[N], x[N], small[N];
  linear_spread(values, N, 1e-14, 5e-13); /* so do products with a flat Hessian */
  linear_rhs(b, N);
  for (int i = 0; i < N; i++) {
    tiny[i] = b[i] * sizes[_i];
  }
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, real_types[_i]);
  for (uint32_t solver = NDG_SOLVE_DENSE; solver <= NDG_SOLVE_NEUMANN; solver++) {
    solving s, t;
    solving_open(&s, p, solver, b);
    solving_open(&t, p, solver, tiny);
    s.request.iterations = t.request.iterations = 20;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
    ck_assert_int_eq(ndg_linear_solve(p, &t.request, &t.e), NDG_OK);
    fixture_read(s.x, 0, x);
    fixture_read(t.x, 0, small);
    for (int i = 0; i < N; i++) {
      small[i] /= sizes[_i];
      ck_assert(isfinite(small[i]));
    }
    ck_assert_double_lt(fixture_distance(small, x, N), 20 * precision[_i < 2 ? _i : 1]);
    solving_close(&s);
    solving_close(&t);
  }
  fixture_close(&f);
}
END_TEST

static uint64_t told, last_told;

static void see(void *context, const char *what, uint64_t step, uint64_t steps) {
  ck_assert_ptr_null(context);
  ck_assert_str_eq(what, "linear solve");
  ck_assert_uint_eq(steps, 5);
  ck_assert_uint_eq(step, told < 5 ? told : 5);
  told++;
  last_told = step;
}

START_TEST(a_watched_solve_tells_how_far_it_is) {
  double values[N], b[N];
  linear_spread(values, N, 1, 50);
  linear_rhs(b, N);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, NDG_F64);
  solving s;
  solving_open(&s, p, NDG_SOLVE_CG, b);
  s.request.iterations = 5;
  told = 0;
  ndg_problem_watch(p, see, NULL);
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  ck_assert_uint_eq(last_told, 5);
  ck_assert_uint_eq(told, 6);
  ndg_problem_watch(p, NULL, NULL);
  solving_close(&s);
  fixture_close(&f);
}
END_TEST

START_TEST(nothing_asked_gives_zero) {
  double values[N], zero[N] = {0}, x[N];
  linear_spread(values, N, 1, 5);
  fixture f;
  ndg_problem *p = linear_open(&f, values, N, 1, real_types[_i]);
  for (uint32_t solver = NDG_SOLVE_DENSE; solver <= NDG_SOLVE_NEUMANN; solver++) {
    for (uint32_t warm = 0; warm < 2; warm++) {
      solving s;
      solving_open(&s, p, solver, zero);
      ndg_vector_destroy(s.x);
      s.request.x = s.x = fixture_vector(p, NDG_PHI, values);
      s.request.warm = warm;
      s.request.tolerance = warm ? 1e-8 : 0;
      ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
      ck_assert_double_eq(s.request.residual, 0);
      fixture_read(s.x, 0, x);
      for (int i = 0; i < N; i++) {
        ck_assert_double_eq(x[i], 0);
      }
      solving_close(&s);
    }
  }
  fixture_close(&f);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("solve");
  tcase_add_loop_test(tests, every_solver_in_every_type, 0, 3);
  tcase_add_test(tests, cg_ends_with_the_spectrum);
  tcase_add_test(tests, cg_iterates_are_optimal);
  tcase_add_test(tests, cg_stops_on_the_easiest_problem);
  tcase_add_test(tests, tolerance_is_kept_or_missed_aloud);
  tcase_add_loop_test(tests, tolerance_near_round_off, 0, 2);
  tcase_add_test(tests, warm_start);
  tcase_add_loop_test(tests, small_right_hand_sides_do_not_underflow, 0, 3);
  tcase_add_test(tests, a_watched_solve_tells_how_far_it_is);
  tcase_add_loop_test(tests, nothing_asked_gives_zero, 0, 3);
  return linear_run("solve", tests);
}
