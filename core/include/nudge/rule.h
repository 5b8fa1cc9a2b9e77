/* SPDX-License-Identifier: MIT */
/* The meta-rule kind: an estimate of +grad F for a problem (learner + tasks + inner optimiser).
   A rule is single-threaded code that calls the host in blocks: phases, evaluations, linear solves,
   transposed steps and linear combinations of vectors. It never loops over tasks or elements. */
#ifndef NUDGE_RULE_H
#define NUDGE_RULE_H

#include "nudge/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ndg_problem ndg_problem; /* the host's */
typedef struct ndg_vector ndg_vector;   /* the host's: tasks x length numbers of one space */

/* Spaces of vectors. STATE is phi followed by the slots of an optimiser (velocity, moments). */
enum { NDG_PHI = 0, NDG_THETA = 1, NDG_STATE = 2 };

/* PROBLEM in a request means: as the problem's inner optimiser says. */
enum {
  NDG_OPTIMIZER_PROBLEM = 0,
  NDG_GRADIENT_DESCENT = 1,
  NDG_HEAVY_BALL = 2,
  NDG_NESTEROV = 3,
  NDG_ADAM = 4,
  NDG_NEWTON = 5 /* damped Newton with a dense Hessian; not differentiable as a step */
};
typedef struct ndg_optimizer { /* frozen */
  uint32_t kind;
  uint32_t reserved;
  double lr;       /* step size; NaN: the problem's */
  double momentum; /* heavy ball, Nesterov; Adam's beta1; NaN: the problem's */
  double beta2;    /* Adam; NaN: the problem's */
  double epsilon;  /* Adam; NaN: the problem's */
} ndg_optimizer;
/* Initialisers of a whole ndg_choice table, for options that choose an optimiser:
   `static const ndg_choice optimizers[] = {NDG_OPTIMIZER_CHOICES("...")};` Rules differ in what
   Newton is good for, so its line is theirs. */
#define NDG_OPTIMIZER_CHOICES(newton_doc_)                                                         \
  {"problem", NDG_OPTIMIZER_PROBLEM, "As the problem's inner optimiser."},                         \
      {"gradient_descent", NDG_GRADIENT_DESCENT, "Plain gradient descent."},                       \
      {"heavy_ball", NDG_HEAVY_BALL, "Momentum."},                                                 \
      {"nesterov", NDG_NESTEROV, "Nesterov's momentum."}, {"adam", NDG_ADAM, "Adam."},             \
      {"newton", NDG_NEWTON, newton_doc_}, {                                                       \
    NULL, 0, NULL                                                                                  \
  }

/* ABI 1.1. What happens to a task whose nudged phase runs away slowly: over the second half of its
   steps the gradient norm more than doubles, and grows faster per step than in the task's last
   phase from the initial point in this estimate. Optimisers whose steps follow the slope show an
   unstable minimum so; Newton's and Adam's do not and are not watched. */
enum {
  NDG_GROWTH_IGNORED = 0,
  NDG_GROWTH_REPORTED = 1, /* soft status PAST_RADIUS */
  NDG_GROWTH_REFUSED = 2   /* and no number: NaN in the task's row of the gradient */
};

/* A phase: optimiser steps on 𝓛 = learn_loss + beta eval_loss from a point. */
typedef struct ndg_phase {
  uint32_t struct_size;
  uint32_t record;         /* 1: store every state in states[0..steps] */
  ndg_complex beta;        /* real phases: im == 0 and real vectors */
  ndg_optimizer optimizer; /* kind PROBLEM: the problem's */
  const ndg_vector *start; /* PHI (fresh optimiser state) or STATE (carried); NULL: initial point */
  ndg_vector *end;         /* PHI or STATE; may be start */
  uint64_t first_step;     /* number of the first step: minibatch and bias-correction index */
  uint64_t steps;          /* at most so many */
  double tolerance; /* stop when ‖∂φ𝓛‖ <= tolerance max(1, ‖∂φ𝓛‖ at the initial point); 0: run
                       all steps */
  ndg_vector *const *states; /* with record: steps + 1 vectors of space STATE */
  /* filled by the host */
  uint64_t steps_taken;
  double gradient_norm; /* ‖∂φ𝓛‖ at the end, largest over tasks; NaN if not measured. Minibatches,
                           no tolerance: on step 0's */
  double contraction; /* ratio of gradient norms over the second half, per step; > 1: unstable */
  uint32_t growth;    /* in, ABI 1.1: NDG_GROWTH_* */
  uint32_t reserved;
} ndg_phase;

