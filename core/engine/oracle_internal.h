/* SPDX-License-Identifier: MIT */
/* The rungs of the oracle's ladder, for one problem at one theta. */
#ifndef NUDGE_ENGINE_ORACLE_INTERNAL_H
#define NUDGE_ENGINE_ORACLE_INTERNAL_H

#include "engine/dense.h"
#include "engine/internal.h"
#include "engine/oracle.h"

/* A gradient that is smaller than this share of its terms is compared with that share of them. */
#define NDG_SHARE_OF_TERMS 1e-3

/* Points on the contour of the holomorphic rung. */
enum { NDG_CONTOUR = 16 };

typedef struct ndg_ladder {
  ndg_problem *problem;    /* as asked */
  ndg_problem *f64, *wide; /* the same in float64 and long double */
  uint32_t allowed;
  uint64_t n_tasks, n_phi, n_theta;
  ndg_vector *phi, *phi_wide;    /* the stationary points, or the ends of learning */
  ndg_factor factor;             /* of H at phi, float64 */
  double *gradient[NDG_N_RUNGS]; /* Q, mean over tasks; NULL where not computed */
  double floor;   /* norm below which a gradient counts as this large: 1e-3 the size of its terms */
  uint64_t steps; /* unrolled: of learning */
  double initial_norm; /* ‖∂φ L^learn‖ at the initial point, largest over tasks */
  double *by_task;     /* n_tasks numbers of scratch */
  ndg_exact *exact;
} ndg_ladder;

/* Room for a rung's gradient; NULL: no memory. Marks it as computed. */
double *ndg_ladder_rung(ndg_ladder *, uint32_t rung);

/* oracle_point.c: phi*, its factor and its spectrum. Soft: no minimum was found. */
ndg_status ndg_ladder_settle(ndg_ladder *, ndg_error *);
ndg_status ndg_ladder_spectrum(ndg_ladder *, ndg_error *);
/* Means over tasks of both losses, and the largest norm of ∂φ L^learn. */
ndg_status ndg_ladder_losses(ndg_problem *, const ndg_vector *phi, double *learn, double *eval,
                             double *norm, ndg_error *);

/* oracle_rungs.c */
ndg_status ndg_rung_closed_form(ndg_ladder *, ndg_error *);
ndg_status ndg_rung_dense(ndg_ladder *, ndg_error *);
ndg_status ndg_rung_extended(ndg_ladder *, ndg_error *);
/* Size of the terms of the gradient at phi, which cancel where it is zero:
   ‖∂θL^eval‖ + ‖M H⁻¹ ∂φL^eval‖ + ‖M H⁻¹ ∂²φφL^eval φ‖, M = (∂²φθL^learn)ᵀ; mean over tasks. */
ndg_status ndg_ladder_terms(ndg_ladder *, double *size, ndg_error *);
/* out: mean over tasks of a THETA vector's real part. */
void ndg_ladder_mean(const ndg_vector *by_task, double *out);

/* oracle_contour.c */
ndg_status ndg_rung_holomorphic(ndg_ladder *, ndg_error *);

/* oracle_unrolled.c */
ndg_status ndg_rung_unrolled(ndg_ladder *, ndg_error *);
/* Reverse mode through `steps` steps from the initial point, states taking about `bytes` at most
   (the same bits whatever they are). phi: the end. gradient: Q, mean over tasks. */
ndg_status ndg_unrolled_gradient(ndg_problem *, uint64_t steps, double bytes, ndg_vector *phi,
                                 double *gradient, ndg_error *);

/* oracle_differences.c: relative distance between `gradient` and extrapolated central differences
   of the whole pipeline along random directions. */
ndg_status ndg_rung_differences(ndg_ladder *, uint32_t kind, const double *gradient,
                                double *distance, ndg_error *);

#endif
