/* SPDX-License-Identifier: MIT */
/* Stages and pieces. Between stages all workers meet; within one, instructions that are cut alike
   and read only their own units run one after the other on each piece, while it is in cache. */
#include "graph/program_internal.h"

/* A piece is worth handing out from this on, where workers have none yet from half of it; a program
   is worth waking other threads from NDG_POOL_PICOSECONDS on. */
#define PIECE_PICOSECONDS UINT64_C(20000000)
#define MAX_PIECES UINT64_C(64)
/* Rows of a piece of a product: fewer cost it speed, because each piece packs the right operand. */
#define MIN_PRODUCT_ROWS UINT64_C(96)

static bool is_product(const ndg_instruction *x) {
  return x->kind == NDG_DO_MATMUL || x->kind == NDG_DO_MATMUL_SUM;
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

/* Puts everything that may run in one stage into it; returns how many instructions that is. What
   all tasks share goes first, alone, so that all work of a task meets in one stage. */
static uint32_t fill_stage(const ndg_program *p, uint32_t s, bool *only_shared) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    ndg_instruction *x = p->instructions[i];
    if (x->stage == UINT32_MAX && !(*only_shared && x->per_task) && may_join(p, x, s)) {
      x->stage = s;
      n++;
    }
  }
  if (n > 0 || !*only_shared)
    return n;
  *only_shared = false;
  return fill_stage(p, s, only_shared);
}

static uint32_t component(const uint32_t *parent, uint32_t i) {
  while (parent[i] != i)
    i = parent[i];
  return i;
}

/* Joins what writes and reads the same within a stage: parent leads to the first of them. */
static void connect(const ndg_program *p, uint32_t s, uint32_t *parent) {
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    const ndg_instruction *x = p->instructions[i];
    parent[i] = i;
    for (uint32_t k = 0; x->stage == s && k < x->n_in; k++) {
      const uint32_t b = x->in[k].buffer;
      const uint32_t w = b == NDG_NO_BUFFER ? UINT32_MAX : p->buffers[b].writer;
      if (w == UINT32_MAX || p->instructions[w]->stage != s)
        continue;
      const uint32_t u = component(parent, i), v = component(parent, w);
      parent[u > v ? u : v] = u > v ? v : u;
    }
  }
}

/* Products that have nothing to do with each other are groups of their own: more and smaller
   pieces. Tasks, and what is elementwise alone, stay together in one group per cut. */
static void group_stage(const ndg_program *p, uint32_t s, uint32_t *parent, bool *has_product) {
  ndg_stage *stage = &p->stages[s];
  connect(p, s, parent);
  for (uint32_t i = 0; i < p->n_instructions; i++)
    has_product[i] = false;
  for (uint32_t i = 0; i < p->n_instructions; i++)
    if (is_product(p->instructions[i]))
      has_product[component(parent, i)] = true;
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    ndg_instruction *x = p->instructions[i];
    if (x->stage != s)
      continue;
    const uint32_t c = component(parent, i);
    const uint32_t own = has_product[c] && !x->per_task ? c : UINT32_MAX;
    uint32_t g = 0;
    while (g < stage->n_groups &&
           !(stage->groups[g].component == own && stage->groups[g].per_task == x->per_task &&
             stage->groups[g].rows == x->rows))
      g++;
    ndg_group *group = &stage->groups[g];
    if (g == stage->n_groups) {
      stage->n_groups++;
      *group = (ndg_group){.per_task = x->per_task, .rows = x->rows, .component = own};
    }
    group->cost += x->cost;
    group->has_product = group->has_product || is_product(x);
    group->n_instructions++;
    x->group = g;
  }
}

