/* SPDX-License-Identifier: MIT */
/* Krylov methods, linear solves with the Hessian, and Newton phases, against exact solutions. */
#include <check.h>
#include <complex.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/dense.h"
#include "engine/eigen.h"
#include "engine/krylov.h"
#include "oracle_fixture.h"

enum { N = 8, MAX_N = 40 };
static const ndg_dtype real_types[] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE};
static const double precision[] = {1e-5, 1e-13, 1e-17};

/* ---- Krylov methods on matrices ---- */

typedef struct two_matrices {
  double complex a[2][N][N];
} two_matrices;

static ndg_status apply_two(void *context, const double complex *x, double complex *y,
                            ndg_error *e) {
  const two_matrices *m = context;
  (void)e;
  for (int t = 0; t < 2; t++) {
    for (int i = 0; i < N; i++) {
      y[t * N + i] = 0;
      for (int j = 0; j < N; j++) {
        y[t * N + i] += m->a[t][i][j] * x[t * N + j];
      }
    }
  }
  return NDG_OK;
}

static ndg_status halve_two(void *context, const double complex *x, double complex *y,
                            ndg_error *e) {
  (void)context;
  (void)e;
  for (int i = 0; i < 2 * N; i++) {
    y[i] = x[i] / (2 + i % 3);
  }
  return NDG_OK;
}

static void fill_two(two_matrices *m) {
  for (uint64_t i = 0; i < 2 * N * N; i++) {
    m->a[i / N / N][i / N % N][i % N] =
        fixture_number(1, i) + fixture_number(2, i) * I + (i / N % N == i % N ? 3 : 0);
  }
}

START_TEST(gmres_solves_complex_systems) {
  two_matrices m;
  double complex b[2 * N] = {0}, x[2 * N], ax[2 * N];
  double residual[2];
  fill_two(&m);
  for (uint64_t i = 0; i < 2 * N; i++) {
    b[i] = fixture_number(3, i) - fixture_number(4, i) * I;
  }
  const ndg_gmres all = {2, N, apply_two, halve_two, &m, N, 1e-14};
  ck_assert_int_eq(ndg_gmres_solve(&all, b, x, residual, NULL), NDG_OK);
  apply_two(&m, x, ax, NULL);
  for (int i = 0; i < 2 * N; i++) {
    ck_assert_double_lt(cabs(ax[i] - b[i]), 1e-12);
  }
  /* Stopped short, the residual it names is the true one. */
  const ndg_gmres some = {2, N, apply_two, halve_two, &m, 3, 0};
  ck_assert_int_eq(ndg_gmres_solve(&some, b, x, residual, NULL), NDG_OK);
  apply_two(&m, x, ax, NULL);
  for (int t = 0; t < 2; t++) {
    double rr = 0, bb = 0;
    for (int i = t * N; i < (t + 1) * N; i++) {
      rr += creal((ax[i] - b[i]) * conj(ax[i] - b[i]));
      bb += creal(b[i] * conj(b[i]));
    }
    ck_assert_double_eq_tol(residual[t], sqrt(rr / bb), 1e-13);
    ck_assert_double_gt(residual[t], 1e-4);
  }
}
END_TEST

START_TEST(gmres_tasks_do_not_meet) {
  two_matrices m;
  double complex b[2 * N] = {0}, x[2 * N], alone[2 * N];
  double residual[2];
  fill_two(&m);
  for (uint64_t i = 0; i < N; i++) {
    b[i] = fixture_number(3, i);
  }
  const ndg_gmres request = {2, N, apply_two, halve_two, &m, N, 1e-6};
  ck_assert_int_eq(ndg_gmres_solve(&request, b, alone, residual, NULL), NDG_OK);
  ck_assert_double_eq(residual[1], 0);
  for (int i = N; i < 2 * N; i++) {
    ck_assert(alone[i] == 0);
    b[i] = 1;
  }
  ck_assert_int_eq(ndg_gmres_solve(&request, b, x, residual, NULL), NDG_OK);
  ck_assert_mem_eq(x, alone, N * sizeof *x);
}
END_TEST

typedef struct pencil {
  uint64_t n;
  const double *a, *b; /* b: diagonal */
} pencil;

static ndg_status pencil_apply(void *context, const double *x, double *y, ndg_error *e) {
  const pencil *p = context;
  (void)e;
  for (uint64_t i = 0; i < p->n; i++) {
    y[i] = 0;
    for (uint64_t j = 0; j < p->n; j++) {
      y[i] += p->a[i * p->n + j] * x[j];
    }
  }
  return NDG_OK;
}

static ndg_status pencil_solve(void *context, const double *x, double *y, ndg_error *e) {
  const pencil *p = context;
  (void)e;
  for (uint64_t i = 0; i < p->n; i++) {
    y[i] = x[i] / p->b[i];
  }
  return NDG_OK;
}

