/* SPDX-License-Identifier: MIT */
/* A sound rule: implicit differentiation with conjugate gradients of its own, on all tasks as one
   system. Each museum piece defines one DEFECT_*, says in RULE_DOC what it is, and includes this;
   with SOUND defined it is cured. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "nudge/nudge.h"

#ifdef SOUND
#undef DEFECT_ALPHA
#undef DEFECT_LAST_ITERATE
#undef DEFECT_STALE_RESIDUAL
#undef DEFECT_DAMPING_TWICE
#undef DEFECT_LAST_TASK
#undef DEFECT_UNDERFLOW
#undef DEFECT_SILENT
#endif

typedef struct rule_options {
  double alpha, damping;
} rule_options;

static const ndg_option option_table[] = {
    NDG_OPT_F64(rule_options, alpha, 1, 0, 1e3, NDG_OPTION_LOG | NDG_OPTION_EXCLUSIVE_MIN, NULL,
                "Conjugate gradients see alpha H; the result is the same for any."),
    NDG_OPT_F64(rule_options, damping, 0, 0, 1e6, 0, NULL, "Added to the diagonal of H."),
    NDG_OPT_END};

typedef struct estimate {
  const rule_options *options;
  const ndg_problem_api *api;
  ndg_problem *problem;
  ndg_error *error;
  ndg_problem_info info;
  double *norms; /* n_tasks */
  ndg_vector *phi, *x, *r, *old, *p, *q, *scratch, *direct, *mixed;
} estimate;

/* out = a x + b y */
static ndg_status add(const estimate *s, ndg_vector *out, double a, const ndg_vector *x, double b,
                      const ndg_vector *y) {
  const ndg_complex one = {1, 0}, weights[] = {{a, 0}, {b, 0}};
  const ndg_vector *const in[] = {x, y};
  return s->api->combine(s->problem, out, one, 2, weights, in, s->error);
}

/* ‖x‖² over all tasks that have not diverged. */
static double square(const estimate *s, const ndg_vector *x) {
  double sum = 0;
  s->api->norms(s->problem, x, s->norms);
  for (uint64_t t = 0; t < s->info.n_tasks; t++) {
#ifdef DEFECT_LAST_TASK
    sum = s->norms[t] * s->norms[t];
#else
    sum += isnan(s->norms[t]) ? 0 : s->norms[t] * s->norms[t];
#endif
  }
#ifdef DEFECT_UNDERFLOW
  return (double)(float)sum;
#else
  return sum;
#endif
}

/* x · y from three norms: the host has no inner product. */
static double dot(const estimate *s, const ndg_vector *x, const ndg_vector *y) {
  (void)add(s, s->scratch, 1, x, 1, y);
  const double plus = square(s, s->scratch);
  (void)add(s, s->scratch, 1, x, -1, y);
  return 0.25 * (plus - square(s, s->scratch));
}

/* q = (H + damping) p */
static ndg_status product(estimate *s) {
  ndg_evaluation v = {.struct_size = sizeof v,
                      .want = NDG_WANT_HVP,
                      .loss = NDG_LEARN_LOSS,
                      .phi = s->phi,
                      .direction = s->p,
                      .hvp = s->q};
  const ndg_status st = s->api->evaluate(s->problem, &v, s->error);
  return st == NDG_OK ? add(s, s->q, 1, s->q, s->options->damping, s->p) : st;
}

/* x from the right-hand side in r. */
static ndg_status conjugate_gradients(estimate *s) {
  const double alpha = s->options->alpha;
  const double least = 4 * (s->info.dtype == NDG_F32 ? (double)FLT_EPSILON : DBL_EPSILON);
  const double bb = square(s, s->r);
  double rr = bb;
  ndg_status st = add(s, s->p, 1, s->r, 0, s->r);
  for (int k = 0; st == NDG_OK && k < 100 && rr > least * least * bb; k++) {
    st = product(s);
    if (st != NDG_OK) {
      break;
    }
#ifdef DEFECT_DAMPING_TWICE
    (void)add(s, s->q, 1, s->q, s->options->damping, s->p);
#endif
    const double step = rr / (alpha * dot(s, s->p, s->q)), before = rr;
#ifdef DEFECT_ALPHA
    const double shrink = step;
#else
    const double shrink = step * alpha;
#endif
    (void)add(s, s->old, 1, s->r, 0, s->r);
    (void)add(s, s->r, 1, s->r, -shrink, s->q);
    rr = square(s, s->r);
#ifdef DEFECT_LAST_ITERATE
    if (rr <= least * least * bb) {
      break;
    }
#endif
    (void)add(s, s->x, 1, s->x, step, s->p);
#ifdef DEFECT_STALE_RESIDUAL
    (void)add(s, s->p, 1, s->old, rr / before, s->p);
#else
    (void)add(s, s->p, 1, s->r, rr / before, s->p);
#endif
  }
  return st == NDG_OK ? add(s, s->x, alpha, s->x, 0, s->x) : st;
}

