/* SPDX-License-Identifier: MIT */
#include "dense.h"

#include <float.h>
#include <math.h>

uint64_t dense_cholesky(long double *a, uint64_t n) {
  for (uint64_t j = 0; j < n; j++) {
    const long double diagonal = a[j * n + j];
    long double pivot = diagonal;
    for (uint64_t k = 0; k < j; k++) {
      pivot -= a[j * n + k] * a[j * n + k];
    }
    /* Written so that NaN fails too. */
    if (!(pivot > (long double)n * LDBL_EPSILON * fabsl(diagonal))) {
      return j + 1;
    }
    a[j * n + j] = sqrtl(pivot);
    for (uint64_t i = j + 1; i < n; i++) {
      long double sum = a[i * n + j];
      for (uint64_t k = 0; k < j; k++) {
        sum -= a[i * n + k] * a[j * n + k];
      }
      a[i * n + j] = sum / a[j * n + j];
    }
  }
  return 0;
}

void dense_solve(const long double *factor, uint64_t n, long double *x) {
  for (uint64_t i = 0; i < n; i++) {
    for (uint64_t k = 0; k < i; k++) {
      x[i] -= factor[i * n + k] * x[k];
    }
    x[i] /= factor[i * n + i];
  }
  for (uint64_t i = n; i-- > 0;) {
    for (uint64_t k = i + 1; k < n; k++) {
      x[i] -= factor[k * n + i] * x[k];
    }
    x[i] /= factor[i * n + i];
  }
}

void dense_multiply(const double *a, uint64_t rows, uint64_t columns, int transposed, long double s,
                    const long double *x, long double *y) {
  for (uint64_t i = 0; i < rows; i++) {
    const double *row = a + i * columns;
    long double sum = 0;
    for (uint64_t j = 0; j < columns; j++) {
      if (transposed) {
        y[j] += s * x[i] * row[j];
      } else {
        sum += row[j] * x[j];
      }
    }
    if (!transposed) {
      y[i] += s * sum;
    }
  }
}

void dense_gram(const double *a, uint64_t rows, uint64_t columns, long double s, long double *g) {
  for (uint64_t i = 0; i < rows; i++) {
    const double *row = a + i * columns;
    for (uint64_t j = 0; j < columns; j++) {
      for (uint64_t k = 0; k < columns; k++) {
        g[j * columns + k] += s * row[j] * row[k];
      }
    }
  }
}

void dense_add_symmetric(const double *a, uint64_t n, long double s, long double *g) {
  for (uint64_t i = 0; i < n; i++) {
    for (uint64_t j = 0; j < n; j++) {
      g[i * n + j] += s * ((long double)a[i * n + j] + a[j * n + i]) / 2;
    }
  }
}

void dense_multiply_symmetric(const double *a, uint64_t n, long double s, const long double *x,
                              long double *y) {
  for (uint64_t i = 0; i < n; i++) {
    for (uint64_t j = 0; j < n; j++) {
      y[i] += s * ((long double)a[i * n + j] + a[j * n + i]) / 2 * x[j];
    }
  }
}
