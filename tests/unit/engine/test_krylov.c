/* SPDX-License-Identifier: MIT */
/* Krylov methods on matrices. */
#include "linear_fixture.h"

#include "engine/krylov.h"

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

int main(void) {
  TCase *tests = tcase_create("krylov");
  tcase_add_test(tests, gmres_solves_complex_systems);
  tcase_add_test(tests, gmres_tasks_do_not_meet);
  tcase_add_test(tests, lanczos_finds_the_end_of_the_spectrum);
  tcase_add_test(tests, lanczos_of_special_matrices);
  return linear_run("krylov", tests);
}
