/* SPDX-License-Identifier: MIT */
/* Reptile: the start moves towards where learning ended. See README.md. */
#define NDG_API_LEVEL 1u /* NDG_CAP_META_START */
#include "learning.h"

enum { LEARN, BOTH };
enum { NONE, PER_STEP };

typedef struct reptile_options {
  double tolerance, lr, momentum;
  int64_t steps;
  int32_t data, scale, optimizer;
} reptile_options;

static const ndg_choice data_choices[] = {
    {"learn", LEARN, "Learning descends learn_loss; eval_loss is never looked at."},
    {"both", BOTH, "Learning descends learn_loss + eval_loss."},
    {NULL, 0, NULL}};
static const ndg_choice scales[] = {
    {"none", NONE, "The difference as it is: what the published rule hands to its outer step."},
    {"per_step", PER_STEP,
     "Divided by lr times steps: of the size of a gradient, whatever the number of steps."},
    {NULL, 0, NULL}};
static const ndg_choice optimizers[] = {
    NDG_OPTIMIZER_CHOICES("Newton: an exact stationary point; only with scale = none.")};

static const ndg_option option_table[] = {
    NDG_OPT_ENUM(reptile_options, data, LEARN, data_choices, "What learning descends."),
    NDG_OPT_ENUM(reptile_options, scale, NONE, scales,
                 "What the difference between start and end is divided by."),
    LEARNING_OPTIONS(reptile_options),
    NDG_OPT_ENUM(reptile_options, optimizer, NDG_OPTIMIZER_PROBLEM, optimizers, "Optimiser."),
    NDG_OPT_END};

static ndg_status check(const void *options, ndg_error *e) {
  const reptile_options *o = options;
  ndg_status st = learning_check_tolerance("tolerance", o->tolerance, e);
  st = st < 0 ? st : learning_check_momentum("momentum", o->optimizer, o->momentum, e);
  if (st == NDG_OK && o->scale == PER_STEP && o->steps == 0) {
    st = ndg_fail(e, NDG_EINVAL, "scale = per_step divides by the number of steps, which is 0");
  }
  if (st == NDG_OK && o->scale == PER_STEP && o->tolerance > 0) {
    st = ndg_fail(e, NDG_EINVAL,
                  "scale = per_step needs one number of steps for all tasks; set tolerance = 0 "
                  "instead of %g",
                  o->tolerance);
  }
  return st;
}

static const char *const *needs_of(const void *options) {
  const reptile_options *o = options;
  return learning_needs(o->optimizer);
}

/* One estimate under way. */
typedef struct estimate {
  const reptile_options *options;
  const ndg_problem_api *api;
  ndg_problem *problem;
  ndg_record *record;
  ndg_error *error;
  ndg_problem_info info;
  ndg_optimizer optimizer;
  uint64_t steps;
  double tolerance;
  ndg_vector *start, *end; /* PHI */
  ndg_vector *gradient;    /* THETA */
} estimate;

/* Facts of the problem that the options refer to; what they cannot be combined with. */
static ndg_status resolve(estimate *x) {
  const reptile_options *o = x->options;
  const ndg_status st =
      learning_check_problem("momentum", o->optimizer, o->momentum, &x->info, x->error);
  if (st < 0) {
    return st;
  }
  x->optimizer = learning_optimizer(o->optimizer, o->lr, o->momentum);
  x->steps = o->steps < 0 ? x->info.steps : (uint64_t)o->steps;
  x->tolerance = o->tolerance < 0 ? x->info.tolerance : o->tolerance;
  const uint32_t kind =
      o->optimizer == NDG_OPTIMIZER_PROBLEM ? x->info.optimizer.kind : x->optimizer.kind;
  if (o->scale == NONE) {
    return NDG_OK;
  }
  if (kind == NDG_NEWTON) {
    return ndg_fail(x->error, NDG_EINVAL,
                    "scale = per_step divides by lr, which newton has none of; set scale = none or "
                    "optimizer");
  }
  if (x->steps == 0 || x->tolerance > 0) {
    return ndg_fail(x->error, NDG_EINVAL,
                    "scale = per_step needs one number of steps > 0 for all tasks; the problem has "
                    "%llu steps and tolerance %g: set steps and tolerance = 0 of the rule",
                    (unsigned long long)x->steps, x->tolerance);
  }
  return NDG_OK;
}