/* A power of two, so that two and four threads get equal shares. */
static uint64_t choose_pieces(const ndg_program *p, const ndg_group *g) {
  const uint64_t small = 2 * g->cost / PIECE_PICOSECONDS;
  uint64_t most = g->cost / PIECE_PICOSECONDS;
  if (most < p->n_workers)
    most = small < p->n_workers ? small : p->n_workers;
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

/* Groups with the costliest pieces first, so that the cheap ones even out what workers have done.
 */
static void sort_groups(const ndg_program *p, uint32_t s, uint32_t *place) {
  ndg_stage *stage = &p->stages[s];
  for (uint32_t g = 0; g < stage->n_groups; g++)
    place[g] = g; /* old number of the group that is at g */
  for (uint32_t i = 1; i < stage->n_groups; i++)
    for (uint32_t j = i; j > 0; j--) {
      ndg_group *a = &stage->groups[j - 1], *b = &stage->groups[j], c = *a;
      if (a->cost / a->n_pieces >= b->cost / b->n_pieces)
        break;
      const uint32_t old = place[j - 1];
      *a = *b;
      *b = c;
      place[j - 1] = place[j];
      place[j] = old;
    }
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    ndg_instruction *x = p->instructions[i];
    uint32_t g = 0;
    while (x->stage == s && place[g] != x->group)
      g++;
    x->group = x->stage == s ? g : x->group;
  }
}

static ndg_status finish_stage(ndg_program *p, uint32_t s, uint32_t *place) {
  ndg_stage *stage = &p->stages[s];
  for (uint32_t g = 0; g < stage->n_groups; g++)
    stage->groups[g].n_pieces = choose_pieces(p, &stage->groups[g]);
  sort_groups(p, s, place);
  for (uint32_t g = 0; g < stage->n_groups; g++) {
    ndg_group *group = &stage->groups[g];
    group->instructions =
        ndg_arena_alloc(p->memory, group->n_instructions, sizeof *group->instructions);
    if (!group->instructions)
      return NDG_ENOMEM;
    group->n_instructions = 0;
  }
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    ndg_instruction *x = p->instructions[i];
    if (x->stage != s)
      continue;
    ndg_group *group = &stage->groups[x->group];
    x->position = group->n_instructions++;
    group->instructions[x->position] = i;
  }
  return NDG_OK;
}

/* work, flags: one per instruction. */
static ndg_status plan_stages(ndg_program *p, uint32_t *work, bool *flags, ndg_group *groups,
                              ndg_error *e) {
  const uint32_t n = p->n_instructions;
  bool only_shared = true;
  for (uint32_t left = n; left > 0;) {
    /* Every group has an instruction, so n of them are enough for all stages together. */
    p->stages[p->n_stages].groups = groups;
    const uint32_t filled = fill_stage(p, p->n_stages, &only_shared);
    if (filled == 0)
      return ndg_fail(e, NDG_EINTERNAL, "%u of %u instructions wait for each other", left, n);
    left -= filled;
    group_stage(p, p->n_stages, work, flags);
    groups += p->stages[p->n_stages].n_groups;
    if (finish_stage(p, p->n_stages, work) < 0)
      return ndg_fail(e, NDG_ENOMEM, "no memory to plan %u instructions", n);
    p->n_stages++;
  }
  return NDG_OK;
}

ndg_status ndg_plan_stages(ndg_program *p, ndg_error *e) {
  const uint32_t n = p->n_instructions;
  uint64_t cost = 0;
  p->stages = ndg_arena_alloc(p->memory, n + 1, sizeof *p->stages);
  ndg_group *groups = ndg_arena_alloc(p->memory, n + 1, sizeof *groups);
  uint32_t *work = ndg_arena_alloc(p->memory, n + 1, sizeof *work);
  bool *flags = ndg_arena_alloc(p->memory, n + 1, sizeof *flags);
  if (!p->stages || !groups || !work || !flags)
    return ndg_fail(e, NDG_ENOMEM, "no memory to plan %u instructions", n);
  for (uint32_t i = 0; i < n; i++) {
    p->instructions[i]->stage = UINT32_MAX;
    cost += p->instructions[i]->cost;
  }
  p->cost = cost;
  p->alone = cost < NDG_POOL_PICOSECONDS;
  return plan_stages(p, work, flags, groups, e);
}
