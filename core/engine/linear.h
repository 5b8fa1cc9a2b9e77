/* SPDX-License-Identifier: MIT */
/* Dense and iterative linear algebra with the Hessian, and Newton phases: built on evaluations
 * only. */
#ifndef NUDGE_ENGINE_LINEAR_H
#define NUDGE_ENGINE_LINEAR_H

#include "engine/problem.h"
#include "engine/vector.h"

/* Dense ∂²φφ of one loss at phi, per task, P x P row-major, symmetrised; REAL double. */
typedef struct ndg_dense {
  uint64_t n_tasks, n;
  double *matrix;  /* n_tasks x n x n */
  double *factor;  /* Cholesky, or LU where not positive definite */
  int32_t *pivots; /* LU only */
  uint32_t *is_lu; /* per task: NDG_CHOLESKY, NDG_LU, NDG_NO_FACTOR */
} ndg_dense;
/* No factor: of a task that is lost; its solutions are NaN. */
enum { NDG_CHOLESKY = 0, NDG_LU = 1, NDG_NO_FACTOR = 2 };

/* [owner; open; P products with H; allocates] NDG_ENUMERIC: singular. factor NULL unless asked for.
 */
ndg_status ndg_dense_hessian(ndg_problem *, uint32_t loss, ndg_complex beta, const ndg_vector *phi,
                             double damping, bool factorise, ndg_dense *out, ndg_error *);
/* [any; any; P² per task] x := A⁻¹ x for real vectors of any real dtype (through float64), and for
   real and imaginary part of complex ones. */
ndg_status ndg_dense_solve(const ndg_dense *, ndg_vector *x, ndg_error *);
void ndg_dense_free(ndg_dense *);

/* Behind ndg_problem_api.solve. [owner; estimating; as ndg_solve says] */
ndg_status ndg_linear_solve(ndg_problem *, ndg_solve *, ndg_error *);
/* Behind ndg_problem_api.relax for NDG_NEWTON: stationary point of the augmented loss from
   phase->start, real or complex beta, by steps with the factor of H at the start; where they
   contract too slowly, by GMRES preconditioned with it; where that is slow, with a factor made
   anew. A start that is no minimum of learn_loss goes downhill first. Ends at the tolerance, at
   round-off, or after `steps`. Counts every gradient, product and factorisation (P products), and
   the first factorisation also when it was kept from another phase. NDG_NOT_CONVERGED: stuck,
   short of the tolerance, or free (beta = 0) and ended where H is not positive definite;
   NDG_DIVERGED: not finite at the start. [owner; estimating; P products and tens of gradients] */
ndg_status ndg_newton_relax(ndg_problem *, ndg_phase *, ndg_error *);
/* Largest modulus of an eigenvalue of ∂²φφ learn_loss at phi, of each task: from above, by at most
   0.2 %, by Lanczos; 0 where a task is lost. [owner; estimating; tens of products with H] */
ndg_status ndg_largest_eigenvalues(ndg_problem *, const ndg_vector *phi, double *each, ndg_error *);

#endif