/* Which loss an evaluation is of. */
enum { NDG_LEARN_LOSS = 0, NDG_EVAL_LOSS = 1, NDG_AUGMENTED_LOSS = 2 };
/* What is wanted; bits. */
enum {
  NDG_WANT_VALUE = 1u << 0,        /* value: mean over tasks of the loss */
  NDG_WANT_GRAD_PHI = 1u << 1,     /* ∂φ */
  NDG_WANT_GRAD_THETA = 1u << 2,   /* ∂θ at phi held fixed */
  NDG_WANT_HVP = 1u << 3,          /* (∂²φφ) v */
  NDG_WANT_MIXED = 1u << 4,        /* (∂²φθ)ᵀ v, v in PHI, result in THETA */
  NDG_WANT_MIXED_FORWARD = 1u << 5 /* (∂²φθ) u, u in THETA, result in PHI */
};
typedef struct ndg_evaluation {
  uint32_t struct_size;
  uint32_t want;
  uint32_t loss;
  uint32_t reserved;
  ndg_complex beta;            /* AUGMENTED_LOSS */
  const ndg_vector *phi;       /* PHI or STATE */
  const ndg_vector *direction; /* PHI for HVP and MIXED, THETA for MIXED_FORWARD */
  ndg_vector *grad_phi, *grad_theta, *hvp, *mixed, *mixed_forward; /* as wanted */
  ndg_complex value;
} ndg_evaluation;

/* Solve (H + damping I) x = rhs, H = ∂²φφ learn_loss at phi. */
enum { NDG_SOLVE_DENSE = 0, NDG_SOLVE_CG = 1, NDG_SOLVE_NEUMANN = 2 };
typedef struct ndg_solve {
  uint32_t struct_size;
  uint32_t solver;
  const ndg_vector *phi;
  const ndg_vector *rhs;
  ndg_vector *x; /* in: start if warm; out: solution */
  uint32_t warm; /* 1: x holds a start; 0: start from zero */
  uint32_t reserved;
  uint64_t iterations; /* CG: products with H; NEUMANN: terms beyond the first */
  double tolerance;    /* relative residual at which to stop; 0: all iterations */
  double damping;      /* >= 0 */
  double alpha;        /* NEUMANN: step; NaN: 1 / (largest eigenvalue), found by the host */
  /* filled by the host */
  uint64_t iterations_taken;
  double residual; /* ‖rhs − (H + damping I) x‖ / ‖rhs‖, recomputed, largest over tasks */
} ndg_solve;

/* Sizes and facts of a problem. */
typedef struct ndg_problem_info {
  uint32_t struct_size;
  uint32_t dtype;
  uint64_t n_tasks, n_phi, n_theta;
  uint64_t steps;          /* of the inner phase */
  double tolerance;        /* of the inner phase */
  ndg_optimizer optimizer; /* of the inner phase, no field NaN */
  double stability_radius; /* in beta, if it has been computed for this theta; else NaN */
  uint64_t n_start; /* ABI 1.1: how many of n_phi start at a number of theta that is learned */
} ndg_problem_info;

/* Non-local things that a rule used; set by the host as it sees them used. */
enum {
  NDG_USES_SECOND_DERIVATIVES = 1u << 0,
  NDG_USES_STORED_TRAJECTORY = 1u << 1,
  NDG_USES_TIME_REVERSAL = 1u << 2,
  NDG_USES_COMPLEX_STATE = 1u << 3,
  NDG_USES_DENSE_MATRIX = 1u << 4
};

