/* SPDX-License-Identifier: MIT */
/* A plugin of ABI 1.1: it is built against the headers released with that, uses what was new in
   them, and must load and compute in every later nudge of this major. Not to be brought up to date.
   The learner is the mean of samples, pulled to a theta where learning also starts; the rule
   compares a nudged and a free phase. */
#define NDG_API_LEVEL 1u
#include <math.h>
#include <string.h>

#include "nudge/nudge.h"

/* OLD_REBUILT: against the headers of today, with which its source must compile, too. */
#if !defined(OLD_REBUILT) && (NDG_ABI_MAJOR != 1 || NDG_ABI_MINOR != 1)
#error "built against other headers than those of ABI 1.1"
#endif

typedef struct mean_options {
  double pull;
} mean_options;

static const ndg_option mean_table[] = {
    NDG_OPT_F64(mean_options, pull, 1, 0, 1e6, NDG_OPTION_LOG, NULL, "Pull of phi to theta."),
    NDG_OPT_END,
};

static const ndg_array *find(const ndg_array *arrays, uint64_t n, const char *name) {
  for (uint64_t i = 0; i < n; i++)
    if (strcmp(arrays[i].name, name) == 0)
      return &arrays[i];
  return NULL;
}

static ndg_status layout(const void *options, const ndg_task_arrays *tasks, ndg_layout *out,
                         ndg_error *e) {
  const ndg_array *learn = find(tasks->arrays, tasks->n_arrays, "learn.x");
  const ndg_array *eval = find(tasks->arrays, tasks->n_arrays, "eval.x");
  (void)options;
  if (!learn || !eval || learn->shape.n_dims != 1 || eval->shape.n_dims != 1)
    return ndg_fail(e, NDG_EINVAL, "the arrays learn.x and eval.x must be there and be vectors");
  out->n_phi = 1;
  out->n_theta = 2;
  out->phi[0] = (ndg_group){.name = "mean", .shape = NDG_SCALAR, .start_theta = 1};
  out->theta[0] = (ndg_group){.name = "prior", .shape = NDG_SCALAR, .a = 0.5};
  out->theta[1] = (ndg_group){.name = "start", .shape = NDG_SCALAR, .a = 0.25, .held = 1};
  return NDG_OK;
}

static ndg_node square_distance(const ndg_builder *b, ndg_node x, ndg_node y) {
  return ndg_mean(b, ndg_square(b, ndg_sub(b, x, y)));
}

static ndg_status build(const void *options, const ndg_builder *b, const ndg_learner_inputs *in,
                        ndg_learner_outputs *out, ndg_error *e) {
  const mean_options *o = options;
  const ndg_array *all = in->array_descriptions;
  const ndg_node learn = in->arrays[find(all, in->n_arrays, "learn.x") - all];
  const ndg_node eval = in->arrays[find(all, in->n_arrays, "eval.x") - all];
  const ndg_node pull = ndg_scale(b, square_distance(b, in->phi[0], in->theta[0]), o->pull);
  (void)e;
  out->learn_loss = ndg_add(b, square_distance(b, learn, in->phi[0]), pull);
  out->eval_loss = square_distance(b, eval, in->phi[0]);
  return NDG_OK;
}

typedef struct contrast_options {
  double beta;
  int32_t growth;
} contrast_options;

static const ndg_choice growths[] = {
    {"ignored", NDG_GROWTH_IGNORED, "Nothing is done."},
    {"reported", NDG_GROWTH_REPORTED, "The record says so."},
    {"refused", NDG_GROWTH_REFUSED, "The task has no number."},
    {NULL, 0, NULL},
};
static const ndg_option contrast_table[] = {
    NDG_OPT_F64(contrast_options, beta, 0.01, 0, 1e3, NDG_OPTION_LOG | NDG_OPTION_EXCLUSIVE_MIN,
                NULL, "Nudging strength."),
    NDG_OPT_ENUM(contrast_options, growth, NDG_GROWTH_REPORTED, growths, "Phases that run away."),
    NDG_OPT_END,
};

