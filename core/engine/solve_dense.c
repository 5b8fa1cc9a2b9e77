/* SPDX-License-Identifier: MIT */
/* Factor once in float64, then refine in the problem's element type while it helps. */
#include <math.h>
#include <string.h>

#include "engine/solver.h"

/* What a correction did to a task: kept if it helped, and tried again if it helped much. */
static void judge_correction(ndg_solver *s, uint64_t t) {
  const double now = ndg_solver_relative(s, t);
  s->spent[t]++;
  if (!(now < s->before[t]) && s->spent[t] > 1) {
    memcpy(ndg_task_data(s->x, t), ndg_task_data(s->p, t),
           s->x->length * ndg_dtype_size(s->x->dtype));
    s->done[t] = 1;
    s->spent[t]--;
  } else {
    s->done[t] = !(now < 0.5 * s->before[t]) || now == 0;
    s->before[t] = now;
  }
}

ndg_status ndg_solve_dense(ndg_solver *s, ndg_error *e) {
  enum { REFINEMENTS = 10 };
  const ndg_factor *factor = NULL;
  ndg_status st = ndg_factor_at(s->problem, s->request->phi, s->request->damping, &factor, e);
  ndg_vector_zero(s->x);
  ndg_vector_copy(s->r, s->b);
  bool any = true;
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->before[t] = INFINITY;
    s->done[t] = s->lost[t];
  }
  for (int i = 0; st >= 0 && any && i <= REFINEMENTS; i++) {
    ndg_vector_copy(s->p, s->x); /* the best so far */
    st = ndg_dense_solve(&factor->dense, s->r, e);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->factor[t] = !s->done[t];
    }
    ndg_task_axpy(s->x, s->factor, s->r);
    if (st >= 0) {
      st = ndg_solver_residual(s, e);
    }
    any = false;
    for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
      if (!s->done[t]) {
        judge_correction(s, t);
        any = any || !s->done[t];
      }
    }
  }
  for (uint64_t t = 0; st >= 0 && t < s->n_tasks; t++) {
    s->broken[t] = factor->dense.is_lu[t] == NDG_LU;
  }
  return st;
}