START_TEST(lanczos_finds_the_end_of_the_spectrum) {
  double values[MAX_N], a[MAX_N * MAX_N], scaled[MAX_N * MAX_N], b[MAX_N], largest, bound;
  for (uint64_t i = 0; i < MAX_N; i++) {
    values[i] = -1 + 3.0 * (double)i / MAX_N;
    b[i] = 1.5 + fixture_number(9, i);
  }
  values[0] = -7; /* the largest modulus is negative */
  fixture_matrix(a, values, MAX_N, 5);
  pencil p = {MAX_N, a, b};
  ndg_pencil request = {1, MAX_N, pencil_apply, NULL, &p};
  ck_assert_int_eq(ndg_lanczos(&request, MAX_N, 1e-10, &largest, &bound, NULL), NDG_OK);
  ck_assert_double_eq_tol(largest, -7, 1e-9);
  /* sqrt(B) A sqrt(B) has the eigenvalues of A in the inner product of B. */
  for (uint64_t i = 0; i < MAX_N * MAX_N; i++) {
    scaled[i] = a[i] * sqrt(b[i / MAX_N] * b[i % MAX_N]);
  }
  p.a = scaled;
  request.solve = pencil_solve;
  ck_assert_int_eq(ndg_lanczos(&request, MAX_N, 1e-10, &largest, &bound, NULL), NDG_OK);
  ck_assert_double_eq_tol(largest, -7, 1e-9);
  /* Out of products before it is accurate: said, with an honest bound. */
  ck_assert_int_eq(ndg_lanczos(&request, 3, 1e-10, &largest, &bound, NULL), NDG_NOT_CONVERGED);
  ck_assert_double_lt(fabs(largest + 7), bound);
}
END_TEST

START_TEST(lanczos_of_special_matrices) {
  double a[MAX_N * MAX_N] = {0}, largest, bound;
  pencil p = {MAX_N, a, NULL};
  const ndg_pencil request = {1, MAX_N, pencil_apply, NULL, &p};
  ck_assert_int_eq(ndg_lanczos(&request, 100, 1e-8, &largest, &bound, NULL), NDG_OK);
  ck_assert_double_eq(largest, 0);
  for (uint64_t i = 0; i < MAX_N; i++) {
    a[i * MAX_N + i] = 2; /* every direction is an eigenvector: breakdown at the first step */
  }
  ck_assert_int_eq(ndg_lanczos(&request, 100, 1e-8, &largest, &bound, NULL), NDG_OK);
  ck_assert_double_eq_tol(largest, 2, 1e-14);
  p.n = 1;
  const ndg_pencil one = {1, 1, pencil_apply, NULL, &p};
  ck_assert_int_eq(ndg_lanczos(&one, 100, 1e-8, &largest, &bound, NULL), NDG_OK);
  ck_assert_double_eq_tol(largest, 2, 1e-14);
}
END_TEST

/* ---- solves ---- */

/* A problem whose Hessian has these eigenvalues. */
static ndg_problem *open_with(fixture *f, const double *eigenvalues, uint64_t n, uint64_t n_tasks,
                              ndg_dtype dtype) {
  fixture_form(f, n, n_tasks);
  f->dtype = dtype;
  for (uint64_t t = 0; t < n_tasks; t++) {
    fixture_matrix(f->numbers[0] + t * n * n, eigenvalues, n, 11 + t);
    for (uint64_t i = 0; i < n; i++) {
      f->numbers[1][t * n + i] = fixture_number(21, t * n + i);
      f->numbers[2][t * n * n + i * (n + 1)] = 0.5 + 0.4 * fixture_number(22, t * n + i);
      f->numbers[3][t * n + i] = fixture_number(23, t * n + i);
    }
  }
  return fixture_open(f);
}

typedef struct solving {
  ndg_vector *phi, *rhs, *x;
  ndg_solve request;
  ndg_error e;
} solving;

static void open_solving(solving *s, const ndg_problem *p, uint32_t solver, const double *rhs) {
  *s = (solving){.phi = fixture_vector(p, NDG_PHI, NULL),
                 .rhs = fixture_vector(p, NDG_PHI, rhs),
                 .x = fixture_vector(p, NDG_PHI, NULL)};
  s->request = (ndg_solve){.struct_size = sizeof s->request,
                           .solver = solver,
                           .phi = s->phi,
                           .rhs = s->rhs,
                           .x = s->x,
                           .iterations = 200,
                           .alpha = NAN};
}

static void close_solving(solving *s) {
  ndg_vector_destroy(s->phi);
  ndg_vector_destroy(s->rhs);
  ndg_vector_destroy(s->x);
}

/* ‖b − (H + damping) x‖ / ‖b‖ of one task, from the matrix itself. */
static double true_residual(const fixture *f, const solving *s, uint64_t task) {
  const uint64_t n = s->x->length;
  double x[MAX_N], b[MAX_N], rr = 0, bb = 0;
  fixture_read(s->x, task, x);
  fixture_read(s->rhs, task, b);
  for (uint64_t i = 0; i < n; i++) {
    long double r = b[i] - (long double)s->request.damping * x[i];
    for (uint64_t j = 0; j < n; j++) {
      r -= (long double)f->numbers[0][task * n * n + i * n + j] * x[j];
    }
    rr += (double)(r * r);
    bb += b[i] * b[i];
  }
  return sqrt(rr / bb);
}