/* g into r, brought to length one: small ones would underflow in the products. *length: what it
   was; the direct derivative. */
static ndg_status differentiate(estimate *s, double *length) {
  ndg_evaluation v = {.struct_size = sizeof v,
                      .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                      .loss = NDG_EVAL_LOSS,
                      .phi = s->phi,
                      .grad_phi = s->r,
                      .grad_theta = s->direct};
  const ndg_status st = s->api->evaluate(s->problem, &v, s->error);
  *length = 1;
#ifndef DEFECT_UNDERFLOW
  *length = s->api->norm(s->problem, s->r);
#endif
  return st != NDG_OK || *length == 0 ? st : add(s, s->r, 1 / *length, s->r, 0, s->r);
}

/* direct - (∂²φθ L^learn)ᵀ x */
static ndg_status finish(estimate *s, double length, ndg_vector *gradient) {
  ndg_evaluation v = {.struct_size = sizeof v,
                      .want = NDG_WANT_MIXED,
                      .loss = NDG_LEARN_LOSS,
                      .phi = s->phi,
                      .direction = s->x,
                      .mixed = s->mixed};
  const ndg_status st = s->api->evaluate(s->problem, &v, s->error);
  return st == NDG_OK ? add(s, gradient, 1, s->direct, -length, s->mixed) : st;
}

static ndg_status make_vectors(estimate *s) {
  ndg_vector **const of_phi[] = {&s->phi, &s->x, &s->r, &s->old, &s->p, &s->q, &s->scratch};
  for (size_t i = 0; i < sizeof of_phi / sizeof *of_phi; i++) {
    *of_phi[i] = s->api->vector(s->problem, NDG_PHI, 0, NULL);
    if (!*of_phi[i]) {
      return ndg_fail(s->error, NDG_ENOMEM, "no memory for a vector");
    }
  }
  s->direct = s->api->vector(s->problem, NDG_THETA, 0, NULL);
  s->mixed = s->api->vector(s->problem, NDG_THETA, 0, NULL);
  return s->direct && s->mixed ? NDG_OK
                               : ndg_fail(s->error, NDG_ENOMEM, "no memory for two vectors");
}

/* What diverged in some of several tasks is left out by the host. */
static ndg_status learn(estimate *s) {
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = s->info.optimizer,
                     .end = s->phi,
                     .steps = s->info.steps,
                     .tolerance = s->info.tolerance};
  const ndg_status st = s->api->relax(s->problem, &phase, s->error);
  return st == NDG_DIVERGED && s->info.n_tasks > 1 ? NDG_OK : st;
}

static ndg_status run(estimate *s, ndg_vector *gradient) {
  double length = 0;
  ndg_status st = make_vectors(s);
  st = st == NDG_OK ? learn(s) : st;
  st = st == NDG_OK ? differentiate(s, &length) : st;
  st = st == NDG_OK ? conjugate_gradients(s) : st;
  return st == NDG_OK ? finish(s, length, gradient) : st;
}

static ndg_status estimate_gradient(const void *options, const ndg_problem_api *api, ndg_problem *p,
                                    ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  estimate s = {.options = options,
                .api = api,
                .problem = p,
                .error = e,
                .info = {.struct_size = sizeof s.info}};
  (void)record;
  api->describe(p, &s.info);
  s.norms = calloc((size_t)s.info.n_tasks, sizeof *s.norms);
  const ndg_status st =
      s.norms ? run(&s, gradient) : ndg_fail(e, NDG_ENOMEM, "no memory for norms");
  free(s.norms);
  return st;
}

#ifndef DEFECT_SILENT
static int estimand(const void *options, ndg_estimand *out) {
  const rule_options *o = options;
  out->kind = NDG_ESTIMATES_FIXED_POINT;
  out->damping = o->damping;
  return 1;
}
#endif

static const ndg_rule_ops ops = {
    .struct_size = sizeof ops,
    .estimate = estimate_gradient,
#ifndef DEFECT_SILENT
    .estimand = estimand,
#endif
};
static const char *const needs[] = {NDG_CAP_NUDGE, NDG_CAP_SECOND_ORDER, NULL};
static const ndg_component rule = {.struct_size = sizeof rule,
                                   .props = NDG_PROP_DETERMINISTIC | NDG_PROP_F64,
                                   NDG_RULE(&ops),
                                   .id = "org.test.museum",
                                   .version = "1.0.0",
                                   .title = "Implicit differentiation with a solver of its own",
                                   .doc = RULE_DOC,
                                   .needs = needs,
                                   .options = option_table,
                                   .options_size = sizeof(rule_options)};
static const ndg_component *const components[] = {&rule};

const ndg_plugin NDG_PLUGIN_SYMBOL = {
    NDG_PLUGIN_HEAD,      .name = "museum",  .version = "1.0.0",      .license = "MIT",
    .build = __VERSION__, .n_components = 1, .components = components};
