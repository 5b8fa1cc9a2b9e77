/* SPDX-License-Identifier: MIT */
/* Stability radii of tasks: each has its own, as far as it has been found out for this theta. */
#include <math.h>
#include <string.h>

#include "engine/eigen.h"
#include "engine/phase.h"

void ndg_problem_set_radii(ndg_problem *p, const double *radii) {
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++)
    p->radii[0][t] = radii ? radii[t] : NAN;
}

void ndg_problem_radii(const ndg_problem *p, double *out) {
  memcpy(out, p->radii[0], (size_t)p->tasks.arrays.n_tasks * sizeof *out);
}

double ndg_smallest_radius(const ndg_problem *p) {
  double smallest = INFINITY;
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++) {
    if (isnan(p->radii[0][t]))
      return NAN;
    smallest = fmin(smallest, p->radii[0][t]);
  }
  return smallest;
}

/* Does a phase begin where free learning ended? */
static bool starts_at_free_end(const ndg_problem *p, const ndg_phase *ph) {
  const ndg_vector *start = ph->start;
  if (!start || start == ph->end || ndg_vector_is_complex(start))
    return false;
  for (const ndg_cached_phase *c = p->phases; c; c = c->next) {
    const ndg_identity id = ndg_phase_end_identity(&c->key, c->steps, start->space);
    if (c->key.beta.re == 0 && c->key.beta.im == 0 && id.high == start->identity.high &&
        id.low == start->identity.low)
      return true;
  }
  return false;
}

static bool any_unknown(const ndg_problem *p) {
  for (uint64_t t = 0; t < p->tasks.arrays.n_tasks; t++)
    if (isnan(p->radii[0][t]) && !ndg_outcomes_lost(p, t))
      return true;
  return false;
}

/* The factor is the one that the phase has used anyway. */
ndg_status ndg_phase_find_radii(ndg_problem *p, const ndg_phase *ph, ndg_error *e) {
  const ndg_factor *factor;
  if ((ph->beta.re == 0 && ph->beta.im == 0) || !starts_at_free_end(p, ph) || !any_unknown(p))
    return NDG_OK;
  double *radii = ndg_calloc((size_t)p->tasks.arrays.n_tasks, sizeof *radii);
  ndg_status st = radii ? NDG_OK : ndg_no_memory(e, "the stability radius");
  if (st >= 0)
    st = ndg_factor_at(p, ph->start, 0, &factor, e);
  if (st >= 0)
    st = ndg_stability_radii(p, ph->start, &factor->dense, radii, e);
  if (st >= 0)
    ndg_problem_set_radii(p, radii);
  ndg_free(radii);
  return st;
}
