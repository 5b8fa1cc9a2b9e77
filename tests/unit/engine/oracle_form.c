/* SPDX-License-Identifier: MIT */
#include "oracle_form.h"

#include <math.h>
#include <string.h>

static void solve(const long double *matrix, const long double *b, long double *x, int n) {
  static long double a[FORM_N][FORM_N + 1];
  for (int i = 0; i < n; i++) {
    memcpy(a[i], matrix + i * n, (size_t)n * sizeof *matrix);
    a[i][n] = b[i];
  }
  for (int k = 0; k < n; k++) {
    int best = k;
    for (int i = k; i < n; i++) {
      best = fabsl(a[i][k]) > fabsl(a[best][k]) ? i : best;
    }
    for (int j = 0; j <= n; j++) {
      const long double swap = a[k][j];
      a[k][j] = a[best][j];
      a[best][j] = swap;
    }
    for (int i = k + 1; i < n; i++) {
      const long double by = a[i][k] / a[k][k];
      for (int j = k; j <= n; j++) {
        a[i][j] -= by * a[k][j];
      }
    }
  }
  for (int i = n - 1; i >= 0; i--) {
    x[i] = a[i][n];
    for (int j = i + 1; j < n; j++) {
      x[i] -= a[i][j] * x[j];
    }
    x[i] /= a[i][i];
  }
}

void form_apply(const long double *a, const long double *x, long double *y) {
  for (int i = 0; i < FORM_N; i++) {
    y[i] = 0;
    for (int j = 0; j < FORM_N; j++) {
      y[i] += a[i * FORM_N + j] * x[j];
    }
  }
}

void form_exact(const fixture *f, uint64_t t, const double *theta, form *out) {
  long double away[FORM_N], force[FORM_N], turn[FORM_N];
  for (int i = 0; i < FORM_N * FORM_N; i++) {
    out->a[i] = f->numbers[0][t * FORM_N * FORM_N + (uint64_t)i];
    out->a[i] += i / FORM_N == i % FORM_N ? f->options.pull : 0;
    out->m[i] = f->numbers[2][t * FORM_N * FORM_N + (uint64_t)i];
  }
  for (uint64_t i = 0; i < FORM_N; i++) {
    out->rhs[i] = f->numbers[1][t * FORM_N + i] + (long double)f->options.pull * theta[i];
    out->c[i] = f->numbers[3][t * FORM_N + i];
  }
  solve(out->a, out->rhs, out->phi, FORM_N);
  for (int i = 0; i < FORM_N; i++) {
    away[i] = out->phi[i] - out->c[i];
  }
  form_apply(out->m, away, force);
  solve(out->a, force, turn, FORM_N); /* −dφ/dβ */
  for (int i = 0; i < FORM_N; i++) {
    out->gradient[i] = f->options.pull * turn[i];
  }
  form_apply(out->m, turn, force);
  solve(out->a, force, turn, FORM_N); /* half of d²φ/dβ² */
  for (int i = 0; i < FORM_N; i++) {
    out->second[i] = -f->options.pull * turn[i];
  }
}

void form_fill(fixture *f, uint64_t n_tasks, double low, double high) {
  double values[FORM_N], weights[FORM_N];
  fixture_form(f, FORM_N, n_tasks);
  f->options.pull = 0.7;
  for (int i = 0; i < FORM_N; i++) {
    values[i] = low * pow(high / low, i / (FORM_N - 1.0));
    weights[i] = 0.2 + 0.1 * i;
  }
  for (uint64_t t = 0; t < n_tasks; t++) {
    fixture_matrix(f->numbers[0] + t * FORM_N * FORM_N, values, FORM_N, 3 + 7 * t);
    fixture_matrix(f->numbers[2] + t * FORM_N * FORM_N, weights, FORM_N, 5 + 7 * t);
    for (uint64_t i = 0; i < FORM_N; i++) {
      f->numbers[1][t * FORM_N + i] = fixture_number(41, t * FORM_N + i);
      f->numbers[3][t * FORM_N + i] = fixture_number(42, t * FORM_N + i);
    }
  }
}

double form_distance(const double *a, const long double *b) {
  double rounded[FORM_N];
  for (int i = 0; i < FORM_N; i++) {
    rounded[i] = (double)b[i];
  }
  return fixture_distance(a, rounded, FORM_N);
}

double form_norm(const long double *x) {
  long double s = 0;
  for (int i = 0; i < FORM_N; i++) {
    s += x[i] * x[i];
  }
  return (double)sqrtl(s);
}
