/* SPDX-License-Identifier: MIT */
/* Implicit differentiation: v ≈ H⁻¹ g, then ∂θL^eval - (∂²φθ L^learn)ᵀ v. See README.md. */
#include "learning.h"

enum { DENSE, CG, NEUMANN, T1T2 };

typedef struct implicit_options {
  double tolerance, damping, alpha, free_tolerance, free_lr, free_momentum;
  int64_t iterations, free_steps;
  int32_t solver, warm_start, free_optimizer;
} implicit_options;

static const ndg_choice solvers[] = {
    {"dense", DENSE, "Factorise H: exact, P Hessian-vector products."},
    {"cg", CG, "Conjugate gradient."},
    {"neumann", NEUMANN, "v = alpha sum (I - alpha H)^j g."},
    {"t1t2", T1T2, "v = alpha g: H replaced by a multiple of the identity."},
    {NULL, 0, NULL}};
static const ndg_choice optimizers[] = {
    NDG_OPTIMIZER_CHOICES("Newton: an exact stationary point.")};

static const ndg_option option_table[] = {
    NDG_OPT_ENUM(implicit_options, solver, CG, solvers, "How H v = g is solved."),
    NDG_OPT_I64(implicit_options, iterations, 20, 0, INT64_MAX,
                "Most products with H of cg; terms beyond the first of neumann."),
    NDG_OPT_F64(implicit_options, tolerance, 0, 0, 1, NDG_OPTION_LOG, NULL,
                "Relative residual at which cg and neumann stop; 0: after all iterations."),
    NDG_OPT_F64(implicit_options, damping, 0, 0, 1e12, NDG_OPTION_LOG, NULL,
                "Added to the diagonal of H."),
    NDG_OPT_F64(implicit_options, alpha, 0, 0, 1e12, NDG_OPTION_LOG, NULL,
                "Step of neumann and t1t2; 0: 1 / (largest eigenvalue of H)."),
    NDG_OPT_BOOL(implicit_options, warm_start, 0,
                 "cg and neumann begin at the v of the previous estimate on the same tasks."),
    LEARNING_OPT_STEPS(implicit_options, free_steps, "the free phase"),
    LEARNING_OPT_TOLERANCE(implicit_options, free_tolerance, "the free phase"),
    LEARNING_OPT_LR(implicit_options, free_lr, "the free phase"),
    LEARNING_OPT_MOMENTUM(implicit_options, free_momentum, "the free phase"),
    NDG_OPT_ENUM(implicit_options, free_optimizer, NDG_OPTIMIZER_PROBLEM, optimizers,
                 "Optimiser of the free phase."),
    NDG_OPT_END};

static ndg_status check(const void *options, ndg_error *e) {
  const implicit_options *o = options;
  const int iterative = o->solver == CG || o->solver == NEUMANN;
  const char *solver = solvers[o->solver].name;
  if (learning_check_tolerance("free_tolerance", o->free_tolerance, e) < 0 ||
      learning_check_momentum("free_momentum", o->free_optimizer, o->free_momentum, e) < 0) {
    return NDG_EINVAL;
  }
  if (o->warm_start && !iterative) {
    return ndg_fail(e, NDG_EINVAL, "warm_start is for solvers cg and neumann, not for %s", solver);
  }
  if (o->tolerance > 0 && !iterative) {
    return ndg_fail(e, NDG_EINVAL, "tolerance is for solvers cg and neumann, not for %s", solver);
  }
  if (o->alpha > 0 && o->solver != NEUMANN && o->solver != T1T2) {
    return ndg_fail(e, NDG_EINVAL, "alpha is for solvers neumann and t1t2, not for %s", solver);
  }
  return NDG_OK;
}

/* One estimate under way. */
typedef struct estimate {
  const implicit_options *options;
  const ndg_problem_api *api;
  ndg_problem *problem;
  ndg_record *record;
  ndg_error *error;
  ndg_vector *phi, *g, *v, *direct, *mixed;
  int warm; /* v holds the solution of the estimate before */
} estimate;

/* A result that stopped short is still one; one that diverged is not. */
static ndg_status settle(estimate *x, ndg_status st, const ndg_error *e) {
  const ndg_status settled = learning_settle(x->record, st, e, x->error);
  return st > 0 && st != NDG_NOT_CONVERGED ? ndg_fail(x->error, st, "%s", e->text) : settled;
}

static ndg_status make_vectors(estimate *x) {
  int fresh = 1;
  x->phi = x->api->vector(x->problem, NDG_PHI, 0, NULL);
  x->g = x->api->vector(x->problem, NDG_PHI, 0, NULL);
  x->v = x->options->warm_start ? x->api->keep(x->problem, "v", NDG_PHI, &fresh)
                                : x->api->vector(x->problem, NDG_PHI, 0, NULL);
  x->warm = !fresh;
  x->direct = x->api->vector(x->problem, NDG_THETA, 0, NULL);
  x->mixed = x->api->vector(x->problem, NDG_THETA, 0, NULL);
  return x->phi && x->g && x->v && x->direct && x->mixed
             ? NDG_OK
             : ndg_fail(x->error, NDG_ENOMEM, "no memory for five vectors");
}

