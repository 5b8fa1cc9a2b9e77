/* SPDX-License-Identifier: MIT */
/* Inside of the engine's dense linear algebra: factors per task, and the one a problem keeps. */
#ifndef NUDGE_ENGINE_DENSE_H
#define NUDGE_ENGINE_DENSE_H

#include "engine/linear.h"

/* H + damping I of the learning loss at a point, factorised. */
typedef struct ndg_factor {
  uint64_t generation;
  double damping;
  ndg_vector *phi;
  ndg_dense dense; /* matrix is NULL */
  double *norms;   /* Frobenius, per task */
} ndg_factor;

/* [owner; open; frees] When the problem closes; NULL is fine. */
void ndg_factor_free(ndg_factor *);
/* [owner; open; P products with H unless kept] The problem's factor, remade if it is of another
   point. Counts as P Hessian-vector products either way, so that costs and bits do not depend on
   what ran before. Valid until asked for at another point. */
ndg_status ndg_factor_at(ndg_problem *, const ndg_vector *phi, double damping,
                         const ndg_factor **out, ndg_error *);
/* [owner; open; P products with H; allocates] As ndg_dense_hessian with `factorise`, evaluated in
   float64 whatever the problem's element type is (phi may also be complex: its real part), and
   without keeping the matrix. norms may be NULL. */
ndg_status ndg_factorise_at(ndg_problem *, uint32_t loss, double beta, const ndg_vector *phi,
                            double damping, ndg_dense *out, double *norms, ndg_error *);
/* [owner; open; as ndg_newton_relax] Newton's method with a factor that the caller has: of H at a
   point not far from the phase's start; NULL: the problem's own, at the start. */
ndg_status ndg_newton_from(ndg_problem *, ndg_phase *, const ndg_factor *, ndg_error *);
/* [owner; open; P products with H per step, tens of steps] Downhill on the loss augmented with
   beta, float64, the tasks that are wanted, to near a minimum. reached: false where none was found.
 */
ndg_status ndg_descend(ndg_problem *, double beta, ndg_vector *phi, const bool *wanted,
                       bool *reached, ndg_error *);
/* [any; any; 2P² per right-hand side] A⁻¹ of one task, in place. */
void ndg_dense_solve_task(const ndg_dense *, uint64_t task, size_t n_rhs, double *b);
/* [any; any; P²] Frobenius norm of each task's matrix. */
void ndg_dense_norms(const ndg_dense *, double *norms);

/* [owner; open; allocates] Real PHI or THETA vector in the problem's element type. NULL: no memory.
 */
ndg_vector *ndg_real_vector(const ndg_problem *, uint32_t space);

#endif
