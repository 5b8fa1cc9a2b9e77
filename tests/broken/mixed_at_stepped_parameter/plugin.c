/* SPDX-License-Identifier: MIT */
/* Case 5 of mathematics.md section 5: a finite-difference mixed product around the parameter after
   the step, where the step's derivative is one at the parameter before it. */
#include "nudge/nudge.h"

#define RULE_DOC "The gradient through the last step of gradient descent, by differences."
#define RULE_NEEDS NULL

typedef struct window {
  const ndg_problem_api *api;
  ndg_problem *p;
  ndg_error *e;
  ndg_problem_info info;
  ndg_vector *before, *after, *moved, *g; /* PHI */
  ndg_vector *direct, *plus, *minus;      /* THETA */
} window;

static ndg_status step(window *w, const ndg_vector *from, ndg_vector *to, uint64_t first,
                       uint64_t n) {
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = w->info.optimizer,
                     .start = from,
                     .end = to,
                     .first_step = first,
                     .steps = n};
  const ndg_status st = w->api->relax(w->p, &phase, w->e);
  return st == NDG_DIVERGED && w->info.n_tasks > 1 ? NDG_OK : st;
}

/* ∂θL^learn at phi + by g */
static ndg_status slope(window *w, double by, ndg_vector *out) {
#ifdef SOUND
  const ndg_vector *const in[] = {w->before, w->g};
#else
  const ndg_vector *const in[] = {w->after, w->g};
#endif
  const ndg_complex one = {1, 0}, weights[] = {{1, 0}, {by, 0}};
  ndg_evaluation v = {.struct_size = sizeof v,
                      .want = NDG_WANT_GRAD_THETA,
                      .loss = NDG_LEARN_LOSS,
                      .phi = w->moved,
                      .grad_theta = out};
  const ndg_status st = w->api->combine(w->p, w->moved, one, 2, weights, in, w->e);
  return st == NDG_OK ? w->api->evaluate(w->p, &v, w->e) : st;
}

static ndg_status run(window *w, ndg_vector *gradient) {
  const uint64_t n = w->info.steps;
  ndg_evaluation at_end = {.struct_size = sizeof at_end,
                           .want = NDG_WANT_GRAD_PHI | NDG_WANT_GRAD_THETA,
                           .loss = NDG_EVAL_LOSS,
                           .phi = w->after,
                           .grad_phi = w->g,
                           .grad_theta = w->direct};
  ndg_status st = step(w, NULL, w->before, 0, n - 1);
  st = st == NDG_OK ? step(w, w->before, w->after, n - 1, 1) : st;
  st = st == NDG_OK ? w->api->evaluate(w->p, &at_end, w->e) : st;
  const double size = w->api->norm(w->p, w->g), reach = size > 0 ? 0.125 / size : 1;
  st = st == NDG_OK ? slope(w, reach, w->plus) : st;
  st = st == NDG_OK ? slope(w, -reach, w->minus) : st;
  const double factor = 0.5 * w->info.optimizer.lr / reach;
  const ndg_complex one = {1, 0}, weights[] = {{1, 0}, {-factor, 0}, {factor, 0}};
  const ndg_vector *const in[] = {w->direct, w->plus, w->minus};
  return st == NDG_OK ? w->api->combine(w->p, gradient, one, 3, weights, in, w->e) : st;
}

static ndg_status estimate_gradient(const void *options, const ndg_problem_api *api, ndg_problem *p,
                                    ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  window w = {.api = api, .p = p, .e = e, .info = {.struct_size = sizeof w.info}};
  ndg_vector **const phi[] = {&w.before, &w.after, &w.moved, &w.g};
  ndg_vector **const theta[] = {&w.direct, &w.plus, &w.minus};
  int fits = 1;
  (void)options, (void)record;
  api->describe(p, &w.info);
  if (w.info.optimizer.kind != NDG_GRADIENT_DESCENT || w.info.tolerance > 0 || w.info.steps == 0) {
    return ndg_fail(e, NDG_EINVAL, "it is for a fixed number of steps of gradient descent");
  }
  for (int i = 0; i < 4; i++) {
    *phi[i] = api->vector(p, NDG_PHI, 0, NULL);
    fits = fits && *phi[i];
  }
  for (int i = 0; i < 3; i++) {
    *theta[i] = api->vector(p, NDG_THETA, 0, NULL);
    fits = fits && *theta[i];
  }
  return fits ? run(&w, gradient) : ndg_fail(e, NDG_ENOMEM, "no memory for seven vectors");
}

static int estimand(const void *options, ndg_estimand *out) {
  (void)options;
  out->kind = NDG_ESTIMATES_UNROLLED;
  out->window = 1;
  return 1;
}
#include "../museum_rule.h"
