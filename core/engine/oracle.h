/* SPDX-License-Identifier: MIT */
/* Exact meta-gradients: two independent ways must agree before either is called exact. */
#ifndef NUDGE_ENGINE_ORACLE_H
#define NUDGE_ENGINE_ORACLE_H

#include "engine/problem.h"

enum { NDG_EXACT_FIXED_POINT = 0, NDG_EXACT_UNROLLED = 1 };

/* Rungs of the ladder (mathematics.md section 1), as bits. */
enum {
  NDG_RUNG_CLOSED_FORM = 1u << 0, /* the learner's own extension */
  NDG_RUNG_DENSE = 1u << 1,       /* dense H, float64 factorisation, at a Newton-polished phi* */
  NDG_RUNG_EXTENDED = 1u << 2,    /* the same refined to long double */
  NDG_RUNG_HOLOMORPHIC = 1u << 3, /* contour of 16 exactly solved complex phases */
  NDG_RUNG_UNROLLED = 1u << 4,    /* full reverse mode, in long double */
  NDG_RUNG_DIFFERENCES =
      1u << 5 /* central differences of the whole pipeline, along random directions */
};
#define NDG_N_RUNGS 6

typedef struct ndg_exact {
  uint32_t kind;
  uint32_t rungs;   /* computed */
  uint32_t chosen;  /* the rung whose gradient is returned */
  uint32_t witness; /* the independent rung it was compared with */
  double agreement; /* ‖chosen − witness‖ / max(‖chosen‖, 1e-3 size of its terms): a gradient
                       of nothing but round-off counts as zero, and agrees with zero */
  double gradient_norm;    /* ‖∂φL^learn‖ at phi*, relative to the initial point's */
  double condition;        /* of H; NaN if unknown */
  double mu, l;            /* extreme eigenvalues of H */
  double stability_radius; /* rho, in beta: smallest |1/eigenvalue| of H⁻¹ ∂²φφL^eval */
  double b_learn, b_eval; /* Lipschitz constants at phi*: ‖∂²φθ L^learn‖₂, ‖∂²φθ L^eval‖₂ */
  double taylor[17]; /* ‖c_k‖ of G(beta) = Σ c_k beta^k, from the contour; NaN if unknown */
  double eval_loss, learn_loss;
} ndg_exact;

/* theta as set in the problem. gradient: Q (mean over tasks; NaN where no rung gave one). phi_star:
   n_tasks x P, likewise, or NULL. allowed: rungs that may be used; 0: all that apply, differences
   only where no other independent rung is. NDG_NOT_CONVERGED (soft): no two rungs agree to 1e-8, or
   phi* is no minimum; NDG_DIVERGED (soft): learning does. Both leave a message. [owner; open;
   seconds] */
ndg_status ndg_oracle(ndg_problem *, uint32_t kind, uint32_t allowed, double *gradient,
                      double *phi_star, ndg_exact *, ndg_error *);
const char *ndg_rung_name(uint32_t rung); /* "closed form", "dense", ... */

#endif