static ndg_status free_phase(estimate *x) {
  const implicit_options *o = x->options;
  ndg_problem_info info = {.struct_size = sizeof info};
  x->api->describe(x->problem, &info);
  const ndg_status usable =
      learning_check_problem("free_momentum", o->free_optimizer, o->free_momentum, &info, x->error);
  if (usable < 0) {
    return usable;
  }
  ndg_phase p = {.struct_size = sizeof p,
                 .optimizer = learning_optimizer(o->free_optimizer, o->free_lr, o->free_momentum),
                 .end = x->phi,
                 .steps = o->free_steps < 0 ? info.steps : (uint64_t)o->free_steps,
                 .tolerance = o->free_tolerance < 0 ? info.tolerance : o->free_tolerance};
  ndg_error local = {0};
  const ndg_status st = x->api->relax(x->problem, &p, &local);
  if (st == NDG_DIVERGED && info.n_tasks > 1) { /* the host leaves those tasks out */
    return learning_settle(x->record, st, &local, x->error);
  }
  return settle(x, st, &local);
}

static ndg_status solve(estimate *x) {
  static const uint32_t host_solver[] = {[DENSE] = NDG_SOLVE_DENSE,
                                         [CG] = NDG_SOLVE_CG,
                                         [NEUMANN] = NDG_SOLVE_NEUMANN,
                                         [T1T2] = NDG_SOLVE_NEUMANN};
  const implicit_options *o = x->options;
  /* T1-T2 is the first term of the Neumann series. */
  ndg_solve s = {.struct_size = sizeof s,
                 .solver = host_solver[o->solver],
                 .phi = x->phi,
                 .rhs = x->g,
                 .x = x->v,
                 .warm = (uint32_t)x->warm,
                 .iterations = o->solver == T1T2 ? 0 : (uint64_t)o->iterations,
                 .tolerance = o->tolerance,
                 .damping = o->damping,
                 .alpha = o->alpha > 0 ? o->alpha : NAN};
  ndg_error local = {0};
  const ndg_status st = x->api->solve(x->problem, &s, &local);
  x->record->residual = s.residual;
  if (st == NDG_DIVERGED) { /* a series that grows: the host leaves those tasks out */
    return learning_settle(x->record, st, &local, x->error);
  }
  return settle(x, st, &local);
}

/* x->direct = ∂θL^eval, x->mixed = (∂²φθ L^learn)ᵀ v */
static ndg_status differentiate(estimate *x) {
  ndg_evaluation eval = {.struct_size = sizeof eval,
                         .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                         .loss = NDG_EVAL_LOSS,
                         .phi = x->phi,
                         .grad_phi = x->g,
                         .grad_theta = x->direct};
  ndg_evaluation mixed = {.struct_size = sizeof mixed,
                          .want = NDG_WANT_MIXED,
                          .loss = NDG_LEARN_LOSS,
                          .phi = x->phi,
                          .direction = x->v,
                          .mixed = x->mixed};
  ndg_status st = free_phase(x);
  if (st == NDG_OK) {
    st = x->api->evaluate(x->problem, &eval, x->error);
  }
  if (st == NDG_OK) {
    st = solve(x);
  }
  return st == NDG_OK ? x->api->evaluate(x->problem, &mixed, x->error) : st;
}

static ndg_status estimate_gradient(const void *options, const ndg_problem_api *api,
                                    ndg_problem *problem, ndg_vector *gradient, ndg_record *record,
                                    ndg_error *e) {
  const ndg_complex one = {1, 0}, none = {NAN, 0}, weights[] = {{1, 0}, {-1, 0}};
  estimate x = {.options = options, .api = api, .problem = problem, .record = record, .error = e};
  ndg_status st = make_vectors(&x);
  if (st < 0) {
    return st;
  }
  const ndg_status found = differentiate(&x);
  if (found < 0) {
    return found;
  }
  /* Where learning or the solver diverged there is no number: NaN, not zero. */
  const ndg_vector *const in[] = {x.direct, x.mixed};
  st = api->combine(problem, gradient, found == NDG_OK ? one : none, 2, weights, in, e);
  return st < 0 ? st : record->status;
}

/* T1-T2 puts a multiple of the identity in the place of H, whatever it is given. */
static int estimand(const void *options, ndg_estimand *out) {
  const implicit_options *o = options;
  out->kind = o->solver == T1T2 ? NDG_ESTIMATES_BIASED : NDG_ESTIMATES_FIXED_POINT;
  out->damping = o->damping;
  return 1;
}

static const ndg_rule_ops ops = {
    .struct_size = sizeof ops, .check = check, .estimate = estimate_gradient, .estimand = estimand};

static const char *const needs[] = {NDG_CAP_NUDGE, NDG_CAP_SECOND_ORDER, NULL};

static const ndg_component rule = {
    .struct_size = sizeof rule,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_RULE(&ops),
    .id = "implicit",
    .version = "1.0.0",
    .title = "Implicit differentiation of the learned solution",
    .doc = "With g = d eval_loss / d phi at the learned phi, solves H v = g for the curvature H of "
           "learn_loss and returns d eval_loss / d theta - (d^2 learn_loss / d phi d theta)' v. "
           "The record always holds the relative residual |g - (H + damping) v| / |g|, recomputed "
           "at the end; asking for a tolerance that is not reached is reported.",
    .cite = "Bengio: Gradient-based optimization of hyperparameters. Neural Computation 12, 2000. "
            "Lorraine, Vicol, Duvenaud: Optimizing millions of hyperparameters by implicit "
            "differentiation. AISTATS 2020. Luketina, Berglund, Greff, Raiko: Scalable "
            "gradient-based tuning of continuous regularization hyperparameters (T1-T2). ICML "
            "2016.",
    .needs = needs,
    .options = option_table,
    .options_size = sizeof(implicit_options)};

static const ndg_component *const components[] = {&rule};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "implicit", .version = "1.0.0",      .license = "MIT",
    .build = __VERSION__, .n_components = 1,  .components = components};