/* g = G(beta): learn on learn_loss + beta eval_loss, then differentiate that sum in theta. */
static ndg_status sample(const ndg_problem_api *api, ndg_problem *p, double beta, uint32_t growth,
                         ndg_vector *phi, ndg_vector *g, ndg_error *e) {
  ndg_problem_info info = {.struct_size = sizeof info};
  api->describe(p, &info);
  ndg_phase phase = {.struct_size = sizeof phase,
                     .beta = {beta, 0},
                     .optimizer = info.optimizer,
                     .end = phi,
                     .steps = info.steps,
                     .tolerance = info.tolerance,
                     .growth = growth};
  ndg_evaluation derivative = {.struct_size = sizeof derivative,
                               .want = NDG_WANT_GRAD_THETA,
                               .loss = NDG_AUGMENTED_LOSS,
                               .beta = {beta, 0},
                               .phi = phi,
                               .grad_theta = g};
  const ndg_status st = api->relax(p, &phase, e);
  return st == NDG_OK ? api->evaluate(p, &derivative, e) : st;
}

static ndg_status estimate(const void *options, const ndg_problem_api *api, ndg_problem *p,
                           ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  enum { MOST_TASKS = 64 };
  const contrast_options *o = options;
  const ndg_complex scale = {1 / o->beta, 0}, weights[] = {{1, 0}, {-1, 0}};
  ndg_problem_info info = {.struct_size = sizeof info};
  double norms[MOST_TASKS], radii[MOST_TASKS];
  api->describe(p, &info);
  if (info.n_tasks > MOST_TASKS)
    return ndg_fail(e, NDG_EINVAL, "more than %d tasks", MOST_TASKS);
  ndg_vector *phi = api->vector(p, NDG_PHI, 0, NULL);
  ndg_vector *nudged = api->vector(p, NDG_THETA, 0, NULL);
  ndg_vector *free = api->vector(p, NDG_THETA, 0, NULL);
  const ndg_vector *const both[] = {nudged, free};
  if (!phi || !nudged || !free)
    return ndg_fail(e, NDG_ENOMEM, "no memory for three vectors");
  ndg_status st = sample(api, p, 0, NDG_GROWTH_IGNORED, phi, free, e);
  if (st == NDG_OK)
    st = sample(api, p, o->beta, (uint32_t)o->growth, phi, nudged, e);
  if (st == NDG_OK)
    st = api->combine(p, gradient, scale, 2, weights, both, e);
  api->norms(p, phi, norms);
  api->radii(p, radii);
  for (uint64_t t = 0; t < info.n_tasks; t++)
    if (isnan(norms[t]))
      api->refuse(p, t);
    else if (o->beta > radii[t])
      api->report(p, t);
  record->residual = (double)info.n_start; /* none of phi starts at what is learned */
  return st;
}

static int truncation(const void *options, ndg_truncation *out) {
  (void)options;
  out->order = 1;
  out->factor = 1;
  return 1;
}

static const ndg_learner_ops learner_ops = {
    .struct_size = sizeof learner_ops, .layout = layout, .build = build};
static const char *const provides[] = {NDG_CAP_GRAPH, NULL};
static const ndg_component learner = {
    .struct_size = sizeof learner,
    NDG_LEARNER(&learner_ops),
    .id = "org.test.old_mean",
    .version = "1.0.0",
    .title = "Mean with a meta-learned prior",
    .doc = "learn_loss = mean (x - phi)^2 + pull (phi - prior)^2.",
    .provides = provides,
    .options = mean_table,
    .options_size = sizeof(mean_options),
};
static const ndg_rule_ops rule_ops = {
    .struct_size = sizeof rule_ops, .estimate = estimate, .truncation = truncation};
static const char *const needs[] = {NDG_CAP_NUDGE, NULL};
static const ndg_component rule = {
    .struct_size = sizeof rule,
    NDG_RULE(&rule_ops),
    .id = "org.test.old_contrast",
    .version = "1.0.0",
    .title = "Contrast of a nudged and a free phase",
    .doc = "[G(beta) - G(0)] / beta, G the derivative in theta where learning has ended.",
    .needs = needs,
    .options = contrast_table,
    .options_size = sizeof(contrast_options),
};
static const ndg_component *const components[] = {&learner, &rule};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "old",     .version = "1.0.0",       .license = "MIT",
    .build = __VERSION__, .n_components = 2, .components = components,
};
