/* SPDX-License-Identifier: MIT */
/* Running programs block by block of samples, and adding up what they give: in the order of the
   blocks, in double where numbers are float32, so that the sum over blocks is no worse than one
   over all samples at once. Nothing here depends on the number of threads. */
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

/* ---- binding and running ---- */

static void bind(const ndg_problem *p, const ndg_blocks *b, ndg_block_program *block, uint32_t set,
                 const ndg_operands *in, const ndg_targets *out) {
  for (uint32_t i = 0; i < block->n_inputs; i++)
    block->in[set][i] = ndg_programs_place(p, b->is_complex, &block->inputs[i], in);
  for (uint32_t i = 0; i < block->n_outputs; i++) {
    const ndg_block_part *part = &b->parts[block->outputs[i]];
    const size_t size = ndg_dtype_size(b->dtype);
    if (part->is_total) {
      block->out[set][i] = (ndg_binding){(char *)b->block + part->first * size, part->size};
    } else {
      const ndg_vector *v = out->vector[part->place.where];
      block->out[set][i] = (ndg_binding){(char *)v->data + part->place.offset * size, v->stride};
    }
  }
}

void ndg_blocks_bind(const ndg_problem *p, ndg_blocks *b, uint32_t set, const ndg_operands *in,
                     const ndg_targets *out) {
  for (uint32_t g = 0; g < b->n_groups; g++) {
    bind(p, b, &b->groups[g].block, set, in, out);
    bind(p, b, &b->groups[g].rest, set, in, out);
  }
}

static void run_at(ndg_block_program *block, uint32_t set, uint64_t row) {
  for (uint32_t i = 0; i < block->n_inputs; i++)
    block->in_now[i] = (ndg_binding){(char *)block->in[set][i].data + row * block->in_step[i],
                                     block->in[set][i].task_stride};
  for (uint32_t i = 0; i < block->n_outputs; i++)
    block->out_now[i] = (ndg_binding){(char *)block->out[set][i].data + row * block->out_step[i],
                                      block->out[set][i].task_stride};
  ndg_program_run(block->program, block->in_now, block->out_now);
}

void ndg_blocks_run(ndg_blocks *b, uint32_t set) {
  for (uint32_t i = 0; i < b->n_groups; i++) {
    ndg_block_group *g = &b->groups[i];
    uint64_t row = 0;
    for (; g->n_rows - row >= g->block.rows; row += g->block.rows) {
      run_at(&g->block, set, row);
      if (g->count)
        add(b, g, row == 0, row + g->block.rows == g->n_rows);
    }
    if (row < g->n_rows) {
      run_at(&g->rest, set, row);
      if (g->count)
        add(b, g, false, true);
    }
  }
}
