/* SPDX-License-Identifier: MIT */
/* The oracle's stationary point: learned by the problem's own optimiser, so that it lies in the
   same basin, then polished by Newton's method in float64 and in long double. */
#include <math.h>

#include "engine/eigen.h"
#include "engine/oracle_internal.h"

/* Learning goes on until Newton's method is safe: the gradient has fallen to this share. */
static const double NEAR = 1e-3;
/* At most so many times the problem's own steps, or so many steps, whichever is more. */
enum { LEARN_FACTOR = 4, MOST_STEPS = 6000, LEAST_STEPS = 100, NEWTON_STEPS = 200 };

ndg_status ndg_ladder_losses(ndg_problem *q, const ndg_vector *phi, double *learn, double *eval,
                             double *norm, ndg_error *e) {
  ndg_vector *gradient = ndg_real_vector(q, NDG_PHI);
  if (!gradient) {
    return ndg_no_memory(e, "a gradient");
  }
  ndg_evaluation ev = {.struct_size = sizeof ev,
                       .want = NDG_WANT_VALUE | NDG_WANT_GRAD_PHI,
                       .loss = NDG_LEARN_LOSS,
                       .phi = phi,
                       .grad_phi = gradient};
  ndg_status st = ndg_problem_evaluate(q, &ev, e);
  *learn = ev.value.re;
  *norm = ndg_vector_norm(gradient, gradient->length);
  if (st >= 0) {
    ev.want = NDG_WANT_VALUE;
    ev.loss = NDG_EVAL_LOSS;
    st = ndg_problem_evaluate(q, &ev, e);
    *eval = ev.value.re;
  }
  ndg_vector_destroy(gradient);
  return st;
}

/* One more stretch of free learning, state carried on. */
static ndg_status learn(const ndg_ladder *s, ndg_vector *state, uint64_t from, uint64_t steps,
                        double *norm, ndg_error *e) {
  ndg_phase phase = {.struct_size = sizeof phase,
                     .optimizer = s->problem->inner.optimizer,
                     .start = from ? state : NULL,
                     .end = state,
                     .first_step = from,
                     .steps = steps,
                     .tolerance = s->problem->inner.tolerance};
  const ndg_status st = ndg_problem_relax(s->problem, &phase, e);
  *norm = phase.gradient_norm;
  return st;
}

static ndg_status polish(ndg_problem *q, const ndg_vector *start, ndg_vector *end,
                         const ndg_factor *factor, ndg_error *e) {
  ndg_phase phase = {.struct_size = sizeof phase,
                     .start = start,
                     .end = end,
                     .optimizer.kind = NDG_NEWTON,
                     .steps = NEWTON_STEPS};
  return ndg_newton_from(q, &phase, factor, e);
}

/* A polished point, and whether it is a minimum. */
static ndg_status try_polish(ndg_ladder *s, const ndg_vector *learned, bool *minimum,
                             ndg_error *e) {
  *minimum = false;
  ndg_vector_copy(s->phi, learned);
  const ndg_status polished = polish(s->f64, s->phi, s->phi, NULL, e);
  if (polished != NDG_OK) {
    return polished;
  }
  ndg_dense_free(&s->factor.dense);
  const ndg_status st = ndg_dense_hessian(s->f64, NDG_LEARN_LOSS, (ndg_complex){0, 0}, s->phi, 0,
                                          true, &s->factor.dense, e);
  if (st < 0) {
    return st;
  }
  ndg_dense_norms(&s->factor.dense, s->factor.norms);
  *minimum = true;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    *minimum = *minimum && !s->factor.dense.is_lu[t];
  }
  return st;
}

/* Learn until near a stationary point; learning's own path decides the basin. */
static ndg_status learn_near(ndg_ladder *s, ndg_vector *state, ndg_error *e) {
  const ndg_inner *inner = &s->problem->inner;
  const uint64_t first = inner->steps > LEAST_STEPS ? inner->steps : LEAST_STEPS;
  const uint64_t most = first > MOST_STEPS / LEARN_FACTOR ? LEARN_FACTOR * first : MOST_STEPS;
  /* Minibatches never let the full gradient vanish. */
  const bool once = inner->optimizer.kind == NDG_NEWTON || inner->batch_size > 0;
  double norm = INFINITY;
  ndg_status st = NDG_OK;
  for (uint64_t total = 0; total < most && !(norm <= NEAR * s->initial_norm);) {
    const uint64_t steps = total ? (total < most - total ? total : most - total) : first;
    st = learn(s, state, total, steps, &norm, e);
    total += steps;
    if (st < 0 || st == NDG_DIVERGED || once) {
      break;
    }
  }
  return st < 0 || st == NDG_DIVERGED ? st : NDG_OK;
}

