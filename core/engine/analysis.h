/* SPDX-License-Identifier: MIT */
/* How wrong an estimate is, and what theory says it should be. Pure functions on plain arrays. */
#ifndef NUDGE_ENGINE_ANALYSIS_H
#define NUDGE_ENGINE_ANALYSIS_H

#include <stdbool.h>

#include "nudge/types.h"

typedef struct ndg_comparison {
  double relative_error; /* ‖a − e‖ / ‖e‖ */
  double cosine;
  double sign_agreement; /* share of elements with the sign of the exact one, zeros of e left out */
  double norm_ratio;     /* ‖a‖ / ‖e‖ */
} ndg_comparison;
/* [any; any; pure] Sums are compensated. A zero exact gradient gives NaN (relative_error: 0 or
 * inf). */
ndg_comparison ndg_compare(const double *estimate, const double *exact, uint64_t n);

typedef struct ndg_order {
  double order;               /* slope of log error over log beta where truncation dominates */
  double constant;            /* error ≈ constant beta^order there */
  double beta_low, beta_high; /* the stretch used, at least a decade */
  uint64_t n;                 /* points in it; 0: no such stretch, the rest is NaN */
} ndg_order;
/* [any; any; pure] beta ascending. Fits the straightest stretch of at least a decade on the
   large-beta branch of the V, below `beta_max` (NaN: no limit). */
ndg_order ndg_fit_order(const double *beta, const double *error, uint64_t n, double beta_max);

/* mathematics.md section 2, for truncation order p with error ≈ C beta^p:
   bound(beta) = (B_learn/beta)(δ + δ') + B_eval δ' + C beta^p/(1 + beta^p), relative if divided by
   ‖∇F‖. */
typedef struct ndg_bound {
  double b_learn, b_eval, delta, delta_nudged, c;
  uint32_t p;
  uint32_t reserved;
} ndg_bound;
/* [any; any; pure] */
double ndg_bound_at(const ndg_bound *, double beta);
/* [any; any; pure] beta that minimises it (closed form of the two leading terms). */
double ndg_bound_optimum(const ndg_bound *);

#endif
