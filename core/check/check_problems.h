/* SPDX-License-Identifier: MIT */
/* Problems of the checker's own on which rules are judged: small, with everything about them known
   in closed form. For each task, with curvature H = A + diag(K θ) + 3q diag(φ²),

     L^learn = ½ φᵀAφ + ½ Σᵢ (Kθ)ᵢ φᵢ² + ¼ q Σᵢ φᵢ⁴ - φᵀ(Bθ + a)
     L^eval  = ½ φᵀMφ - φᵀ(Cθ + c) + dᵀθ

   so that θ, of another length than φ, acts through forces, through curvature and directly, and no
   derivative of it is symmetric by accident. All coefficients are multiples of 2⁻⁸ times a power of
   two: float32 holds them exactly. Long double holds what they imply. */
#ifndef NUDGE_CHECK_PROBLEMS_H
#define NUDGE_CHECK_PROBLEMS_H

#include <complex.h>

#include "engine/problem.h"
#include "plugin/registry.h"

enum { NDG_REF_PHI = 4, NDG_REF_THETA = 5, NDG_REF_META = NDG_REF_THETA + NDG_REF_PHI };
enum { NDG_REF_TASKS = 4 };

enum {
  NDG_REF_MILD,     /* eigenvalues of H in about [1, 3] */
  NDG_REF_IDENTITY, /* H = 2I */
  NDG_REF_ILL,      /* condition number about 5000; that of L^eval alike */
  NDG_REF_UNSTABLE  /* task 1, if there is one, has no minimum and runs away; others as MILD */
};

typedef struct ndg_ref_form {
  uint32_t curvature;
  uint32_t n_tasks;
  bool has_start;        /* learning starts at more of theta; else at 0 */
  bool poisoned;         /* L^eval is NaN everywhere */
  double quartic;        /* q */
  int learn_power;       /* L^learn times two to it, and the step size divided by it */
  int eval_power;        /* L^eval likewise */
  bool eval_zero;        /* L^eval = 0 */
  const uint32_t *which; /* n_tasks numbers of tasks; NULL: 0, 1, ... */
  ndg_inner inner;       /* before that division */
  ndg_dtype dtype;
  ndg_pool *pool;
} ndg_ref_form;

/* One task, row-major; scaled by the powers of its form. */
typedef struct ndg_ref_task {
  double a_matrix[NDG_REF_PHI * NDG_REF_PHI], b[NDG_REF_PHI * NDG_REF_THETA], a[NDG_REF_PHI];
  double k[NDG_REF_PHI * NDG_REF_THETA], m[NDG_REF_PHI * NDG_REF_PHI];
  double c_matrix[NDG_REF_PHI * NDG_REF_THETA], c[NDG_REF_PHI], d[NDG_REF_THETA];
  double quartic;
} ndg_ref_task;

typedef long double ndg_real;

/* Gradients of steps that were asked for before: they take long. */
enum { NDG_REF_KNOWN = 16 };
typedef struct ndg_ref_known {
  uint64_t task, steps, window;
  ndg_optimizer optimizer;
  ndg_real gradient[NDG_REF_META], doubt;
} ndg_ref_known;

typedef struct ndg_ref_problem {
  ndg_ref_form form;
  uint64_t n_tasks, n_meta; /* n_meta: Q of the problem */
  uint64_t number[NDG_REF_TASKS];
  ndg_ref_task task[NDG_REF_TASKS];
  double theta[NDG_REF_META]; /* the start, if there is one, behind the rest */
  ndg_problem *problem;
  uint64_t n_known; /* all that were ever put there; the last NDG_REF_KNOWN are */
  ndg_ref_known known[NDG_REF_KNOWN];
  ndg_loaded learner;
  struct ndg_ref_options {
    double quartic;
    int32_t has_start, poisoned;
  } options;
} ndg_ref_problem;

/* Gradient descent that converges on MILD and IDENTITY problems to the last digit, as do slower
   optimisers in as many steps; brief: only itself. */
ndg_inner ndg_ref_descent(void);
ndg_inner ndg_ref_brief_descent(void);
/* Few short steps of an optimiser: far from converged. */
ndg_inner ndg_ref_short(uint32_t optimizer);
ndg_inner ndg_ref_newton(void);

/* [main; any; allocates] Data of task i of a seed are the same in every form. The problem stays at
   its address until it is closed. */
ndg_status ndg_ref_open(ndg_ref_problem *, const ndg_ref_form *, uint64_t seed, ndg_error *);
/* [main; open; frees] A zeroed one is fine. */
void ndg_ref_close(ndg_ref_problem *);

/* The graph learner itself, for the registry. */
extern const ndg_component ndg_ref_learner;

/* ---- what is known, per task, in long double ---- */

typedef _Complex long double ndg_ref_number;

/* [any; open; pure] ∂φ(L^learn + β L^eval) at a point, real or complex. */
void ndg_ref_slope(const ndg_ref_problem *, uint64_t task, const ndg_ref_number *phi,
                   ndg_ref_number beta, ndg_ref_number *out);
/* [any; open; pure] H + damping I at phi. */
void ndg_ref_hessian(const ndg_ref_problem *, uint64_t task, const ndg_real *phi, ndg_real damping,
                     ndg_real *out);
/* [any; open; pure] Solves in place; destroys the matrix. False: singular. */
bool ndg_ref_solve(uint32_t n, ndg_real *matrix, ndg_real *x);
/* [any; open; pure] Minimiser of L^learn; False: none was found. */
bool ndg_ref_optimum(const ndg_ref_problem *, uint64_t task, ndg_real *phi);

/* The gradient of the fixed point with H + damping I for H, and what errors can do to it. */
typedef struct ndg_ref_fixed {
  ndg_real gradient[NDG_REF_META];
  ndg_real phi[NDG_REF_PHI], g[NDG_REF_PHI], v[NDG_REF_PHI];
  ndg_real smallest;  /* eigenvalue of H + damping I */
  ndg_real condition; /* of it */
  ndg_real sensitivity; /* ‖(∂²φθ L^learn)ᵀ (H + damping I)⁻¹‖: of the gradient to the residual */
  ndg_real terms;      /* size of what is added up in ∂θL^learn */
  ndg_real eval_terms; /* and in the gradient itself */
  ndg_real radius;     /* of stability, in beta; INFINITY: L^eval has no curvature */
} ndg_ref_fixed;
/* [any; open; pure] */
bool ndg_ref_fixed_point(const ndg_ref_problem *, uint64_t task, ndg_real damping, ndg_ref_fixed *);
/* [any; open; pure] ‖a_k‖ of G(beta) = Σ a_k beta^k, k = 0 .. n-1; n <= NDG_REF_TAYLOR. */
enum { NDG_REF_TAYLOR = 40 };
bool ndg_ref_taylor(const ndg_ref_problem *, uint64_t task, uint32_t n, ndg_real *norm);

/* [any; open; steps] The gradient after steps of an optimiser (no field NaN) through the last
   `window` of them (0: all, and the start), by extrapolated differences of the steps themselves;
   *doubt: how far the last two orders of extrapolation are apart, relative. */
bool ndg_ref_unrolled(ndg_ref_problem *, uint64_t task, const ndg_optimizer *, uint64_t steps,
                      uint64_t window, ndg_real *gradient, ndg_real *doubt);

/* [any; any; pure] ‖x‖₂ */
ndg_real ndg_ref_norm(const ndg_real *x, uint64_t n);

#endif