static void random_rhs(double *b, uint64_t n) {
  for (uint64_t i = 0; i < n; i++) {
    b[i] = fixture_number(31, i);
  }
}

static void spread(double *values, uint64_t n, double low, double high) {
  for (uint64_t i = 0; i < n; i++) {
    values[i] = low * pow(high / low, (double)i / (double)(n - 1));
  }
}

START_TEST(every_solver_in_every_type) {
  static const double dampings[] = {0, 0.5, 1, 3};
  double values[N], b[N];
  spread(values, N, 1, 12);
  random_rhs(b, N);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, real_types[_i]);
  for (uint32_t solver = NDG_SOLVE_DENSE; solver <= NDG_SOLVE_NEUMANN; solver++) {
    for (int d = 0; d < 4; d++) {
      solving s;
      open_solving(&s, p, solver, b);
      s.request.damping = dampings[d];
      s.request.iterations = solver == NDG_SOLVE_NEUMANN ? 2000 : N + 2;
      ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
      /* The answer was read as doubles. */
      const double limit = fmax(precision[_i], 1e-15);
      ck_assert_msg(true_residual(&f, &s, 0) < limit, "solver %u, damping %g: %g", solver,
                    dampings[d], true_residual(&f, &s, 0));
      ck_assert_double_lt(s.request.residual, precision[_i]);
      close_solving(&s);
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
  random_rhs(b, N);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
  for (int d = 0; d < 3; d++) {
    for (uint64_t k = 1; k <= 4; k++) {
      solving s;
      open_solving(&s, p, NDG_SOLVE_CG, b);
      s.request.damping = dampings[d];
      s.request.iterations = k;
      ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
      const double r = true_residual(&f, &s, 0);
      if (k < 3) {
        ck_assert_double_gt(r, 1e-3);
      } else {
        ck_assert_double_lt(r, 1e-14);
      }
      ck_assert_double_eq_tol(s.request.residual, r, 1e-13);
      ck_assert_uint_le(s.request.iterations_taken, k);
      close_solving(&s);
    }
  }
  fixture_close(&f);
}
END_TEST

/* The k-th iterate minimises the energy norm of the error over the Krylov space: its residual is
   orthogonal to b, Ab, ..., A^(k-1) b. */
START_TEST(cg_iterates_are_optimal) {
  double values[N], b[N], x[N];
  spread(values, N, 1, 50);
  random_rhs(b, N);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
  for (uint64_t k = 1; k <= 4; k++) {
    solving s;
    open_solving(&s, p, NDG_SOLVE_CG, b);
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
    close_solving(&s);
  }
  fixture_close(&f);
}
END_TEST

START_TEST(cg_stops_on_the_easiest_problem) {
  double values[N], b[N], x[N];
  for (int i = 0; i < N; i++) {
    values[i] = 2;
  }
  random_rhs(b, N);
  for (int tolerance = 0; tolerance < 2; tolerance++) {
    fixture f;
    ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
    memset(f.numbers[0], 0, sizeof(double) * N * N);
    fixture_close(&f);
    fixture_form(&f, N, 1);
    for (int i = 0; i < N; i++) {
      f.numbers[0][i * (N + 1)] = 2;
    }
    p = fixture_open(&f);
    solving s;
    open_solving(&s, p, NDG_SOLVE_CG, b);
    s.request.tolerance = tolerance ? 1e-10 : 0;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
    ck_assert_uint_eq(s.request.iterations_taken, 1);
    fixture_read(s.x, 0, x);
    for (int i = 0; i < N; i++) {
      ck_assert_double_eq_tol(x[i], b[i] / 2, 1e-16);
    }
    close_solving(&s);
    fixture_close(&f);
  }
}
END_TEST

START_TEST(tolerance_is_kept_or_missed_aloud) {
  double values[N], b[N];
  spread(values, N, 1, 100);
  random_rhs(b, N);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
  for (uint32_t solver = NDG_SOLVE_CG; solver <= NDG_SOLVE_NEUMANN; solver++) {
    uint64_t before = 0;
    for (double tolerance = 1e-2; tolerance > 1e-12; tolerance /= 10) {
      solving s;
      open_solving(&s, p, solver, b);
      s.request.iterations = 100000;
      s.request.tolerance = tolerance;
      ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
      ck_assert_double_le(true_residual(&f, &s, 0), tolerance * 1.0001);
      ck_assert_uint_ge(s.request.iterations_taken, before); /* no more work than asked for */
      before = s.request.iterations_taken;
      close_solving(&s);
    }
    solving s;
    open_solving(&s, p, solver, b);
    s.request.iterations = 3;
    s.request.tolerance = 1e-6;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_NOT_CONVERGED);
    ck_assert_double_eq_tol(s.request.residual, true_residual(&f, &s, 0), 1e-12);
    ck_assert_ptr_nonnull(strstr(s.e.text, "1e-06"));
    close_solving(&s);
  }
  fixture_close(&f);
}
END_TEST

