/* SPDX-License-Identifier: MIT */
/* Case 7 of mathematics.md section 5: the adjoint solve inherits a loose tolerance, stops at it,
   and nobody hears of it. */
#include "nudge/nudge.h"

#define RULE_DOC "Implicit differentiation; the linear solve stops at a relative residual of 0.15."
#define RULE_NEEDS NDG_CAP_SECOND_ORDER, NULL
#ifdef SOUND
#define TOLERANCE 0
#else
#define TOLERANCE 0.15
#endif

static ndg_status estimate_gradient(const void *options, const ndg_problem_api *api, ndg_problem *p,
                                    ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  ndg_problem_info info = {.struct_size = sizeof info};
  ndg_vector *phi = api->vector(p, NDG_PHI, 0, NULL), *g = api->vector(p, NDG_PHI, 0, NULL);
  ndg_vector *v = api->vector(p, NDG_PHI, 0, NULL);
  ndg_vector *direct = api->vector(p, NDG_THETA, 0, NULL);
  ndg_vector *mixed = api->vector(p, NDG_THETA, 0, NULL);
  (void)options;
  if (!phi || !g || !v || !direct || !mixed) {
    return ndg_fail(e, NDG_ENOMEM, "no memory for five vectors");
  }
  api->describe(p, &info);
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = info.optimizer,
                     .end = phi,
                     .steps = info.steps,
                     .tolerance = info.tolerance};
  ndg_evaluation at_phi = {.struct_size = sizeof at_phi,
                           .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                           .loss = NDG_EVAL_LOSS,
                           .phi = phi,
                           .grad_phi = g,
                           .grad_theta = direct};
  ndg_solve solve = {.struct_size = sizeof solve,
                     .solver = NDG_SOLVE_CG,
                     .phi = phi,
                     .rhs = g,
                     .x = v,
                     .iterations = 100,
                     .tolerance = TOLERANCE};
  ndg_evaluation along_v = {.struct_size = sizeof along_v,
                            .want = NDG_WANT_MIXED,
                            .loss = NDG_LEARN_LOSS,
                            .phi = phi,
                            .direction = v,
                            .mixed = mixed};
  ndg_status st = api->relax(p, &phase, e);
  st = st == NDG_DIVERGED && info.n_tasks > 1 ? NDG_OK : st;
  st = st == NDG_OK ? api->evaluate(p, &at_phi, e) : st;
  st = st == NDG_OK ? api->solve(p, &solve, e) : st;
  st = st == NDG_OK ? api->evaluate(p, &along_v, e) : st;
#ifdef SOUND
  record->residual = solve.residual;
#else
  (void)record;
#endif
  const ndg_complex one = {1, 0}, weights[] = {{1, 0}, {-1, 0}};
  const ndg_vector *const in[] = {direct, mixed};
  return st == NDG_OK ? api->combine(p, gradient, one, 2, weights, in, e) : st;
}

static int estimand(const void *options, ndg_estimand *out) {
  (void)options;
  out->kind = NDG_ESTIMATES_FIXED_POINT;
  return 1;
}
#include "../museum_rule.h"
