/* SPDX-License-Identifier: MIT */
/* First-order MAML: learn, and leave out how learning depends on theta. See README.md. */
#define NDG_API_LEVEL 1u /* ndg_problem_info.n_start */
#include "learning.h"

typedef struct fomaml_options {
  double tolerance, lr, momentum;
  int64_t steps;
  int32_t optimizer;
} fomaml_options;

static const ndg_choice optimizers[] = {
    NDG_OPTIMIZER_CHOICES("Newton: an exact stationary point, with second derivatives.")};

static const ndg_option option_table[] = {
    LEARNING_OPTIONS(fomaml_options),
    NDG_OPT_ENUM(fomaml_options, optimizer, NDG_OPTIMIZER_PROBLEM, optimizers, "Optimiser."),
    NDG_OPT_END};

static ndg_status check(const void *options, ndg_error *e) {
  const fomaml_options *o = options;
  const ndg_status st = learning_check_tolerance("tolerance", o->tolerance, e);
  return st < 0 ? st : learning_check_momentum("momentum", o->optimizer, o->momentum, e);
}

static const char *const *needs_of(const void *options) {
  const fomaml_options *o = options;
  return learning_needs(o->optimizer);
}

/* One estimate under way. */
typedef struct estimate {
  const fomaml_options *options;
  const ndg_problem_api *api;
  ndg_problem *problem;
  ndg_record *record;
  ndg_error *error;
  ndg_problem_info info;
  ndg_vector *phi, *g;  /* PHI: where learning ended, and ∂φL^eval there */
  ndg_vector *gradient; /* THETA */
} estimate;

/* What stopped short of a tolerance is still a result. */
static ndg_status learn(estimate *x) {
  const fomaml_options *o = x->options;
  ndg_phase p = {.struct_size = sizeof p,
                 .optimizer = learning_optimizer(o->optimizer, o->lr, o->momentum),
                 .end = x->phi,
                 .steps = o->steps < 0 ? x->info.steps : (uint64_t)o->steps,
                 .tolerance = o->tolerance < 0 ? x->info.tolerance : o->tolerance};
  ndg_error said = {0};
  const ndg_status st = x->api->relax(x->problem, &p, &said);
  return learning_settle(x->record, st, &said, x->error);
}

/* A gradient that is zero because of what is left out would pass for a minimum. */
static ndg_status check_something_is_left(estimate *x) {
  if (x->info.n_start > 0 || x->api->norm(x->problem, x->gradient) != 0) {
    return NDG_OK;
  }
  return ndg_fail(x->error, NDG_EINVAL,
                  "theta gets exactly zero: no group of phi starts at a group of theta, and "
                  "eval_loss has no derivative in theta, so that all of the gradient comes through "
                  "learning, which this rule leaves out; meta-learn where learning starts, or use "
                  "another rule");
}

static ndg_status differentiate(estimate *x) {
  ndg_evaluation v = {.struct_size = sizeof v,
                      .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                      .loss = NDG_EVAL_LOSS,
                      .phi = x->phi,
                      .grad_phi = x->g,
                      .grad_theta = x->gradient};
  ndg_status st = x->api->evaluate(x->problem, &v, x->error);
  if (st == NDG_OK) {
    st = check_something_is_left(x);
  }
  return st == NDG_OK ? x->api->start_transposed(x->problem, x->g, x->gradient, x->error) : st;
}

static ndg_status estimate_gradient(const void *options, const ndg_problem_api *api,
                                    ndg_problem *problem, ndg_vector *gradient, ndg_record *record,
                                    ndg_error *e) {
  const fomaml_options *o = options;
  estimate x = {.options = o,
                .api = api,
                .problem = problem,
                .record = record,
                .error = e,
                .info = {.struct_size = sizeof x.info},
                .gradient = gradient};
  api->describe(problem, &x.info);
  ndg_status st = learning_check_problem("momentum", o->optimizer, o->momentum, &x.info, e);
  if (st < 0) {
    return st;
  }
  x.phi = api->vector(problem, NDG_PHI, 0, NULL);
  x.g = api->vector(problem, NDG_PHI, 0, NULL);
  if (!x.phi || !x.g) {
    return ndg_fail(e, NDG_ENOMEM, "no memory for two vectors");
  }
  st = learn(&x);
  if (st == NDG_OK && learning_may_go_on(record, &x.info)) {
    st = differentiate(&x);
  }
  return st < 0 ? st : record->status;
}

static int estimand(const void *options, ndg_estimand *out) {
  (void)options;
  out->kind = NDG_ESTIMATES_BIASED;
  return 1;
}

static const ndg_rule_ops ops = {.struct_size = sizeof ops,
                                 .check = check,
                                 .needs = needs_of,
                                 .estimate = estimate_gradient,
                                 .estimand = estimand};

static const char *const needs[] = {NDG_CAP_NUDGE, NULL};

static const ndg_component rule = {
    .struct_size = sizeof rule,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_RULE(&ops),
    .id = "fomaml",
    .version = "1.0.0",
    .title = "First-order MAML: the gradient at the learned phi, taken for that at its start",
    .doc =
        "Learns, and differentiates eval_loss at the learned phi: in phi, which is handed to the "
        "groups of theta at which learning starts, and in theta with phi held fixed. How the "
        "steps of learning depend on where they started and on theta is left out, so that what "
        "theta does through learn_loss alone gets exactly zero: no estimate of it, and no error "
        "of size lr but of size 1. Exact for no steps at all.",
    .cite = "Finn, Abbeel, Levine: Model-agnostic meta-learning for fast adaptation of deep "
            "networks. ICML 2017. Nichol, Achiam, Schulman: On first-order meta-learning "
            "algorithms. arXiv 1803.02999, 2018.",
    .needs = needs,
    .options = option_table,
    .options_size = sizeof(fomaml_options)};

static const ndg_component *const components[] = {&rule};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "fomaml",  .version = "1.0.0",      .license = "MIT",
    .build = __VERSION__, .n_components = 1, .components = components};