/* What an estimate cost and how it went. The host counts; the rule fills the lines marked so. */
typedef struct ndg_record {
  uint32_t struct_size;
  uint32_t nonlocal;
  /* Phases, counted as if each were run from its start; free ones that go from STATE to STATE, or
     record, are stretches of one learning and count as one with the phase that they go on from. */
  uint64_t learner_runs;
  uint64_t gradient_evaluations;    /* per task; a complex one counts as one */
  uint64_t hessian_vector_products; /* products with ∂²φφ, and transposed steps */
  uint64_t mixed_products;
  uint64_t bytes_held;  /* largest total of live vectors */
  double residual;      /* rule: of the linear solve; NaN: none */
  double gradient_norm; /* host: largest ‖∂φ𝓛‖ where a learning ended; NaN: not measured */
  double stability_radius; /* rule or host: NaN: not known */
  ndg_status status;       /* soft status of the whole estimate */
  uint32_t reserved;
  char note[256]; /* rule: one line where status > 0; else empty */
} ndg_record;

/* All calls: [main or worker; estimating; cost as said]; whole batch of tasks; never re-entered.
   Vectors are zeroed when created and freed by the host when the estimate returns. */
typedef struct ndg_problem_api {
  uint32_t struct_size;
  uint32_t reserved;
  void (*describe)(const ndg_problem *, ndg_problem_info *);
  /* New vector; complex != 0: complex numbers. NULL: out of memory. STATE: for that optimiser
     (NULL: the problem's). */
  ndg_vector *(*vector)(ndg_problem *, uint32_t space, int is_complex, const ndg_optimizer *);
  /* Give a vector back before the end of the estimate. NULL is fine. */
  void (*release)(ndg_problem *, ndg_vector *);
  /* Vector that stays, under a name, from one estimate of this rule object to the next; *fresh is 1
     when it was made (zeroed) by this call. */
  ndg_vector *(*keep)(ndg_problem *, const char *name, uint32_t space, int *fresh);
  /* out = scale Σ_i weight_i in_i; a complex sum into a real out keeps the real part. */
  ndg_status (*combine)(ndg_problem *, ndg_vector *out, ndg_complex scale, uint64_t n,
                        const ndg_complex *weights, const ndg_vector *const *in, ndg_error *);
  /* Euclidean norm, largest over tasks; NaN passes through. */
  double (*norm)(ndg_problem *, const ndg_vector *);
  /* Cost: steps gradient evaluations. Soft status DIVERGED, PAST_RADIUS (if growth is watched),
     NOT_CONVERGED. A task that diverged is put back to its initial point, and whatever the rule
     writes into its row of the gradient becomes NaN: where there are other tasks a rule may go on.
   */
  ndg_status (*relax)(ndg_problem *, ndg_phase *, ndg_error *);
  ndg_status (*evaluate)(ndg_problem *, ndg_evaluation *, ndg_error *);
  ndg_status (*solve)(ndg_problem *, ndg_solve *, ndg_error *);
  /* One optimiser step transposed, at the state before it: adjoint (STATE) becomes that of the
     earlier state; theta_adjoint (THETA) is added to. The loss is learn_loss. */
  ndg_status (*step_transposed)(ndg_problem *, const ndg_optimizer *, const ndg_vector *state,
                                uint64_t step, ndg_vector *adjoint, ndg_vector *theta_adjoint,
                                ndg_error *);
  /* Adds to theta_adjoint what the initial point passes on from phi_adjoint (PHI or STATE). */
  ndg_status (*start_transposed)(ndg_problem *, const ndg_vector *phi_adjoint,
                                 ndg_vector *theta_adjoint, ndg_error *);
  /* [.; .; cheap] True when the user asked to stop: return NDG_EINVAL soon. */
  int (*cancelled)(const ndg_problem *);
  /* ABI 1.1. Euclidean norm of each task's row; NaN for a task that has diverged. */
  void (*norms)(ndg_problem *, const ndg_vector *, double *out);
  /* ABI 1.1. A task, counted from 0, that is nudged past its radius: whatever the rule writes into
     its row of the gradient becomes NaN. What decides on it must not depend on other tasks. */
  void (*refuse)(ndg_problem *, uint64_t task);
  /* ABI 1.1. The same of a task that keeps its row: so that this is not lost where another task, of
     which there is worse to say, decides on the status. */
  void (*report)(ndg_problem *, uint64_t task);
  /* ABI 1.1. Stability radius of each task, in beta, as far as they have been computed for this
     theta; else NaN. The least of them is ndg_problem_info.stability_radius, if all are known. */
  void (*radii)(const ndg_problem *, double *out);
  /* ABI 1.2. Inner product of each task's rows of two real vectors, one of which may be a STATE
     where the other is a PHI; NaN for a task that has diverged. */
  ndg_status (*dots)(ndg_problem *, const ndg_vector *x, const ndg_vector *y, double *out,
                     ndg_error *);
  /* ABI 1.2. As combine with real weights of each task's own: row t of out is the sum over i of
     weights[i n_tasks + t] times row t of in_i. */
  ndg_status (*mix)(ndg_problem *, ndg_vector *out, uint64_t n, const double *weights,
                    const ndg_vector *const *in, ndg_error *);
  /* ABI 1.2. Standard normal numbers into a real vector. A task's depend on the problem's seed,
     label, index and the number of the task: not on other tasks, or on what was drawn before. */
  ndg_status (*draw)(ndg_problem *, const char *label, uint64_t index, ndg_vector *out,
                     ndg_error *);
} ndg_problem_api;

