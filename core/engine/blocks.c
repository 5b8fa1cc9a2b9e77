/* SPDX-License-Identifier: MIT */
/* Running programs block by block of samples, and adding up what they give: in the order of the
   blocks, in double where numbers are float32, so that the sum over blocks is no worse than one
   over all samples at once. Nothing here depends on the number of threads. */
#include <string.h>

#include "engine/blocks.h"

/* ---- sums ---- */

typedef struct addition {
  const ndg_blocks *blocks;
  uint64_t first, count;
  bool begins, ends;
} addition;

#define DEFINE_ADD(name, narrow, wide)                                                             \
  static void name(wide *restrict sum, const narrow *restrict x, uint64_t n, bool begins) {        \
    if (begins)                                                                                    \
      for (uint64_t i = 0; i < n; i++)                                                             \
        sum[i] = (wide)x[i];                                                                       \
    else                                                                                           \
      for (uint64_t i = 0; i < n; i++)                                                             \
        sum[i] += (wide)x[i];                                                                      \
  }
DEFINE_ADD(add_f32, float, double)
DEFINE_ADD(add_f64, double, double)
DEFINE_ADD(add_long, long double, long double)

/* A worker's share of the numbers. */
static void add_share(void *context, uint32_t worker, uint32_t n_workers) {
  const addition *a = context;
  const ndg_blocks *b = a->blocks;
  const uint64_t from = a->first + a->count * worker / n_workers;
  const uint64_t n = a->first + a->count * (worker + 1) / n_workers - from;
  switch (b->dtype) {
  case NDG_F32:
    add_f32((double *)b->sum + from, (float *)b->block + from, n, a->begins);
    break;
  case NDG_LONG_DOUBLE:
    add_long((long double *)b->sum + from, (long double *)b->block + from, n, a->begins);
    break;
  case NDG_C128:
    add_f64((double *)b->sum + 2 * from, (double *)b->block + 2 * from, 2 * n, a->begins);
    break;
  default:
    add_f64((double *)b->sum + from, (double *)b->block + from, n, a->begins);
    break;
  }
  /* What follows reads sums in the type of programs. */
  if (a->ends && b->wide != b->dtype)
    ndg_dtype_convert(b->dtype, (float *)b->block + from, b->wide, (double *)b->sum + from, n);
}

static void add(const ndg_blocks *b, const ndg_block_group *g, bool begins, bool ends) {
  enum { WORTH_SHARING = 1 << 14 };
  addition a = {b, g->first, g->count, begins, ends};
  if (b->pool && g->count >= WORTH_SHARING)
    ndg_pool_region(b->pool, add_share, &a);
  else
    add_share(&a, 0, 1);
}

ndg_binding ndg_blocks_total(const ndg_blocks *b, const ndg_place *at) {
  const ndg_block_part *part = &b->parts[at->index];
  char *sums = b->wide != b->dtype ? b->block : b->sum;
  return (ndg_binding){sums + part->first * ndg_dtype_size(b->dtype), part->size};
}

/* ---- what is held ---- */

/* A single product gains nothing from what is held: that begins with the second. */
ndg_status ndg_blocks_ready(ndg_blocks *b, ndg_error *e) {
  for (uint32_t i = 0; i < b->n_groups; i++) {
    ndg_block_group *g = &b->groups[i];
    const uint64_t wanted = b->again ? g->most_slots : 1;
    if (g->n_kept == 0 || g->n_slots == wanted)
      continue;
    ndg_free(g->slots);
    g->slots = ndg_calloc((size_t)wanted, (size_t)g->slot_bytes);
    g->n_slots = g->slots ? wanted : 0;
    b->at.known = false;
    if (!g->slots)
      return ndg_no_memory(e, "blocks of samples");
  }
  b->again = true;
  return NDG_OK;
}

void ndg_blocks_let_go(ndg_blocks *b) {
  for (uint32_t i = 0; i < b->n_groups; i++) {
    ndg_free(b->groups[i].slots);
    b->groups[i].slots = NULL;
    b->groups[i].n_slots = 0;
  }
  b->again = false;
}

/* ---- binding and running ---- */

/* In the first slot; rows of later blocks are added when they run. */
static ndg_binding bind_kept(const ndg_blocks *b, const ndg_block_group *g, uint64_t rows,
                             const ndg_place *at) {
  const ndg_block_kept *kept = &g->kept[at->index];
  const size_t size = ndg_dtype_size(b->dtype);
  return (ndg_binding){g->slots + kept->first * rows * b->n_tasks * size, kept->row_size * rows};
}