/* In float32 the recursive residual drifts from the true one: a tolerance above round-off is
   reached all the same, and one below it is said to be below it. */
START_TEST(tolerance_near_round_off) {
  const uint32_t solver = _i ? NDG_SOLVE_CG : NDG_SOLVE_NEUMANN;
  double values[N], b[N];
  random_rhs(b, N);
  for (int k = 0; k < 30; k++) {
    spread(values, N, 1, 10 + 3 * k);
    fixture f;
    ndg_problem *p = open_with(&f, values, N, 1, NDG_F32);
    solving s;
    open_solving(&s, p, solver, b);
    s.request.iterations = 100000;
    s.request.tolerance = FLT_EPSILON * (10.0 + 3 * k); /* steps below half of this are lost */
    const ndg_status st = ndg_linear_solve(p, &s.request, &s.e);
    ck_assert_msg(st == NDG_OK, "condition %d: %s", 10 + 3 * k, s.e.text);
    s.request.tolerance = 1e-9;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_NOT_CONVERGED);
    ck_assert_msg(strstr(s.e.text, "round-off of the element type") != NULL, "%s", s.e.text);
    ck_assert_ptr_null(strstr(s.e.text, "iterations"));
    ck_assert_uint_lt(s.request.iterations_taken, 20000);
    close_solving(&s);
    fixture_close(&f);
  }
}
END_TEST

START_TEST(warm_start) {
  double values[N], b[N], exact[N];
  spread(values, N, 1, 30);
  random_rhs(b, N);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
  solving s;
  open_solving(&s, p, NDG_SOLVE_DENSE, b);
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
    ck_assert_double_lt(true_residual(&f, &s, 0), 1e-13);
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
  ck_assert_double_lt(true_residual(&f, &s, 0), 1e-10);
  /* Without warm, what x holds does not matter. */
  close_solving(&s);
  fixture_close(&f);
}
END_TEST

START_TEST(small_right_hand_sides_do_not_underflow) {
  static const double sizes[] = {1e-30, 1e-300, 1e-300};
  double values[N], b[N], tiny[N], x[N], small[N];
  spread(values, N, 1e-14, 5e-13); /* so do products with a flat Hessian */
  random_rhs(b, N);
  for (int i = 0; i < N; i++) {
    tiny[i] = b[i] * sizes[_i];
  }
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, real_types[_i]);
  for (uint32_t solver = NDG_SOLVE_DENSE; solver <= NDG_SOLVE_NEUMANN; solver++) {
    solving s, t;
    open_solving(&s, p, solver, b);
    open_solving(&t, p, solver, tiny);
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
    close_solving(&s);
    close_solving(&t);
  }
  fixture_close(&f);
}
END_TEST

START_TEST(nothing_asked_gives_zero) {
  double values[N], zero[N] = {0}, x[N];
  spread(values, N, 1, 5);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, real_types[_i]);
  for (uint32_t solver = NDG_SOLVE_DENSE; solver <= NDG_SOLVE_NEUMANN; solver++) {
    for (uint32_t warm = 0; warm < 2; warm++) {
      solving s;
      open_solving(&s, p, solver, zero);
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
      close_solving(&s);
    }
  }
  fixture_close(&f);
}
END_TEST

START_TEST(ill_conditioned) {
  double values[N], b[N];
  spread(values, N, 1e-9, 1);
  random_rhs(b, N);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
  solving s;
  open_solving(&s, p, NDG_SOLVE_DENSE, b);
  s.request.tolerance = 1e-7;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  ck_assert_double_lt(true_residual(&f, &s, 0), 1e-7);
  s.request.solver = NDG_SOLVE_CG;
  s.request.iterations = N;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_NOT_CONVERGED);
  ck_assert_double_gt(s.request.residual, 1e-7);
  s.request.damping = 1e-2; /* what the message says helps */
  s.request.iterations = 100;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  close_solving(&s);
  fixture_close(&f);
}
END_TEST

START_TEST(indefinite_and_singular) {
  double values[N], b[N];
  spread(values, N, 1, 8);
  values[3] = -2;
  random_rhs(b, N);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
  solving s;
  open_solving(&s, p, NDG_SOLVE_DENSE, b);
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_NOT_CONVERGED); /* LU */
  ck_assert_ptr_nonnull(strstr(s.e.text, "not positive definite"));
  ck_assert_double_lt(true_residual(&f, &s, 0), 1e-13); /* solved all the same */
  s.request.solver = NDG_SOLVE_CG;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_NOT_CONVERGED);
  ck_assert_ptr_nonnull(strstr(s.e.text, "not positive definite"));
  s.request.damping = 2.5;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  ck_assert_double_lt(true_residual(&f, &s, 0), 1e-13);
  s.request.damping = 0;
  s.request.solver = NDG_SOLVE_NEUMANN;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_DIVERGED);
  close_solving(&s);
  fixture_close(&f);
  fixture_form(&f, N, 1); /* H = 0 */
  p = fixture_open(&f);
  open_solving(&s, p, NDG_SOLVE_DENSE, b);
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_ENUMERIC);
  ck_assert_ptr_nonnull(strstr(s.e.text, "singular"));
  s.request.damping = 1;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  close_solving(&s);
  fixture_close(&f);
}
END_TEST

