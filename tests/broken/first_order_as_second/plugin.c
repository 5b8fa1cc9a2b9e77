/* SPDX-License-Identifier: MIT */
/* Case 6 of mathematics.md section 5: the gradient at the end of learning, handed to its start as
   if the steps between had derivative one; and called the gradient through all steps. */
#include <stdlib.h>

#include "nudge/nudge.h"

#define RULE_DOC "Reverse mode through all steps."
#define RULE_NEEDS NDG_CAP_TRANSPOSED_STEP, NULL

typedef struct back {
  const ndg_problem_api *api;
  ndg_problem *p;
  ndg_error *e;
  ndg_problem_info info;
  ndg_vector **state, *adjoint, *g;
} back;

static ndg_status learn(back *b) {
  for (uint64_t i = 0; i <= b->info.steps; i++) {
    b->state[i] = b->api->vector(b->p, NDG_STATE, 0, NULL);
    if (!b->state[i]) {
      return ndg_fail(b->e, NDG_ENOMEM, "no memory for a state");
    }
  }
  ndg_phase phase = {.struct_size = sizeof phase,
                     .record = 1,
                     .optimizer = b->info.optimizer,
                     .end = b->adjoint,
                     .steps = b->info.steps,
                     .states = b->state};
  const ndg_status st = b->api->relax(b->p, &phase, b->e);
  return st == NDG_DIVERGED && b->info.n_tasks > 1 ? NDG_OK : st;
}

static ndg_status go_back(back *b, ndg_vector *gradient) {
  const ndg_complex one = {1, 0};
  const ndg_vector *in = b->g;
  ndg_evaluation at_end = {.struct_size = sizeof at_end,
                           .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                           .loss = NDG_EVAL_LOSS,
                           .phi = b->state[b->info.steps],
                           .grad_phi = b->g,
                           .grad_theta = gradient};
  ndg_status st = b->api->evaluate(b->p, &at_end, b->e);
  b->api->release(b->p, b->adjoint);
  b->adjoint = b->api->vector(b->p, NDG_STATE, 0, NULL); /* zero behind phi */
  if (!b->adjoint) {
    return ndg_fail(b->e, NDG_ENOMEM, "no memory for a state");
  }
  st = st == NDG_OK ? b->api->combine(b->p, b->adjoint, one, 1, &one, &in, b->e) : st;
#ifdef SOUND
  for (uint64_t i = b->info.steps; st == NDG_OK && i-- > 0;) {
    st = b->api->step_transposed(b->p, &b->info.optimizer, b->state[i], i, b->adjoint, gradient,
                                 b->e);
  }
#endif
  return st == NDG_OK ? b->api->start_transposed(b->p, b->adjoint, gradient, b->e) : st;
}

static ndg_status estimate_gradient(const void *options, const ndg_problem_api *api, ndg_problem *p,
                                    ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  back b = {.api = api, .p = p, .e = e, .info = {.struct_size = sizeof b.info}};
  (void)options, (void)record;
  api->describe(p, &b.info);
  if (b.info.optimizer.kind == NDG_NEWTON || b.info.tolerance > 0) {
    return ndg_fail(e, NDG_EINVAL, "it takes a fixed number of steps, and none of newton");
  }
  b.g = api->vector(p, NDG_PHI, 0, NULL);
  b.adjoint = api->vector(p, NDG_STATE, 0, NULL);
  b.state = b.info.steps < 1u << 20 ? calloc(b.info.steps + 1, sizeof *b.state) : NULL;
  ndg_status st =
      b.g && b.adjoint && b.state ? learn(&b) : ndg_fail(e, NDG_ENOMEM, "no memory for the states");
  st = st == NDG_OK ? go_back(&b, gradient) : st;
  free(b.state);
  return st;
}

static int estimand(const void *options, ndg_estimand *out) {
  (void)options;
  out->kind = NDG_ESTIMATES_UNROLLED;
  return 1;
}
#include "../museum_rule.h"