/* Polish; where that ends in a saddle or nowhere, go downhill first. */
static ndg_status find_minimum(ndg_ladder *s, ndg_vector *state, bool *minimum, ndg_error *e) {
  ndg_status st = learn_near(s, state, e);
  if (st != NDG_OK) {
    return st;
  }
  st = try_polish(s, state, minimum, e);
  if (st < 0 || *minimum || s->problem->inner.optimizer.kind == NDG_NEWTON) {
    return st;
  }
  bool *flags = ndg_calloc(2 * s->n_tasks, sizeof *flags); /* wanted, reached */
  for (uint64_t t = 0; flags && t < s->n_tasks; t++) {
    flags[t] = true;
  }
  ndg_vector_copy(s->phi, state);
  st = flags ? ndg_descend(s->f64, 0, s->phi, flags, flags + s->n_tasks, e)
             : ndg_no_memory(e, "the oracle");
  ndg_free(flags);
  return st < 0 ? st : try_polish(s, s->phi, minimum, e);
}

ndg_status ndg_ladder_settle(ndg_ladder *s, ndg_error *e) {
  double unused, wide_norm;
  bool minimum = false;
  ndg_vector *state =
      ndg_problem_new_vector(s->problem, NDG_STATE, false, s->problem->inner.optimizer.kind);
  s->factor.norms = ndg_calloc(s->n_tasks, sizeof *s->factor.norms);
  ndg_status st = state && s->factor.norms ? NDG_OK : ndg_no_memory(e, "the oracle");
  if (st >= 0) {
    st = ndg_ladder_losses(s->f64, s->f64->start, &unused, &unused, &s->initial_norm, e);
  }
  if (st >= 0) {
    st = find_minimum(s, state, &minimum, e);
  }
  ndg_vector_destroy(state);
  if (st != NDG_OK) {
    return st;
  }
  if (!minimum) {
    return ndg_fail(e, NDG_NOT_CONVERGED,
                    "learning ends at a point where the Hessian of learn_loss is not positive "
                    "definite, so that no exact fixed-point gradient exists; learn longer, or add "
                    "a penalty (larger lambda) to learn_loss");
  }
  ndg_vector_copy(s->phi_wide, s->phi);
  st = polish(s->wide, s->phi_wide, s->phi_wide, &s->factor, e);
  if (st == NDG_OK) {
    st = ndg_ladder_losses(s->wide, s->phi_wide, &s->exact->learn_loss, &s->exact->eval_loss,
                           &wide_norm, e);
    s->exact->gradient_norm = s->initial_norm > 0 ? wide_norm / s->initial_norm : wide_norm;
  }
  return st;
}

static double largest(const double *x, uint64_t n) {
  double peak = x[0];
  for (uint64_t i = 1; i < n; i++) {
    peak = x[i] > peak ? x[i] : peak;
  }
  return peak;
}

/* Worst cases over tasks. */
ndg_status ndg_ladder_spectrum(ndg_ladder *s, ndg_error *e) {
  ndg_exact *x = s->exact;
  double *low = s->by_task, *high = low + s->n_tasks;
  ndg_status st = ndg_stability_radii(s->f64, s->phi, &s->factor.dense, low, e);
  if (st < 0) {
    return st;
  }
  x->stability_radius = INFINITY;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    x->stability_radius = fmin(x->stability_radius, low[t]);
  }
  ndg_problem_set_radii(s->problem, low);
  st = ndg_mixed_norms(s->f64, NDG_LEARN_LOSS, s->phi, low, e);
  if (st >= 0) {
    x->b_learn = largest(low, s->n_tasks);
    st = ndg_mixed_norms(s->f64, NDG_EVAL_LOSS, s->phi, low, e);
  }
  if (st >= 0) {
    x->b_eval = largest(low, s->n_tasks);
    st = ndg_extreme_eigenvalues(&s->factor.dense, low, high, e);
  }
  if (st >= 0) {
    x->mu = x->condition = INFINITY;
    x->l = largest(high, s->n_tasks);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      x->mu = fmin(x->mu, low[t]);
      high[t] /= low[t];
    }
    x->condition = largest(high, s->n_tasks);
  }
  return st;
}