/* ABI 1.1. Truncation error of an estimate that samples G(beta), the derivative in theta of
   learn_loss + beta eval_loss where learning on that sum has ended. With exact phases and G(beta) =
   sum over k of a_k beta^k, the true gradient being a_1:
     estimate - a_1 = factor a_{order + 1} beta^order + higher powers of beta, up to sign.
   beta is the rule's option of that name. */
typedef struct ndg_truncation {
  uint32_t struct_size; /* set by the caller */
  uint32_t order;       /* at least 1 */
  double factor;        /* its size; > 0 */
} ndg_truncation;

/* ABI 1.2. What an estimate is of: what it tends to as its own errors (truncation(), the residual
   of the record) vanish. FIXED_POINT: +grad F where learning has converged. Such a solution forgets
   where learning began: what theta does through the initial point gets exactly zero. UNROLLED: the
   gradient of eval_loss after the steps of learning that are taken, converged or not, through the
   last `window` of them. BIASED: neither. Something is left out on purpose; the component's doc
   says what. */
enum { NDG_ESTIMATES_FIXED_POINT = 1, NDG_ESTIMATES_UNROLLED = 2, NDG_ESTIMATES_BIASED = 3 };
typedef struct ndg_estimand { /* set by the caller: struct_size, and the defaults said here */
  uint32_t struct_size;
  uint32_t kind;           /* NDG_ESTIMATES_*; 0 */
  uint64_t window;         /* UNROLLED: 0: all steps, and the initial point */
  uint64_t steps;          /* UNROLLED: of learning; UINT64_MAX: as the problem */
  ndg_optimizer optimizer; /* UNROLLED: of learning; PROBLEM, and NaN: as the problem */
  double damping;          /* FIXED_POINT: H + damping I takes the place of H; 0 */
} ndg_estimand;

typedef struct ndg_rule_ops {
  uint32_t struct_size;
  uint32_t reserved;
  /* [main; loaded; cheap] Optional. Rules between options that the table cannot say. */
  ndg_status (*check)(const void *options, ndg_error *);
  /* [main; loaded; pure] Optional. Capability ids (NULL-terminated, const) that these option values
     need beyond the component's `needs`. */
  const char *const *(*needs)(const void *options);
  /* [main or worker; open; estimating] Required. gradient: THETA, real, one estimate per task; NaN
     until it is written. */
  ndg_status (*estimate)(const void *options, const ndg_problem_api *, ndg_problem *,
                         ndg_vector *gradient, ndg_record *, ndg_error *);
  /* ABI 1.1. [any; loaded; pure] Optional. How the error of these options falls with beta; from it
     come the order and the best beta that studies predict. False: nothing is known. */
  int (*truncation)(const void *options, ndg_truncation *);
  /* ABI 1.2. [any; loaded; pure] Optional. What these options estimate. NULL or false: nothing is
     said, and `nudge check` expects the gradient of the fixed point or of all steps. */
  int (*estimand)(const void *options, ndg_estimand *);
} ndg_rule_ops;

#ifdef __cplusplus
}
#endif
#endif
