/* SPDX-License-Identifier: MIT */
/* Gradient norms of a running phase, and what follows from them for each task. */
#include <math.h>
#include <string.h>

#include "engine/phase.h"
#include "engine/task_algebra.h"

/* A phase whose gradient has grown by this factor will not come back. */
static const double growth_limit = 1e6;

/* The gradient at a state, and its norms. */
static void take_norms(ndg_phase_run *r, uint32_t set, double *norms) {
  if (r->probes)
    ndg_minibatches_draw(r->p, r->loss, 0, 0);
  ndg_programs_run(r->slope, set);
  ndg_vector_norms(r->gradient, r->p->n_phi, norms);
}

ndg_status ndg_phase_measure_initial(ndg_phase_run *r, ndg_error *e) {
  ndg_problem *p = r->p;
  const ndg_complex beta = r->phase->beta;
  const uint32_t c = r->is_complex;
  if (!p->initial[c].norms) {
    p->initial[c].norms = ndg_calloc((size_t)p->tasks.arrays.n_tasks, sizeof(double));
    if (!p->initial[c].norms)
      return ndg_no_memory(e, "gradient norms");
  }
  r->initial = p->initial[c].norms;
  if (p->initial[c].known && p->initial[c].beta.re == beta.re && p->initial[c].beta.im == beta.im &&
      p->initial[c].probed == r->probes)
    return NDG_OK;
  ndg_vector_zero(r->state[0]);
  ndg_vector_copy(r->state[0], p->start);
  ndg_programs_bind(p, r->slope, 0, &(ndg_operands){.vector[NDG_AT_STATE] = r->state[0]},
                    &(ndg_targets){.vector[NDG_TO_GRAD_PHI] = r->gradient});
  take_norms(r, 0, p->initial[c].norms);
  p->initial[c].beta = beta;
  p->initial[c].probed = r->probes;
  p->initial[c].known = true;
  return NDG_OK;
}

static void judge(ndg_phase_run *r, uint64_t task, uint64_t step) {
  const double norm = r->norm[task], initial = r->initial[task], first = r->entry->first[task];
  const double reference = initial > first ? initial : first;
  const double tolerance = r->phase->tolerance;
  r->since[task] = step;
  if (!isfinite(norm) || (reference > 0 && norm > growth_limit * reference)) {
    r->status[task] = NDG_TASK_DIVERGED;
    if (!r->diverged.known)
      r->diverged = (ndg_divergence){1, task, step, norm, reference};
  } else if (tolerance > 0 && norm <= tolerance * (initial > 1 ? initial : 1)) {
    r->status[task] = NDG_TASK_CONVERGED;
  }
}

void ndg_phase_measure(ndg_phase_run *r, uint64_t step) {
  const uint64_t n_tasks = r->state[0]->n_tasks;
  take_norms(r, r->now, r->norm);
  memcpy(r->status, r->entry->frozen, (size_t)n_tasks);
  memcpy(r->since, r->entry->since, (size_t)n_tasks * sizeof *r->since);
  if (step == 0)
    memcpy(r->entry->first, r->norm, (size_t)n_tasks * sizeof *r->norm);
  r->largest = 0;
  r->n_running = 0;
  for (uint64_t t = 0; t < n_tasks; t++) {
    if (r->status[t] == NDG_TASK_RUNNING)
      judge(r, t, step);
    r->n_running += r->status[t] == NDG_TASK_RUNNING;
    if (!(r->norm[t] <= r->largest) && !isnan(r->largest))
      r->largest = r->norm[t];
  }
}

void ndg_phase_freeze(ndg_phase_run *r) {
  const size_t n_tasks = (size_t)r->state[0]->n_tasks;
  memcpy(r->entry->frozen, r->status, n_tasks);
  memcpy(r->entry->since, r->since, n_tasks * sizeof *r->since);
  r->entry->diverged = r->diverged;
}

double ndg_phase_contraction(const ndg_phase_run *r, uint64_t steps) {
  const ndg_cached_phase *c = r->entry;
  double end = r->largest, reference = 0;
  uint64_t i = c->n_norms, at = steps;
  for (uint64_t t = 0; t < r->state[0]->n_tasks; t++)
    reference = fmax(reference, fmax(r->initial[t], c->first[t]));
  const double floor = 1e3 * ndg_epsilon(r->state[0]->dtype) * reference;
  while (end <= floor && i-- > 0) {
    end = c->norms[i];
    at = i * r->interval;
  }
  const uint64_t half = at / 2 / r->interval;
  if (half >= c->n_norms || at <= half * r->interval || !(c->norms[half] > floor))
    return NAN;
  return pow(end / c->norms[half], 1.0 / (double)(at - half * r->interval));
}
