/* SPDX-License-Identifier: MIT */
/* Memory: a place for each buffer, shared by buffers whose lives do not meet. A buffer that only
   its own group reads lives in the worker's memory for one piece, and so stays in cache. */
#include <inttypes.h>

#include "graph/program_internal.h"

/* Local memory of a piece should leave room in the second-level cache. */
#define LOCAL_LIMIT (UINT64_C(768) * 1024)

/* From its writer to its last reader, in stages (arena) or positions within a group (local). */
typedef struct life {
  uint32_t stage, group; /* local */
  uint32_t begin, end;
  uint64_t bytes;
  bool local;
} life;

static uint64_t align(uint64_t bytes) {
  return (bytes + NDG_ALIGNMENT - 1) / NDG_ALIGNMENT * NDG_ALIGNMENT;
}

static void measure_lives(const ndg_program *p, life *lives) {
  for (uint32_t b = 0; b < p->n_buffers; b++) {
    const ndg_buffer *buffer = &p->buffers[b];
    if (buffer->place != NDG_PLACE_ARENA)
      continue;
    const ndg_instruction *w = p->instructions[buffer->writer];
    lives[b] = (life){
        .stage = w->stage, .group = w->group, .begin = w->stage, .end = w->stage, .local = true};
  }
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    const ndg_instruction *x = p->instructions[i];
    for (uint32_t k = 0; k < x->n_in; k++) {
      if (x->in[k].buffer == NDG_NO_BUFFER)
        continue;
      life *v = &lives[x->in[k].buffer];
      v->end = x->stage > v->end ? x->stage : v->end;
      v->local = v->local && x->stage == v->stage && x->group == v->group;
    }
  }
}

/* Units of the largest piece. */
static uint64_t piece_units(const ndg_group *g) {
  return (g->rows + g->n_pieces - 1) / g->n_pieces;
}

/* Lives of local buffers count positions within their group, of the others stages. */
static void measure_local(ndg_program *p, life *lives) {
  for (uint32_t b = 0; b < p->n_buffers; b++) {
    ndg_buffer *buffer = &p->buffers[b];
    life *v = &lives[b];
    if (buffer->place == NDG_PLACE_ARENA && v->local) {
      const ndg_instruction *w = p->instructions[buffer->writer];
      buffer->place = NDG_PLACE_LOCAL;
      v->begin = v->end = w->position;
    }
  }
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    const ndg_instruction *x = p->instructions[i];
    for (uint32_t k = 0; k < x->n_in; k++) {
      const uint32_t b = x->in[k].buffer;
      if (b != NDG_NO_BUFFER && p->buffers[b].place == NDG_PLACE_LOCAL)
        lives[b].end = x->position > lives[b].end ? x->position : lives[b].end;
    }
  }
}

static void measure_bytes(const ndg_program *p, life *lives) {
  for (uint32_t b = 0; b < p->n_buffers; b++) {
    const ndg_buffer *buffer = &p->buffers[b];
    life *v = &lives[b];
    if (buffer->place == NDG_PLACE_ARENA)
      v->bytes = align(buffer->element * buffer->size * (buffer->per_task ? p->n_tasks : 1));
    if (buffer->place == NDG_PLACE_LOCAL) {
      const uint64_t unit = buffer->per_task ? buffer->size : buffer->size / buffer->rows;
      v->bytes = align(buffer->element * unit * piece_units(&p->stages[v->stage].groups[v->group]));
    }
  }
}

static bool lives_meet(const life *a, const life *b) {
  if (a->local != b->local)
    return false;
  if (a->local && (a->stage != b->stage || a->group != b->group))
    return false;
  return a->begin <= b->end && b->begin <= a->end;
}

/* Lowest offset that is free during a buffer's whole life; `placed` is sorted by offset. */
static uint64_t find_gap(const ndg_program *p, const life *lives, uint32_t b,
                         const uint32_t *placed, uint32_t n_placed) {
  uint64_t at = 0;
  for (uint32_t i = 0; i < n_placed; i++) {
    const uint32_t c = placed[i];
    if (!lives_meet(&lives[b], &lives[c]))
      continue;
    if (p->buffers[c].offset >= at + lives[b].bytes)
      break;
    const uint64_t end = p->buffers[c].offset + lives[c].bytes;
    at = end > at ? end : at;
  }
  return at;
}

/* Largest buffers first: the usual greedy rule, seldom far from the least possible. */
static uint64_t place_all(ndg_program *p, life *lives, uint8_t place, const uint32_t *by_size,
                          uint32_t *placed) {
  uint32_t n_placed = 0;
  uint64_t total = 0;
  for (uint32_t i = 0; i < p->n_buffers; i++) {
    const uint32_t b = by_size[i];
    if (p->buffers[b].place != place)
      continue;
    p->buffers[b].offset = find_gap(p, lives, b, placed, n_placed);
    const uint64_t end = p->buffers[b].offset + lives[b].bytes;
    total = end > total ? end : total;
    uint32_t j = n_placed++;
    for (; j > 0 && p->buffers[placed[j - 1]].offset > p->buffers[b].offset; j--)
      placed[j] = placed[j - 1];
    placed[j] = b;
  }
  return total;
}

