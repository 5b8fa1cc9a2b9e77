/* SPDX-License-Identifier: MIT */
#include "linear_fixture.h"

#include <stdlib.h>

const ndg_dtype real_types[3] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE};
const double precision[3] = {1e-5, 1e-13, 1e-17};

ndg_problem *linear_open(fixture *f, const double *eigenvalues, uint64_t n, uint64_t n_tasks,
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

void solving_open(solving *s, const ndg_problem *p, uint32_t solver, const double *rhs) {
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

void solving_close(solving *s) {
  ndg_vector_destroy(s->phi);
  ndg_vector_destroy(s->rhs);
  ndg_vector_destroy(s->x);
}

double solving_residual(const fixture *f, const solving *s, uint64_t task) {
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

void linear_rhs(double *b, uint64_t n) {
  for (uint64_t i = 0; i < n; i++) {
    b[i] = fixture_number(31, i);
  }
}

void linear_spread(double *values, uint64_t n, double low, double high) {
  for (uint64_t i = 0; i < n; i++) {
    values[i] = low * pow(high / low, (double)i / (double)(n - 1));
  }
}

/* (H + pull + beta M) φ = h + pull θ + beta M c with diagonal M, as a matrix over complex numbers.
 */
void newton_exact(const fixture *f, double complex beta, uint64_t task, double complex *phi) {
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

ndg_status newton_relax(ndg_problem *p, double complex beta, const ndg_vector *start,
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

void newton_quartic(fixture *f, uint64_t n_tasks, ndg_dtype dtype) {
  double values[N];
  linear_spread(values, N, 0.5, 6);
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

void newton_wells(fixture *f, ndg_dtype dtype) {
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

int linear_run(const char *suite, TCase *tests) {
  Suite *s = suite_create(suite);
  suite_add_tcase(s, tests);
  SRunner *runner = srunner_create(s);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
