/* SPDX-License-Identifier: MIT */
/* Case 8 of mathematics.md section 5: a symmetric contrast whose negative phase is not nudged. What
   it gives is half of a forward difference against a matched continuation. */
#include "nudge/nudge.h"

#define RULE_DOC "[G(beta) - G(-beta)] / 2 beta."
#define RULE_NEEDS NULL

typedef struct contrast_options {
  double beta;
} contrast_options;
static const ndg_option option_table[] = {NDG_OPT_F64(contrast_options, beta, 0.01, 0, 1e300,
                                                      NDG_OPTION_LOG | NDG_OPTION_EXCLUSIVE_MIN,
                                                      NULL, "Nudging strength."),
                                          NDG_OPT_END};
#define OPTIONS option_table
#define OPTIONS_SIZE sizeof(contrast_options)

/* phi goes on from `from` (NULL: the initial point); g = G(beta), if wanted. */
static ndg_status sample(const ndg_problem_api *api, ndg_problem *p, double beta,
                         const ndg_vector *from, ndg_vector *phi, ndg_vector *g, ndg_error *e) {
  ndg_problem_info info = {.struct_size = sizeof info};
  api->describe(p, &info);
#ifndef SOUND
  beta = beta < 0 ? 0 : beta;
#endif
  ndg_phase phase = {.struct_size = sizeof phase,
                     .beta = {beta, 0},
                     .optimizer = info.optimizer,
                     .start = from,
                     .end = phi,
                     .steps = info.steps,
                     .tolerance = info.tolerance};
  ndg_evaluation derivative = {.struct_size = sizeof derivative,
                               .want = NDG_WANT_GRAD_THETA,
                               .loss = NDG_AUGMENTED_LOSS,
                               .beta = {beta, 0},
                               .phi = phi,
                               .grad_theta = g};
  const ndg_status st = api->relax(p, &phase, e);
  const int goes_on = st == NDG_OK || (st == NDG_DIVERGED && info.n_tasks > 1);
  return goes_on && g ? api->evaluate(p, &derivative, e) : goes_on ? NDG_OK : st;
}

static ndg_status estimate_gradient(const void *options, const ndg_problem_api *api, ndg_problem *p,
                                    ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  const contrast_options *o = options;
  const ndg_complex scale = {0.5 / o->beta, 0}, weights[] = {{1, 0}, {-1, 0}};
  ndg_vector *free = api->vector(p, NDG_PHI, 0, NULL), *phi = api->vector(p, NDG_PHI, 0, NULL);
  ndg_vector *plus = api->vector(p, NDG_THETA, 0, NULL);
  ndg_vector *minus = api->vector(p, NDG_THETA, 0, NULL);
  const ndg_vector *const both[] = {plus, minus};
  (void)record;
  if (!free || !phi || !plus || !minus) {
    return ndg_fail(e, NDG_ENOMEM, "no memory for four vectors");
  }
  ndg_status st = sample(api, p, 0, NULL, free, NULL, e);
  st = st == NDG_OK ? sample(api, p, o->beta, free, phi, plus, e) : st;
  st = st == NDG_OK ? sample(api, p, -o->beta, free, phi, minus, e) : st;
  return st == NDG_OK ? api->combine(p, gradient, scale, 2, weights, both, e) : st;
}

static int estimand(const void *options, ndg_estimand *out) {
  (void)options;
  out->kind = NDG_ESTIMATES_FIXED_POINT;
  return 1;
}
static int truncation(const void *options, ndg_truncation *out) {
  (void)options;
  out->order = 2;
  out->factor = 1;
  return 1;
}
#define TRUNCATION truncation
#include "../museum_rule.h"
