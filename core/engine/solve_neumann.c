/* SPDX-License-Identifier: MIT */
/* Neumann series: x += α (b − A x), so often; r is its next term. */
#include <math.h>
#include <string.h>

#include "engine/linear.h"
#include "engine/solver.h"

/* At least one term for every task that is active, then until tolerance or out of products. */
static ndg_status add_terms(ndg_solver *s, ndg_error *e) {
  for (;;) {
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->factor[t] = s->active[t] ? s->alpha[t] : 0;
    }
    ndg_task_axpy(s->x, s->factor, s->r);
    if (!ndg_solver_choose(s)) {
      return NDG_OK;
    }
    const ndg_status st = ndg_solver_product(s, s->r, s->q, e);
    if (st < 0) {
      return st;
    }
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->spent[t] += s->active[t];
      s->factor[t] = s->active[t] ? -s->alpha[t] : 0;
    }
    ndg_task_axpy(s->r, s->factor, s->q);
    ndg_vector_dot(s->r, s->r, s->rr);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->active[t] = s->active[t] && ndg_solver_unsolved(s, t);
    }
  }
}

/* active: tasks whose true residual is above the tolerance and still falls. False: none. */
static bool choose_again(ndg_solver *s) {
  bool any = false;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    const double now = ndg_solver_relative(s, t);
    s->done[t] = s->done[t] || s->spent[t] >= s->request->iterations ||
                 !ndg_solver_unsolved(s, t) || !(now < s->before[t]);
    s->before[t] = now;
    s->active[t] = !s->done[t];
    s->spent[t] += s->active[t];
    any = any || s->active[t];
  }
  return any;
}

/* The recursive residual drifts from the true one near round-off: go on from the true one. */
static ndg_status run_passes(ndg_solver *s, ndg_error *e) {
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->before[t] = INFINITY;
    s->active[t] = !s->lost[t];
  }
  ndg_status st = add_terms(s, e);
  while (st >= 0 && s->request->tolerance > 0) {
    st = ndg_solver_residual(s, e);
    if (st < 0 || !choose_again(s)) {
      break;
    }
    st = add_terms(s, e);
  }
  return st;
}

/* Steps of 1 / (largest eigenvalue), unless one is given. */
static ndg_status find_steps(ndg_solver *s, ndg_error *e) {
  const double given = s->request->alpha;
  ndg_status st = NDG_OK;
  if (isnan(given)) {
    st = ndg_largest_eigenvalues(s->problem, s->request->phi, s->before, e);
  }
  for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
    const double alpha = isnan(given) ? 1 / (s->before[t] + s->request->damping) : given;
    s->alpha[t] = alpha;
    if (!s->lost[t] && (!(alpha > 0) || !isfinite(alpha))) {
      return ndg_fail(e, NDG_EINVAL, "Neumann series: alpha is %g; it must be positive", alpha);
    }
  }
  return st;
}

ndg_status ndg_solve_neumann(ndg_solver *s, ndg_error *e) {
  ndg_status st = find_steps(s, e);
  ndg_vector_copy(s->r, s->b);
  memcpy(s->rr, s->bb, s->n_tasks * sizeof *s->rr);
  if (st >= 0 && s->request->warm) {
    st = ndg_solver_residual(s, e);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->spent[t] = 1;
    }
  }
  return st >= 0 ? run_passes(s, e) : st;
}
