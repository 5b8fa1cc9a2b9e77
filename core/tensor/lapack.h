/* SPDX-License-Identifier: MIT */
/* Dense linear algebra in double, matrices row-major and dense: LAPACK's factorisations and BLAS's
   products behind C names. Single-threaded, so the bits do not depend on the number of threads. */
#ifndef NUDGE_TENSOR_LAPACK_H
#define NUDGE_TENSOR_LAPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "nudge/types.h"

/* [any; any; n³/3] a (n x n, symmetric) := L in its lower triangle, the upper one untouched.
   NDG_ENUMERIC: not positive definite (a is spoilt). */
ndg_status ndg_cholesky(size_t n, double *a, ndg_error *);
/* [any; any; 2n² per right-hand side] Solves for n_rhs right-hand sides, each n contiguous numbers,
   in place. */
void ndg_cholesky_solve(size_t n, const double *l, size_t n_rhs, double *b);

/* [any; any; 2n³/3] a := its LU factors with row exchanges in pivots (n). NDG_ENUMERIC: singular.
 */
ndg_status ndg_lu(size_t n, double *a, int32_t *pivots, ndg_error *);
/* [any; any; 2n² per right-hand side] Solves A x = b, or Aᵀ x = b if transposed, in place. */
void ndg_lu_solve(size_t n, const double *lu, const int32_t *pivots, bool transposed, size_t n_rhs,
                  double *b);
/* The same for complex matrices (no conjugation anywhere). */
ndg_status ndg_lu_complex(size_t n, ndg_complex *a, int32_t *pivots, ndg_error *);
void ndg_lu_complex_solve(size_t n, const ndg_complex *lu, const int32_t *pivots, bool transposed,
                          size_t n_rhs, ndg_complex *b);

/* [any; any; 4n³/3, with vectors 9n³; allocates] Eigenvalues of a symmetric matrix in ascending
   order. If asked, row i of a becomes the unit eigenvector of values[i]; otherwise a is spoilt. */
ndg_status ndg_symmetric_eigen(size_t n, double *a, bool vectors, double *values, ndg_error *);

/* [any; any; hot] C := alpha op(A) op(B) + beta C, op(A) m x k, op(B) k x n. lda, ldb, ldc: numbers
   from one row to the next. */
void ndg_dgemm(bool a_transposed, bool b_transposed, size_t m, size_t n, size_t k, double alpha,
               const double *a, size_t lda, const double *b, size_t ldb, double beta, double *c,
               size_t ldc);
/* [any; any; hot] y := alpha op(A) x + beta y, A stored as rows x columns. */
void ndg_dgemv(bool transposed, size_t rows, size_t columns, double alpha, const double *a,
               size_t lda, const double *x, double beta, double *y);

#endif
