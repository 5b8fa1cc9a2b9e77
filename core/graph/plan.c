/* SPDX-License-Identifier: MIT */
/* Stages and pieces. Between stages all workers meet; within one, instructions that are cut alike
   and read only their own units run one after the other on each piece, while it is in cache. */
#include "graph/program_internal.h"

/* A piece is worth handing out from this on; a program is worth waking other threads. */
#define PIECE_PICOSECONDS UINT64_C(3000000)
#define POOL_PICOSECONDS UINT64_C(30000000)
#define MAX_PIECES UINT64_C(64)
/* Rows of a piece of a product: fewer cost it speed, because each piece packs the right operand. */
#define MIN_PRODUCT_ROWS UINT64_C(96)

static bool is_product(const ndg_instruction *x) {
  return x->kind == NDG_DO_MATMUL || x->kind == NDG_DO_MATMUL_SUM;
}

static bool same_cut(const ndg_group *g, const ndg_instruction *x) {
  return g->per_task == x->per_task && g->rows == x->rows;
}

/* Whether x may run in stage s: what it reads is computed before, or unit by unit with it. */
static bool may_join(const ndg_program *p, const ndg_instruction *x, uint32_t s) {
  for (uint32_t i = 0; i < x->n_in; i++) {
    if (x->in[i].buffer == NDG_NO_BUFFER)
      continue;
    const ndg_buffer *b = &p->buffers[x->in[i].buffer];
    if (b->writer == UINT32_MAX)
      continue;
    const ndg_instruction *w = p->instructions[b->writer];
    if (w->stage == UINT32_MAX)
      return false;
    const bool together = w->per_task == x->per_task && w->rows == x->rows && x->reads_own[i];
    if (w->stage == s && !together)
      return false;
  }
  return true;
}

static void join(const ndg_program *p, ndg_stage *stage, uint32_t number) {
  ndg_instruction *x = p->instructions[number];
  uint32_t g = 0;
  while (g < stage->n_groups && !same_cut(&stage->groups[g], x))
    g++;
  ndg_group *group = &stage->groups[g];
  if (g == stage->n_groups) {
    stage->n_groups++;
    group->per_task = x->per_task;
    group->rows = x->rows;
  }
  group->cost += x->cost;
  group->has_product = group->has_product || is_product(x);
  x->stage = (uint32_t)(stage - p->stages);
  x->group = g;
  x->position = group->n_instructions++;
}

/* Fills one stage with everything that may run in it; returns how many instructions that is. */
static uint32_t fill_stage(const ndg_program *p, uint32_t s) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < p->n_instructions; i++)
    if (p->instructions[i]->stage == UINT32_MAX && may_join(p, p->instructions[i], s)) {
      join(p, &p->stages[s], i);
      n++;
    }
  return n;
}

/* A power of two, so that two and four threads get equal shares. */
static uint64_t choose_pieces(const ndg_group *g) {
  uint64_t most = g->cost / PIECE_PICOSECONDS;
  uint64_t limit = g->rows;
  if (!g->per_task && g->has_product)
    limit = g->rows / MIN_PRODUCT_ROWS;
  most = most < limit ? most : limit;
  most = most < MAX_PIECES ? most : MAX_PIECES;
  uint64_t n = 1;
  while (2 * n <= most)
    n *= 2;
  return n;
}

static ndg_status finish_stage(ndg_program *p, uint32_t s) {
  ndg_stage *stage = &p->stages[s];
  for (uint32_t g = 0; g < stage->n_groups; g++) {
    ndg_group *group = &stage->groups[g];
    group->n_pieces = choose_pieces(group);
    group->instructions =
        ndg_arena_alloc(p->memory, group->n_instructions, sizeof *group->instructions);
    if (!group->instructions)
      return NDG_ENOMEM;
  }
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    const ndg_instruction *x = p->instructions[i];
    if (x->stage == s)
      stage->groups[x->group].instructions[x->position] = i;
  }
  return NDG_OK;
}

ndg_status ndg_plan_stages(ndg_program *p, ndg_error *e) {
  const uint32_t n = p->n_instructions;
  uint64_t cost = 0;
  p->stages = ndg_arena_alloc(p->memory, n + 1, sizeof *p->stages);
  ndg_group *groups = ndg_arena_alloc(p->memory, n + 1, sizeof *groups);
  if (!p->stages || !groups)
    return ndg_fail(e, NDG_ENOMEM, "no memory to plan %u instructions", n);
  for (uint32_t i = 0; i < n; i++) {
    p->instructions[i]->stage = UINT32_MAX;
    cost += p->instructions[i]->cost;
  }
  for (uint32_t left = n; left > 0;) {
    /* Every group has an instruction, so n of them are enough for all stages together. */
    p->stages[p->n_stages].groups = groups;
    const uint32_t filled = fill_stage(p, p->n_stages);
    if (filled == 0)
      return ndg_fail(e, NDG_EINTERNAL, "%u of %u instructions wait for each other", left, n);
    left -= filled;
    groups += p->stages[p->n_stages].n_groups;
    if (finish_stage(p, p->n_stages) < 0)
      return ndg_fail(e, NDG_ENOMEM, "no memory to plan %u instructions", n);
    p->n_stages++;
  }
  p->alone = cost < POOL_PICOSECONDS;
  return NDG_OK;
}
