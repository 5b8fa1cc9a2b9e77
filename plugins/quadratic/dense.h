/* SPDX-License-Identifier: MIT */
/* Small dense linear algebra in long double: just what closed forms need. Matrices are row-major.
 */
#ifndef DENSE_H
#define DENSE_H

#include <stdint.h>

/* [any; any; n³/6] Lower Cholesky factor of the symmetric a (n x n) in place; 0, or 1 + the index
   of the first pivot that is not above round-off: a is not positive definite. */
uint64_t dense_cholesky(long double *a, uint64_t n);
/* [any; any; n²] x := A⁻¹ x, with the factor of A. */
void dense_solve(const long double *factor, uint64_t n, long double *x);
/* [any; any; rows columns] y := y + s A x, or y + s Aᵀ x if transposed, for a rows x columns A. */
void dense_multiply(const double *a, uint64_t rows, uint64_t columns, int transposed, long double s,
                    const long double *x, long double *y);
/* [any; any; rows columns²] g := g + s AᵀA, all of the symmetric result. */
void dense_gram(const double *a, uint64_t rows, uint64_t columns, long double s, long double *g);
/* [any; any; n²] g := g + s (A + Aᵀ)/2. */
void dense_add_symmetric(const double *a, uint64_t n, long double s, long double *g);
/* [any; any; n²] y := y + s (A + Aᵀ)/2 x. */
void dense_multiply_symmetric(const double *a, uint64_t n, long double s, const long double *x,
                              long double *y);

#endif