static ndg_binding bind_output(const ndg_blocks *b, const ndg_block_group *g, uint64_t rows,
                               const ndg_place *at, const ndg_targets *out) {
  if (at->where == NDG_AT_KEPT)
    return bind_kept(b, g, rows, at);
  const ndg_block_part *part = &b->parts[at->index];
  const size_t size = ndg_dtype_size(b->dtype);
  if (part->is_total)
    return (ndg_binding){(char *)b->block + part->first * size, part->size};
  const ndg_vector *v = out->vector[part->place.where];
  return (ndg_binding){(char *)v->data + part->place.offset * size, v->stride};
}

static void bind(const ndg_blocks *b, const ndg_block_group *g, ndg_block_program *block,
                 uint32_t set, const ndg_operands *in, const ndg_targets *out) {
  for (uint32_t i = 0; i < block->n_inputs; i++)
    block->in[set][i] = block->inputs[i].where == NDG_AT_KEPT
                            ? bind_kept(b, g, block->rows, &block->inputs[i])
                            : ndg_programs_place(b->problem, b->is_complex, &block->inputs[i], in);
  for (uint32_t i = 0; i < block->n_outputs; i++)
    block->out[set][i] = bind_output(b, g, block->rows, &block->outputs[i], out);
}

void ndg_blocks_bind(ndg_blocks *b, uint32_t set, const ndg_operands *in, const ndg_targets *out) {
  b->state[set] = in->vector[NDG_AT_STATE];
  for (uint32_t i = 0; i < b->n_groups; i++)
    for (int k = 0; k < 2; k++) {
      bind(b, &b->groups[i], &b->groups[i].prepare[k], set, in, out);
      bind(b, &b->groups[i], &b->groups[i].run[k], set, in, out);
    }
}

static ndg_binding moved(ndg_binding at, const ndg_place *place, uint64_t along, uint64_t slot) {
  at.data = (char *)at.data + (place->where == NDG_AT_KEPT ? slot : along);
  return at;
}

/* From row `row` on, with what is kept at `slot` bytes. */
static void run_at(ndg_block_program *block, uint32_t set, uint64_t row, uint64_t slot) {
  for (uint32_t i = 0; i < block->n_inputs; i++)
    block->in_now[i] = moved(block->in[set][i], &block->inputs[i], row * block->in_step[i], slot);
  for (uint32_t i = 0; i < block->n_outputs; i++)
    block->out_now[i] =
        moved(block->out[set][i], &block->outputs[i], row * block->out_step[i], slot);
  ndg_program_run(block->program, block->in_now, block->out_now);
}

/* Block number `number`, which is held unless it is one of those that share the last slot. */
static void run_block(const ndg_blocks *b, ndg_block_group *g, uint32_t set, uint64_t number,
                      bool prepared) {
  const uint64_t rows = g->run[0].rows, row = number * rows;
  const int rest = g->n_rows - row < rows;
  const uint64_t n_blocks = (g->n_rows + rows - 1) / rows;
  const uint64_t last = g->n_slots > 0 ? g->n_slots - 1 : 0;
  const uint64_t slot = number < last ? number : last;
  const bool held = number < last || g->n_slots == n_blocks;
  if (g->n_kept && !(prepared && held))
    run_at(&g->prepare[rest], set, row, slot * g->slot_bytes);
  run_at(&g->run[rest], set, row, slot * g->slot_bytes);
  if (g->count)
    add(b, g, number == 0, number + 1 == n_blocks);
}

/* Is all that is kept of this point? If not, it is from now on. */
static bool is_prepared(ndg_blocks *b, uint32_t set) {
  const ndg_problem *p = b->problem;
  const ndg_vector *phi = b->state[set];
  const void *beta = p->params[b->is_complex][NDG_PARAM_BETA][0];
  if (!b->at.phi)
    return false;
  bool same = b->at.known && b->at.generation == p->generation &&
              memcmp(b->at.beta, beta, sizeof b->at.beta) == 0;
  const size_t bytes = (size_t)p->n_phi * ndg_dtype_size(b->dtype);
  for (uint64_t t = 0; same && t < b->n_tasks; t++)
    same = memcmp(ndg_task_data(b->at.phi, t), ndg_task_data(phi, t), bytes) == 0;
  if (same)
    return true;
  for (uint64_t t = 0; t < b->n_tasks; t++)
    memcpy(ndg_task_data(b->at.phi, t), ndg_task_data(phi, t), bytes);
  memcpy(b->at.beta, beta, sizeof b->at.beta);
  b->at.generation = p->generation;
  b->at.known = true;
  return false;
}

void ndg_blocks_run(ndg_blocks *b, uint32_t set) {
  const bool prepared = is_prepared(b, set);
  for (uint32_t i = 0; i < b->n_groups; i++) {
    ndg_block_group *g = &b->groups[i];
    for (uint64_t n = 0; n * g->run[0].rows < g->n_rows; n++)
      run_block(b, g, set, n, prepared);
  }
}
