/* SPDX-License-Identifier: MIT */
/* Dense linear algebra in double, matrices row-major and dense: LAPACK's factorisations behind C
   names. Single-threaded, so the bits do not depend on the number of threads. */
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
/* [any; any; 4n³/3, with vectors 9n³; allocates] Eigenvalues of a symmetric matrix in ascending
   order. If asked, row i of a becomes the unit eigenvector of values[i]; otherwise a is spoilt. */
ndg_status ndg_symmetric_eigen(size_t n, double *a, bool vectors, double *values, ndg_error *);

#endif
