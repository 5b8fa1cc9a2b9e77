/* SPDX-License-Identifier: MIT */
#include "check/motion.h"

#include <float.h>
#include <string.h>

static ndg_status move(ndg_motion *m, double at, ndg_error *e) {
  ndg_bench *b = m->bench;
  if (m->space == NDG_PHI) {
    for (uint64_t t = 0; t < b->n_tasks; t++)
      for (uint64_t i = m->first; i < m->first + m->count; i++)
        ndg_bench_set(b->phi, t, i,
                      m->phi[t * b->n_phi + i] + at * ndg_bench_get(b->direction, t, i), 0);
    return NDG_OK;
  }
  /* Exact: theta and the direction have few digits, and steps are powers of two. */
  memcpy(m->theta, b->theta, b->n_theta * sizeof *m->theta);
  for (uint64_t i = m->first; i < m->first + m->count; i++)
    m->theta[i] += at * (double)ndg_bench_get(b->theta_direction, 0, i);
  return ndg_problem_set_theta(b->problem, m->theta, e);
}

static ndg_status look(void *context, double at, long double *out, ndg_error *e) {
  ndg_motion *m = context;
  ndg_bench *b = m->bench;
  ndg_status st = move(m, at, e);
  if (st >= 0)
    st = ndg_bench_evaluate(b, m->loss, m->want, e);
  if (st < 0)
    return st;
  if (m->want == NDG_WANT_VALUE) {
    ndg_bench_values(b, out);
    return st;
  }
  const ndg_vector *v = m->want == NDG_WANT_GRAD_PHI ? b->grad_phi : b->grad_theta;
  for (uint64_t t = 0; t < b->n_tasks; t++)
    for (uint64_t i = 0; i < m->width; i++)
      out[t * m->width + i] = ndg_bench_get(v, t, i);
  return st;
}

ndg_status ndg_motion_run(ndg_motion *m, ndg_error *e) {
  ndg_bench *b = m->bench;
  ndg_arena *arena = b->check->arena;
  m->width = m->want == NDG_WANT_VALUE ? 1 : m->want == NDG_WANT_GRAD_PHI ? b->n_phi : b->n_theta;
  const uint64_t n = b->n_tasks * m->width;
  m->slope = ndg_arena_alloc(arena, n, sizeof *m->slope);
  m->error = ndg_arena_alloc(arena, n, sizeof *m->error);
  m->here = ndg_arena_alloc(arena, n, sizeof *m->here);
  m->phi = ndg_arena_alloc(arena, b->n_tasks * b->n_phi, sizeof *m->phi);
  m->theta = ndg_arena_alloc(arena, b->n_theta, sizeof *m->theta);
  if (!m->slope || !m->error || !m->here || !m->phi || !m->theta)
    return ndg_fail(e, NDG_ENOMEM, "out of memory for a motion");
  for (uint64_t t = 0; t < b->n_tasks; t++)
    for (uint64_t i = 0; i < b->n_phi; i++)
      m->phi[t * b->n_phi + i] = ndg_bench_get(b->phi, t, i);
  for (uint64_t t = 1; t < b->n_tasks; t++)
    for (uint64_t i = 0; i < b->n_theta; i++)
      ndg_bench_set(b->theta_direction, t, i, ndg_bench_get(b->theta_direction, 0, i), 0);
  ndg_status st = ndg_check_slope(look, m, n, LDBL_EPSILON, arena, m->slope, m->error, e);
  if (st >= 0)
    st = look(m, 0, m->here, e);
  return st;
}

ndg_status ndg_motion_each_group(ndg_bench *b, uint32_t space, uint32_t want, ndg_motion_test test,
                                 ndg_error *e) {
  const ndg_layout *l = ndg_problem_layout(b->problem);
  const ndg_group *groups = space == NDG_PHI ? l->phi : l->theta;
  const uint32_t n = space == NDG_PHI ? l->n_phi : l->n_theta;
  ndg_status st = NDG_OK;
  for (uint32_t loss = NDG_LEARN_LOSS; st >= 0 && loss <= NDG_EVAL_LOSS; loss++) {
    uint64_t first = 0;
    for (uint32_t g = 0; st >= 0 && g < n; g++) {
      ndg_motion m = {.bench = b,
                      .loss = loss,
                      .space = space,
                      .first = first,
                      .count = ndg_shape_size(&groups[g].shape),
                      .want = want};
      first += m.count;
      if (!groups[g].held && !b->check->has_failed)
        st = test(&m, &groups[g], e);
    }
  }
  return st;
}