/* What stopped short of a tolerance is still a result. */
static ndg_status learn(estimate *x, uint64_t steps, ndg_vector *end) {
  ndg_phase p = {.struct_size = sizeof p,
                 .beta = {x->options->data == BOTH ? 1 : 0, 0},
                 .optimizer = x->optimizer,
                 .end = end,
                 .steps = steps,
                 .tolerance = steps > 0 ? x->tolerance : 0};
  ndg_error said = {0};
  const ndg_status st = x->api->relax(x->problem, &p, &said);
  return learning_settle(x->record, st, &said, x->error);
}

/* What does not start learning gets exactly zero. */
static ndg_status compare(estimate *x) {
  const ndg_complex one = {1, 0}, weights[] = {{1, 0}, {-1, 0}};
  const double lr = x->options->lr > 0 ? x->options->lr : x->info.optimizer.lr;
  const ndg_complex scale = {x->options->scale == NONE ? 1 : 1 / (lr * (double)x->steps), 0};
  const ndg_vector *const both[] = {x->start, x->end};
  ndg_status st = x->api->combine(x->problem, x->gradient, one, 0, NULL, NULL, x->error);
  if (st == NDG_OK) {
    st = x->api->combine(x->problem, x->start, scale, 2, weights, both, x->error);
  }
  return st == NDG_OK ? x->api->start_transposed(x->problem, x->start, x->gradient, x->error) : st;
}

static ndg_status estimate_gradient(const void *options, const ndg_problem_api *api,
                                    ndg_problem *problem, ndg_vector *gradient, ndg_record *record,
                                    ndg_error *e) {
  estimate x = {.options = options,
                .api = api,
                .problem = problem,
                .record = record,
                .error = e,
                .info = {.struct_size = sizeof x.info},
                .gradient = gradient};
  api->describe(problem, &x.info);
  ndg_status st = resolve(&x);
  if (st < 0) {
    return st;
  }
  x.start = api->vector(problem, NDG_PHI, 0, NULL);
  x.end = api->vector(problem, NDG_PHI, 0, NULL);
  if (!x.start || !x.end) {
    return ndg_fail(e, NDG_ENOMEM, "no memory for two vectors");
  }
  st = learn(&x, 0, x.start);
  if (st == NDG_OK) {
    st = learn(&x, x.steps, x.end);
  }
  if (st == NDG_OK && learning_may_go_on(record, &x.info)) {
    st = compare(&x);
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

static const char *const needs[] = {NDG_CAP_NUDGE, NDG_CAP_META_START, NULL};

static const ndg_component rule = {
    .struct_size = sizeof rule,
    .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64 | NDG_PROP_BATCH_INVARIANT,
    NDG_RULE(&ops),
    .id = "reptile",
    .version = "1.0.0",
    .title = "Reptile: from where learning ended to where it started",
    .doc = "Learns, and returns the start of learning minus its end for the groups of theta at "
           "which learning starts, so that descending it moves the start towards the end. All of "
           "theta that is no start gets exactly zero. It is no estimate of the gradient of "
           "eval_loss, nor of any other function in general: for small lr it is the slope of what "
           "learning descends, plus a second-order term that favours starts from which the steps "
           "of learning agree.",
    .cite = "Nichol, Achiam, Schulman: On first-order meta-learning algorithms. arXiv 1803.02999, "
            "2018.",
    .needs = needs,
    .options = option_table,
    .options_size = sizeof(reptile_options)};

static const ndg_component *const components[] = {&rule};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "reptile", .version = "1.0.0",      .license = "MIT",
    .build = __VERSION__, .n_components = 1, .components = components};