START_TEST(neumann_terms) {
  double values[N], b[N], x[N], term[N], sum[N], next[N];
  spread(values, N, 1, 6);
  random_rhs(b, N);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
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
    open_solving(&s, p, NDG_SOLVE_NEUMANN, b);
    s.request.alpha = alpha;
    s.request.damping = damping;
    s.request.iterations = terms;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
    ck_assert_uint_eq(s.request.iterations_taken, terms);
    fixture_read(s.x, 0, x);
    ck_assert_double_lt(fixture_distance(x, sum, N), 1e-15);
    close_solving(&s);
  }
  solving s;
  open_solving(&s, p, NDG_SOLVE_NEUMANN, b);
  s.request.alpha = 0.35; /* > 2/6 */
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_DIVERGED);
  ck_assert_ptr_nonnull(strstr(s.e.text, "alpha"));
  s.request.alpha = 0.33;
  ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
  close_solving(&s);
  fixture_close(&f);
}
END_TEST

START_TEST(largest_eigenvalue_is_bounded_from_above) {
  double values[MAX_N], found[2];
  spread(values, MAX_N, 0.1, 7);
  fixture f;
  ndg_problem *p = open_with(&f, values, MAX_N, 2, real_types[_i]);
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
  spread(hard, N, 1, 90);
  random_rhs(b, N);
  for (uint32_t solver = NDG_SOLVE_DENSE; solver <= NDG_SOLVE_NEUMANN; solver++) {
    fixture f, g;
    ndg_problem *p = open_with(&f, hard, N, TASKS, NDG_F64);
    fixture_close(&f);
    fixture_form(&f, N, TASKS);
    for (uint64_t t = 0; t < TASKS; t++) {
      fixture_matrix(f.numbers[0] + t * N * N, t == 1 ? easy : hard, N, 50 + t);
    }
    p = fixture_open(&f);
    solving s;
    open_solving(&s, p, solver, b);
    s.request.tolerance = 1e-9;
    s.request.alpha = 0.015;
    s.request.iterations = 10000;
    ck_assert_int_eq(ndg_linear_solve(p, &s.request, &s.e), NDG_OK);
    for (uint64_t t = 0; t < TASKS; t++) {
      fixture_form(&g, N, 1);
      memcpy(g.numbers[0], f.numbers[0] + t * N * N, sizeof(double) * N * N);
      ndg_problem *q = fixture_open(&g);
      solving r;
      open_solving(&r, q, solver, b);
      r.request.tolerance = 1e-9;
      r.request.alpha = 0.015;
      r.request.iterations = 10000;
      ck_assert_int_eq(ndg_linear_solve(q, &r.request, &r.e), NDG_OK);
      fixture_read(s.x, t, together);
      fixture_read(r.x, 0, alone);
      ck_assert_mem_eq(together, alone, sizeof alone);
      ck_assert_double_lt(true_residual(&f, &s, t), 1e-9);
      close_solving(&r);
      fixture_close(&g);
    }
    close_solving(&s);
    fixture_close(&f);
  }
}
END_TEST

START_TEST(bad_requests) {
  double values[N], b[N];
  spread(values, N, 1, 2);
  random_rhs(b, N);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
  solving s;
  open_solving(&s, p, NDG_SOLVE_CG, b);
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
  close_solving(&s);
  fixture_close(&f);
}
END_TEST

/* ---- dense Hessians ---- */

