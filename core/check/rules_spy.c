/* SPDX-License-Identifier: MIT */
#include "check/rules_spy.h"

#include <complex.h>
#include <math.h>

#include "engine/vector.h"

/* A rule gets the host's table with some entries replaced; these have nowhere else to find out for
   whom they work. */
static struct {
  ndg_spy *spy;
  const ndg_ref_problem *reference;
  const ndg_loaded *rule;
  const ndg_problem_api *host;
} now;

static ndg_vector *new_vector(ndg_problem *p, uint32_t space, int is_complex,
                              const ndg_optimizer *o) {
  now.spy->n_vectors++;
  now.spy->complex_numbers = now.spy->complex_numbers || is_complex;
  return now.host->vector(p, space, is_complex, o);
}

static void release(ndg_problem *p, ndg_vector *v) {
  now.spy->n_released += v != NULL;
  now.host->release(p, v);
}

static ndg_vector *keep(ndg_problem *p, const char *name, uint32_t space, int *fresh) {
  ndg_vector *v = now.host->keep(p, name, space, fresh);
  now.spy->n_kept++;
  now.spy->n_fresh += *fresh != 0;
  return v;
}

static void read_point(const ndg_vector *v, uint64_t task, ndg_ref_number *out) {
  const double *parts = ndg_task_data(v, task);
  ndg_real real[NDG_REF_PHI];
  if (!ndg_vector_is_complex(v))
    ndg_dtype_convert(NDG_LONG_DOUBLE, real, v->dtype, ndg_task_data(v, task), NDG_REF_PHI);
  for (uint32_t i = 0; i < NDG_REF_PHI; i++)
    out[i] =
        ndg_vector_is_complex(v) ? parts[2 * i] + parts[2 * i + 1] * (ndg_ref_number)I : real[i];
}

static ndg_real slope_at(const ndg_vector *v, uint64_t task, ndg_complex beta) {
  ndg_ref_number phi[NDG_REF_PHI], slope[NDG_REF_PHI];
  ndg_real size[NDG_REF_PHI];
  read_point(v, task, phi);
  ndg_ref_slope(now.reference, task, phi, beta.re + beta.im * (ndg_ref_number)I, slope);
  for (uint32_t i = 0; i < NDG_REF_PHI; i++)
    size[i] = cabsl(slope[i]);
  return ndg_ref_norm(size, NDG_REF_PHI);
}

static ndg_spied_phase *phase_of(ndg_complex beta) {
  uint64_t i = 0;
  while (i < now.spy->n_phases &&
         (now.spy->phase[i].beta.re != beta.re || now.spy->phase[i].beta.im != beta.im))
    i++;
  if (i == now.spy->n_phases && i < NDG_SPY_PHASES)
    now.spy->n_phases++;
  return i < NDG_SPY_PHASES ? &now.spy->phase[i] : NULL;
}

static ndg_status relax(ndg_problem *p, ndg_phase *ph, ndg_error *e) {
  const ndg_status st = now.host->relax(p, ph, e);
  now.spy->second_order = now.spy->second_order || ph->optimizer.kind == NDG_NEWTON;
  now.spy->complex_numbers = now.spy->complex_numbers || ph->beta.im != 0;
  ndg_spied_phase *seen = st >= 0 ? phase_of(ph->beta) : NULL;
  if (!seen)
    return st;
  seen->beta = ph->beta;
  for (uint64_t t = 0; t < now.reference->n_tasks; t++)
    seen->slope[t] = st == NDG_DIVERGED ? NAN : slope_at(ph->end, t, ph->beta);
  return st;
}

static ndg_status evaluate(ndg_problem *p, ndg_evaluation *ev, ndg_error *e) {
  const uint32_t second = NDG_WANT_HVP | NDG_WANT_MIXED | NDG_WANT_MIXED_FORWARD;
  now.spy->second_order = now.spy->second_order || (ev->want & second);
  now.spy->complex_numbers = now.spy->complex_numbers || ev->beta.im != 0;
  return now.host->evaluate(p, ev, e);
}

static ndg_status solve(ndg_problem *p, ndg_solve *s, ndg_error *e) {
  const ndg_status st = now.host->solve(p, s, e);
  now.spy->second_order = true;
  now.spy->n_solves++;
  now.spy->solve_residual = s->residual;
  return st;
}

static ndg_status step_transposed(ndg_problem *p, const ndg_optimizer *o, const ndg_vector *state,
                                  uint64_t step, ndg_vector *adjoint, ndg_vector *theta_adjoint,
                                  ndg_error *e) {
  now.spy->transposed_steps = true;
  return now.host->step_transposed(p, o, state, step, adjoint, theta_adjoint, e);
}

static ndg_status look_on(const void *options, const ndg_problem_api *host, ndg_problem *p,
                          ndg_vector *gradient, ndg_record *record, ndg_error *e) {
  ndg_problem_api api = *host;
  now.host = host;
  api.vector = new_vector;
  api.release = release;
  api.keep = keep;
  api.relax = relax;
  api.evaluate = evaluate;
  api.solve = solve;
  api.step_transposed = step_transposed;
  const ndg_status st = now.rule->ops.rule.estimate(options, &api, p, gradient, record, e);
  now.spy->left = *record;
  return st;
}

ndg_status ndg_spy_estimate(ndg_spy *spy, const ndg_ref_problem *p, const ndg_instance *rule,
                            double *gradient, ndg_record *record, ndg_error *e) {
  ndg_loaded seen = *rule->loaded;
  seen.ops.rule.estimate = look_on;
  *spy = (ndg_spy){.solve_residual = NAN};
  now.spy = spy;
  now.reference = p;
  now.rule = rule->loaded;
  const ndg_instance watched = {&seen, rule->options ? rule->options : rule->loaded};
  return ndg_problem_estimate(p->problem, &watched, true, gradient, record, e);
}