static void sort_by_size(const ndg_program *p, const life *lives, uint32_t *by_size) {
  /* Shell's sort: stable order is not needed, but the same order every time is. */
  for (uint32_t b = 0; b < p->n_buffers; b++)
    by_size[b] = b;
  for (uint32_t gap = p->n_buffers / 2; gap > 0; gap /= 2)
    for (uint32_t i = gap; i < p->n_buffers; i++) {
      const uint32_t b = by_size[i];
      uint32_t j = i;
      for (; j >= gap && lives[by_size[j - gap]].bytes < lives[b].bytes; j -= gap)
        by_size[j] = by_size[j - gap];
      by_size[j] = b;
    }
}

/* Cuts groups of tasks finer until the local memory of a piece fits the cache. */
static bool cut_finer(ndg_program *p, const life *lives) {
  bool changed = false;
  for (uint32_t b = 0; b < p->n_buffers; b++) {
    if (p->buffers[b].place != NDG_PLACE_LOCAL)
      continue;
    ndg_group *g = &p->stages[lives[b].stage].groups[lives[b].group];
    const uint64_t end = p->buffers[b].offset + lives[b].bytes;
    if (g->per_task && end > LOCAL_LIMIT && g->n_pieces < g->rows) {
      g->n_pieces = 2 * g->n_pieces < g->rows ? 2 * g->n_pieces : g->rows;
      changed = true;
    }
  }
  return changed;
}

static ndg_status place_buffers(ndg_program *p, life *lives, uint32_t *by_size, uint32_t *placed) {
  measure_lives(p, lives);
  measure_local(p, lives);
  do {
    measure_bytes(p, lives);
    sort_by_size(p, lives, by_size);
    p->local_bytes = place_all(p, lives, NDG_PLACE_LOCAL, by_size, placed);
  } while (p->local_bytes > LOCAL_LIMIT && cut_finer(p, lives));
  p->arena_bytes = place_all(p, lives, NDG_PLACE_ARENA, by_size, placed);
  return NDG_OK;
}

/* A complex matrix may be a real one of twice the columns. */
static uint64_t product_scratch(const ndg_program *p, const ndg_instruction *x) {
  const uint64_t k = x->kind == NDG_DO_MATMUL_SUM ? x->k * p->n_tasks : x->k;
  const uint64_t m = x->per_task ? x->m * p->n_tasks : x->m;
  return ndg_gemm_work(p->real, m, p->buffers[x->out].is_complex ? 2 * x->n : x->n, k);
}

static uint64_t scratch_of(const ndg_program *p) {
  uint64_t most = 0;
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    const ndg_instruction *x = p->instructions[i];
    uint64_t bytes = 0;
    if (x->kind == NDG_DO_CHAIN)
      bytes = ndg_chain_scratch(p, x);
    if (x->kind == NDG_DO_MATMUL || x->kind == NDG_DO_MATMUL_SUM)
      bytes = product_scratch(p, x);
    if (x->kind == NDG_DO_LOG_SUM_EXP)
      bytes = ndg_log_sum_exp_scratch(p, x);
    most = bytes > most ? bytes : most;
  }
  return align(most);
}

ndg_status ndg_plan_memory(ndg_program *p, ndg_error *e) {
  life *lives = ndg_calloc(p->n_buffers, sizeof *lives);
  uint32_t *order = ndg_calloc(2 * (size_t)p->n_buffers, sizeof *order);
  ndg_status st = NDG_ENOMEM;
  if (lives && order)
    st = place_buffers(p, lives, order, order + p->n_buffers);
  ndg_free(lives);
  ndg_free(order);
  if (st == NDG_OK) {
    p->scratch_bytes = scratch_of(p);
    for (uint32_t s = 0; s < p->n_stages; s++)
      for (uint32_t g = 0; g < p->stages[s].n_groups; g++)
        p->stages[s].n_pieces += p->stages[s].groups[g].n_pieces;
    p->arena = ndg_calloc(p->arena_bytes, 1);
    p->workspace = ndg_calloc(p->n_workers, p->local_bytes + p->scratch_bytes);
  }
  if (!p->arena || !p->workspace)
    return ndg_fail(e, NDG_ENOMEM, "no memory for %" PRIu64 " bytes of a program's values",
                    p->arena_bytes + p->n_workers * (p->local_bytes + p->scratch_bytes));
  return NDG_OK;
}
