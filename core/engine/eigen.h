/* SPDX-License-Identifier: MIT */
/* Spectral facts about a stationary point, through products only. */
#ifndef NUDGE_ENGINE_EIGEN_H
#define NUDGE_ENGINE_EIGEN_H

#include "engine/dense.h"

/* [owner; open; 4P³/3 per task; allocates] Smallest and largest eigenvalue of each task's matrix;
   the matrices are spoilt. */
ndg_status ndg_extreme_eigenvalues(ndg_dense *, double *smallest, double *largest, ndg_error *);
/* [owner; open; tens of products with the Hessian of eval_loss] Per task the smallest |beta| at
   which H + beta ∂²φφ L^eval is singular, by the factor of H at phi; INFINITY if there is none, NaN
   where the factor has none. */
ndg_status ndg_stability_radii(ndg_problem *, const ndg_vector *phi, const ndg_dense *, double *out,
                               ndg_error *);
/* [owner; open; tens of mixed products] ‖∂²φθ loss‖₂ at phi, per task. */
ndg_status ndg_mixed_norms(ndg_problem *, uint32_t loss, const ndg_vector *phi, double *out,
                           ndg_error *);

#endif
