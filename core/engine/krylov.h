/* SPDX-License-Identifier: MIT */
/* Krylov methods on plain arrays, all tasks in step, each with its own numbers: a task that has
   finished is fed zeros and changes no other. */
#ifndef NUDGE_ENGINE_KRYLOV_H
#define NUDGE_ENGINE_KRYLOV_H

#include <complex.h>

#include "nudge/types.h"

/* y := A x for every task; x and y hold n_tasks x n numbers. */
typedef ndg_status (*ndg_operator)(void *context, const double *x, double *y, ndg_error *);
typedef ndg_status (*ndg_complex_operator)(void *context, const double complex *x,
                                           double complex *y, ndg_error *);

/* Extreme eigenvalue of the symmetric pencil A x = λ B x, B positive definite, by Lanczos with full
   reorthogonalisation in the inner product of B. */
typedef struct ndg_pencil {
  uint64_t n_tasks, n;
  ndg_operator apply; /* A */
  ndg_operator solve; /* B⁻¹; NULL: B = I */
  void *context;
} ndg_pencil;
/* [owner; any; at most `limit` products; allocates] largest[t]: eigenvalue of largest modulus;
   bound[t]: how far, in modulus, the nearest eigenvalue may be from it, at most `tolerance`
   relative, or NDG_NOT_CONVERGED. */
ndg_status ndg_lanczos(const ndg_pencil *, uint32_t limit, double tolerance, double *largest,
                       double *bound, ndg_error *);

/* Solve A x = b by GMRES, preconditioned from the right by P. */
typedef struct ndg_gmres {
  uint64_t n_tasks, n;
  ndg_complex_operator apply;        /* A */
  ndg_complex_operator precondition; /* P⁻¹ */
  void *context;
  uint32_t limit;   /* products with A */
  double tolerance; /* relative residual, per task */
} ndg_gmres;
/* [owner; any; `limit` products; allocates] Tasks whose b is zero are left at zero. residual:
   relative, per task. */
ndg_status ndg_gmres_solve(const ndg_gmres *, const double complex *b, double complex *x,
                           double *residual, ndg_error *);

#endif