START_TEST(dense_hessian_is_the_hessian) {
  double values[N];
  spread(values, N, 1, 9);
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
  spread(values, MAX_N, 0.5, 20);
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
  spread(values, N, 1, 4);
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

/* ---- Newton phases ---- */

/* (H + pull + beta M) φ = h + pull θ + beta M c with diagonal M, as a matrix over complex numbers.
 */
static void exact_phase(const fixture *f, double complex beta, uint64_t task, double complex *phi) {
  double complex a[N][N + 1];
  for (uint64_t i = 0; i < N; i++) {
    const double m = f->numbers[2][task * N * N + i * (N + 1)];
    for (uint64_t j = 0; j < N; j++) {
      a[i][j] = f->numbers[0][task * N * N + i * N + j];
    }
    a[i][i] += f->options.pull + beta * m;
    a[i][N] = f->numbers[1][task * N + i] + beta * m * f->numbers[3][task * N + i];
  }
  for (int k = 0; k < N; k++) { /* elimination with row exchange */
    int best = k;
    for (int i = k; i < N; i++) {
      best = cabs(a[i][k]) > cabs(a[best][k]) ? i : best;
    }
    for (int j = 0; j <= N; j++) {
      const double complex swap = a[k][j];
      a[k][j] = a[best][j];
      a[best][j] = swap;
    }
    for (int i = k + 1; i < N; i++) {
      const double complex by = a[i][k] / a[k][k];
      for (int j = k; j <= N; j++) {
        a[i][j] -= by * a[k][j];
      }
    }
  }
  for (int i = N - 1; i >= 0; i--) {
    phi[i] = a[i][N];
    for (int j = i + 1; j < N; j++) {
      phi[i] -= a[i][j] * phi[j];
    }
    phi[i] /= a[i][i];
  }
}

static ndg_status newton(ndg_problem *p, double complex beta, const ndg_vector *start,
                         ndg_vector *end, ndg_phase *phase, ndg_error *e) {
  *phase = (ndg_phase){.struct_size = sizeof *phase,
                       .beta = {creal(beta), cimag(beta)},
                       .optimizer.kind = NDG_NEWTON,
                       .start = start,
                       .end = end,
                       .steps = 100,
                       .tolerance = phase->tolerance};
  return ndg_newton_relax(p, phase, e);
}

START_TEST(newton_on_quadratics) {
  /* The radius is near 2: some of these lie far past it, on the indefinite side too. */
  static const double complex betas[] = {0,  0.1, -0.1,    1,           -1,        5,
                                         -5, -30, 0.5 * I, 0.3 - 4 * I, -6 + 2 * I};
  double values[N];
  spread(values, N, 1, 9);
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 2, NDG_F64);
  ndg_vector *end = ndg_vector_create(NDG_PHI, NDG_C128, 2, N);
  ndg_phase phase = {0};
  ndg_error e;
  for (size_t k = 0; k < sizeof betas / sizeof *betas; k++) {
    const ndg_status st = newton(p, betas[k], NULL, end, &phase, &e);
    ck_assert_msg(st == NDG_OK, "beta %g%+gi: %s", creal(betas[k]), cimag(betas[k]), e.text);
    for (uint64_t t = 0; t < 2; t++) {
      double complex exact[N];
      const double *found = ndg_task_data(end, t);
      exact_phase(&f, betas[k], t, exact);
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

static void open_quartic(fixture *f, uint64_t n_tasks, ndg_dtype dtype) {
  double values[N];
  spread(values, N, 0.5, 6);
  fixture_form(f, N, n_tasks);
  f->dtype = dtype;
  f->options.quartic = 2;
  f->options.pull = 0.3;
  for (uint64_t t = 0; t < n_tasks; t++) {
    fixture_matrix(f->numbers[0] + t * N * N, values, N, 60 + t);
    for (uint64_t i = 0; i < N; i++) {
      f->numbers[1][t * N + i] = (double)(1 + 20 * t) * fixture_number(61, t * N + i);
      f->numbers[2][t * N * N + i * (N + 1)] = 1;
      f->numbers[3][t * N + i] = fixture_number(62, t * N + i);
    }
  }
  (void)fixture_open(f);
}

START_TEST(newton_to_round_off_in_every_type) {
  static const double reached[] = {2e-5, 1e-13, 1e-17};
  fixture f;
  open_quartic(&f, 3, real_types[_i]);
  ndg_vector *end = fixture_vector(f.problem, NDG_PHI, NULL);
  ndg_phase phase = {0};
  ndg_error e;
  const double betas[] = {0, 0.5, -0.2, 20};
  for (int k = 0; k < 4; k++) {
    const ndg_status st = newton(f.problem, betas[k], NULL, end, &phase, &e);
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
  open_quartic(&f, 3, NDG_F64);
  ndg_vector *end = fixture_vector(f.problem, NDG_PHI, NULL);
  ndg_phase phase = {0};
  ndg_error e;
  ck_assert_int_eq(newton(f.problem, 0.3, NULL, end, &phase, &e), NDG_OK);
  for (uint64_t t = 0; t < 3; t++) {
    double together[N], alone[N], start[N];
    fixture g;
    ndg_problem_get_start(f.problem, t, start);
    open_quartic(&g, 3, NDG_F64);
    ndg_problem_close(g.problem);
    g.tasks.n_tasks = 1;
    for (uint64_t i = 0; i < g.tasks.n_arrays; i++) {
      const uint64_t size = ndg_shape_size(&g.arrays[i].shape);
      memmove(g.numbers[i], g.numbers[i] + t * size, size * sizeof(double));
    }
    (void)fixture_open(&g);
    ndg_vector *from = fixture_vector(g.problem, NDG_PHI, start);
    ndg_vector *one = fixture_vector(g.problem, NDG_PHI, NULL);
    ck_assert_int_eq(newton(g.problem, 0.3, from, one, &phase, &e), NDG_OK);
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
  open_quartic(&f, 1, NDG_F64);
  ndg_vector *end = fixture_vector(f.problem, NDG_PHI, NULL);
  ndg_phase phase = {.tolerance = 1e-3};
  ndg_error e;
  ck_assert_int_eq(newton(f.problem, 0, NULL, end, &phase, &e), NDG_OK);
  const uint64_t loose = phase.steps_taken;
  phase.tolerance = 1e-11;
  ck_assert_int_eq(newton(f.problem, 0, NULL, end, &phase, &e), NDG_OK);
  ck_assert_uint_lt(loose, phase.steps_taken);
  phase.tolerance = 1e-30; /* float64 cannot */
  ck_assert_int_eq(newton(f.problem, 0, NULL, end, &phase, &e), NDG_NOT_CONVERGED);
  ck_assert_ptr_nonnull(strstr(e.text, "round-off"));
  phase.record = 1;
  ck_assert_int_eq(ndg_newton_relax(f.problem, &phase, &e), NDG_EINVAL);
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

START_TEST(newton_from_nowhere) {
  double start[N] = {0};
  fixture f;
  open_quartic(&f, 1, NDG_F64);
  start[1] = NAN;
  ndg_vector *from = fixture_vector(f.problem, NDG_PHI, start);
  ndg_vector *end = fixture_vector(f.problem, NDG_PHI, NULL);
  ndg_phase phase = {0};
  ndg_error e;
  ck_assert_int_eq(newton(f.problem, 0, from, end, &phase, &e), NDG_DIVERGED);
  ndg_vector_destroy(from);
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

/* Two wells: the start lies on the ridge between them, where the Hessian is indefinite. */
static void open_wells(fixture *f, ndg_dtype dtype) {
  fixture_form(f, N, 2);
  f->dtype = dtype;
  f->options.quartic = 1;
  for (uint64_t t = 0; t < 2; t++) {
    for (uint64_t i = 0; i < N; i++) {
      f->numbers[0][t * N * N + i * (N + 1)] = i < 3 && t == 0 ? -1 - (double)i : 1;
      f->numbers[1][t * N + i] = 0.01 * fixture_number(71, i);
      f->numbers[2][t * N * N + i * (N + 1)] = 0.5;
      f->numbers[3][t * N + i] = fixture_number(72, i);
    }
  }
  (void)fixture_open(f);
}

START_TEST(newton_ends_in_a_minimum) {
  static const double complex betas[] = {0, 0.1, -0.1, 0.05 * I};
  static const double reached[] = {1e-5, 1e-13, 1e-16};
  for (int k = 0; k < (real_types[_i] == NDG_F64 ? 4 : 3); k++) {
    fixture f;
    open_wells(&f, real_types[_i]);
    const bool is_complex = cimag(betas[k]) != 0;
    const double ridge[N] = {0.01, -0.01, 0.02};
    double found[N];
    ndg_vector *start = fixture_vector(f.problem, NDG_PHI, ridge);
    ndg_vector *end = is_complex ? ndg_vector_create(NDG_PHI, NDG_C128, 2, N)
                                 : fixture_vector(f.problem, NDG_PHI, NULL);
    ndg_phase phase = {0};
    ndg_error e;
    const ndg_status st = newton(f.problem, betas[k], start, end, &phase, &e);
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
  spread(values, N, 1, 5);
  values[2] = -1;
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
  ndg_vector *end = fixture_vector(p, NDG_PHI, NULL);
  ndg_phase phase = {0};
  ndg_error e;
  ck_assert_int_eq(newton(p, 0.2, NULL, end, &phase, &e), NDG_OK);
  exact_phase(&f, 0.2, 0, exact);
  fixture_read(end, 0, found);
  for (int i = 0; i < N; i++) {
    ck_assert_double_eq_tol(found[i], creal(exact[i]), 1e-12);
  }
  ck_assert_int_eq(newton(p, 0, NULL, end, &phase, &e), NDG_NOT_CONVERGED);
  ck_assert_msg(strstr(e.text, "end of the free phase is not positive definite (saddle)") != NULL,
                "%s", e.text);
  exact_phase(&f, 0, 0, exact);
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
  spread(values, N, 1, 5);
  values[2] = -1;
  fixture f;
  ndg_problem *p = open_with(&f, values, N, 1, NDG_F64);
  double complex exact[N];
  double saddle[N];
  exact_phase(&f, 0, 0, exact);
  for (int i = 0; i < N; i++) {
    saddle[i] = creal(exact[i]);
  }
  ndg_vector *end = fixture_vector(p, NDG_PHI, NULL), *there = fixture_vector(p, NDG_PHI, saddle);
  ndg_vector_copy(p->start, there);
  ndg_phase phase = {.tolerance = 1e-6};
  ndg_error e;
  ck_assert_int_eq(newton(p, 0, NULL, end, &phase, &e), NDG_NOT_CONVERGED);
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
  spread(values, N, 1, 50);
  random_rhs(b, N);
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
    const ndg_status st = newton(p, 0, start, end, &phase, &e);
    ck_assert_msg(st == NDG_OK, "size %g: %s", size, e.text);
    ck_assert_double_le(phase.gradient_norm, fmax(precision[_i] * size, floors[_i]));
    ndg_vector_destroy(start);
    ndg_vector_destroy(end);
    fixture_close(&f);
  }
}
END_TEST

/* Every allocation of a solve and of a Newton phase may fail. */
START_TEST(out_of_memory) {
  double values[N], b[N];
  spread(values, N, 1, 9);
  random_rhs(b, N);
  for (int what = 0; what < 4; what++) {
    ndg_status st = NDG_ENOMEM;
    for (uint64_t n = 0; st != NDG_OK; n++) {
      fixture f;
      ndg_error e;
      ndg_phase phase = {0};
      ndg_problem *p = (open_wells(&f, NDG_F64), f.problem);
      ndg_vector *end = fixture_vector(p, NDG_PHI, NULL);
      ndg_vector *phi = fixture_vector(p, NDG_PHI, values);
      solving s;
      open_solving(&s, p, what < 3 ? (uint32_t)what : 0, b);
      s.request.phi = phi;
      ndg_fail_allocations_after(n);
      st = what < 3 ? ndg_linear_solve(p, &s.request, &e) : newton(p, 0.1, s.phi, end, &phase, &e);
      ndg_fail_allocations_after(UINT64_MAX);
      ck_assert_msg(st == NDG_OK || st == NDG_ENOMEM, "%s", e.text);
      ck_assert_uint_lt(n, 100000);
      close_solving(&s);
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
  open_quartic(&f, 1, NDG_F64);
  ndg_vector *start = fixture_vector(f.problem, NDG_PHI, NULL);
  ndg_vector *end = ndg_vector_create(NDG_PHI, NDG_C128, 1, N);
  ndg_phase phase = {0};
  ndg_error e;
  ck_assert_int_eq(newton(f.problem, 0, NULL, start, &phase, &e), NDG_OK);
  double first[2 * N];
  for (int again = 0; again < 2; again++) {
    f.problem->record = (ndg_record){0};
    ck_assert_int_eq(newton(f.problem, 0.05 * I, start, end, &phase, &e), NDG_OK);
    ck_assert_uint_eq(f.problem->record.hessian_vector_products, N);
    ck_assert_uint_lt(f.problem->record.gradient_evaluations, 25);
    if (again) {
      ck_assert_mem_eq(first, end->data, sizeof first);
    }
    memcpy(first, end->data, sizeof first);
    const ndg_factor *kept = f.problem->factor;
    ck_assert_int_eq(newton(f.problem, -0.05, start, end, &phase, &e), NDG_OK);
    ck_assert_ptr_eq(kept, f.problem->factor);
  }
  ndg_vector_destroy(start);
  ndg_vector_destroy(end);
  fixture_close(&f);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("linear");
  TCase *krylov = tcase_create("krylov"), *solve = tcase_create("solve");
  TCase *dense = tcase_create("dense"), *phases = tcase_create("newton");
  tcase_add_test(krylov, gmres_solves_complex_systems);
  tcase_add_test(krylov, gmres_tasks_do_not_meet);
  tcase_add_test(krylov, lanczos_finds_the_end_of_the_spectrum);
  tcase_add_test(krylov, lanczos_of_special_matrices);
  tcase_add_loop_test(solve, every_solver_in_every_type, 0, 3);
  tcase_add_test(solve, cg_ends_with_the_spectrum);
  tcase_add_test(solve, cg_iterates_are_optimal);
  tcase_add_test(solve, cg_stops_on_the_easiest_problem);
  tcase_add_test(solve, tolerance_is_kept_or_missed_aloud);
  tcase_add_loop_test(solve, tolerance_near_round_off, 0, 2);
  tcase_add_test(solve, warm_start);
  tcase_add_loop_test(solve, small_right_hand_sides_do_not_underflow, 0, 3);
  tcase_add_loop_test(solve, nothing_asked_gives_zero, 0, 3);
  tcase_add_test(solve, ill_conditioned);
  tcase_add_test(solve, indefinite_and_singular);
  tcase_add_test(solve, neumann_terms);
  tcase_add_loop_test(solve, largest_eigenvalue_is_bounded_from_above, 0, 3);
  tcase_add_test(solve, tasks_do_not_meet);
  tcase_add_test(solve, bad_requests);
  tcase_add_test(dense, dense_hessian_is_the_hessian);
  tcase_add_test(dense, spectrum_and_radius);
  tcase_add_test(dense, radius_of_an_indefinite_hessian);
  tcase_add_test(phases, newton_on_quadratics);
  tcase_add_loop_test(phases, newton_to_round_off_in_every_type, 0, 3);
  tcase_add_test(phases, newton_tasks_do_not_meet);
  tcase_add_test(phases, newton_tolerance);
  tcase_add_test(phases, newton_from_nowhere);
  tcase_add_test(phases, newton_shares_its_factor);
  tcase_add_loop_test(phases, newton_ends_in_a_minimum, 0, 3);
  tcase_add_test(phases, newton_without_a_minimum);
  tcase_add_test(phases, newton_at_a_saddle_from_the_start);
  tcase_add_loop_test(phases, newton_near_zero, 0, 3);
  tcase_add_test(phases, out_of_memory);
  suite_add_tcase(suite, krylov);
  suite_add_tcase(suite, solve);
  suite_add_tcase(suite, dense);
  suite_add_tcase(suite, phases);
  SRunner *runner = srunner_create(suite);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
