/* SPDX-License-Identifier: MIT */
/* Pieces of a stage are numbered through its groups; each worker begins with a run of them that
   costs its share. What it leaves others take, so this decides about speed only. */
#include "graph/program_internal.h"

static void share(const ndg_program *p, const ndg_stage *stage, uint64_t *begin) {
  double total = 0, done = 0;
  uint64_t piece = 0;
  uint32_t worker = 0;
  for (uint32_t g = 0; g < stage->n_groups; g++)
    total += (double)stage->groups[g].cost;
  for (uint32_t g = 0; g < stage->n_groups; g++) {
    const ndg_group *group = &stage->groups[g];
    const double cost = (double)group->cost / (double)group->n_pieces;
    for (uint64_t i = 0; i < group->n_pieces; i++, piece++, done += cost)
      while (worker + 1 < p->n_workers &&
             (done + cost / 2) * p->n_workers >= total * (double)(worker + 1))
        begin[++worker] = piece;
  }
  while (worker < p->n_workers)
    begin[++worker] = piece;
}

ndg_status ndg_plan_shares(ndg_program *p, ndg_error *e) {
  const size_t row = (size_t)p->n_workers + 1;
  p->shares = ndg_arena_alloc(p->memory, p->n_stages * row + 1, sizeof *p->shares);
  if (!p->shares)
    return ndg_fail(e, NDG_ENOMEM, "no memory to plan %u stages", p->n_stages);
  for (uint32_t s = 0; s < p->n_stages; s++)
    share(p, &p->stages[s], p->shares + s * row);
  return NDG_OK;
}
