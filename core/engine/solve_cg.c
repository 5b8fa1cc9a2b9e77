/* SPDX-License-Identifier: MIT */
/* Conjugate gradients. */
#include <string.h>

#include "engine/solver.h"

/* factor = step lengths: rr / pᵀAp, 0 for tasks that do not take this step. */
static void step_lengths(ndg_solver *s) {
  ndg_vector_dot(s->p, s->q, s->pq);
  for (uint64_t t = 0; t < s->n_tasks; t++) {
    s->factor[t] = 0;
    if (!s->active[t]) {
      continue;
    }
    if (s->pq[t] > 0) {
      s->factor[t] = s->rr[t] / s->pq[t];
    } else {
      s->broken[t] = 1;
      s->curvature[t] = (double)s->pq[t];
    }
  }
}

/* One pass from the residual in r, until tolerance or out of products. */
static ndg_status run_pass(ndg_solver *s, ndg_error *e) {
  ndg_vector_copy(s->p, s->r);
  while (ndg_solver_choose(s)) {
    const ndg_status st = ndg_solver_product(s, s->p, s->q, e);
    if (st < 0) {
      return st;
    }
    step_lengths(s);
    ndg_task_axpy(s->x, s->factor, s->p);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->spent[t] += s->active[t];
      s->pq[t] = s->rr[t]; /* the old one */
      s->factor[t] = -s->factor[t];
    }
    ndg_task_axpy(s->r, s->factor, s->q);
    ndg_vector_dot(s->r, s->r, s->rr);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->factor[t] = s->active[t] && s->pq[t] > 0 ? s->rr[t] / s->pq[t] : 0;
    }
    ndg_task_xpay(s->p, s->factor, s->r);
  }
  return NDG_OK;
}

ndg_status ndg_solve_cg(ndg_solver *s, ndg_error *e) {
  enum { PASSES = 4 };
  ndg_status st = NDG_OK;
  if (s->request->warm) {
    st = ndg_solver_residual(s, e);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->spent[t] = 1;
    }
  } else {
    ndg_vector_copy(s->r, s->b);
    memcpy(s->rr, s->bb, s->n_tasks * sizeof *s->rr);
  }
  if (st >= 0) {
    st = run_pass(s, e);
  }
  /* The recursive residual drifts from the true one near round-off: go on from the true one. A task
     that is solved then stays so. */
  for (int pass = 1; st >= 0 && s->request->tolerance > 0 && pass < PASSES; pass++) {
    st = ndg_solver_residual(s, e);
    for (uint64_t t = 0; t < s->n_tasks; t++) {
      s->done[t] = s->done[t] || !ndg_solver_unsolved(s, t);
    }
    if (st < 0 || !ndg_solver_choose(s)) {
      break;
    }
    st = run_pass(s, e);
  }
  return st;
}
