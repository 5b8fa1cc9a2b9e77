/* SPDX-License-Identifier: MIT */
/* Chains of the same tasks and lengths that follow each other become one: what one hands to the
   next stays in a tile, and what nobody else reads has no memory at all. */
#include <string.h>

#include "graph/lower.h"

/* Loads of a merged chain at most. More would not fit the first-level cache; but a large chain that
   is cut reads its parts from memory again, and its tiles are made smaller instead. */
#define MAX_TASK_LOADS 12
#define MAX_LOADS 16

/* A chain while it grows, with flagged slots. */
typedef struct growing {
  uint32_t most_loads, n_loads, n_micro, n_results;
  ndg_operand load[MAX_LOADS];
  bool own[MAX_LOADS];
  ndg_micro micro[NDG_MAX_CHAIN];
  ndg_result result[NDG_MAX_CHAIN];
} growing;

static uint32_t most_loads(const ndg_program *p, const ndg_instruction *x) {
  return ndg_runs_by_tasks(p, x) ? MAX_TASK_LOADS : MAX_LOADS;
}

/* Chains of small tasks are run by whole tasks and may sum; others by tiles of any part of what
   they store. */
static bool is_mergeable(const ndg_program *p, const ndg_instruction *x) {
  return x->kind == NDG_DO_CHAIN && p->dtype != NDG_C128 && x->n_in <= most_loads(p, x) &&
         (ndg_runs_by_tasks(p, x) || !x->is_sum);
}

/* Pieces of one are pieces of the other. */
static bool cut_alike(const ndg_instruction *a, const ndg_instruction *b) {
  return a->per_task == b->per_task && a->rows == b->rows && a->domain == b->domain;
}

static bool is_whole(const ndg_operand *o, uint64_t domain) {
  if (o->offset != 0)
    return false;
  return domain == 1 ? o->n_dims == 0 : o->n_dims == 1 && o->dim[0] == domain && o->stride[0] == 1;
}

static uint16_t flagged(const ndg_instruction *x, uint16_t slot) {
  return slot < x->n_in ? slot : (uint16_t)(NDG_RESULT_SLOT | (slot - x->n_in));
}

/* Which of the results a buffer is; n_results: none. */
static uint32_t find_result(const growing *g, uint32_t buffer) {
  uint32_t i = 0;
  while (i < g->n_results && g->result[i].buffer != buffer)
    i++;
  return i;
}

static bool same_operand(const ndg_operand *a, const ndg_operand *b) {
  if (a->buffer != b->buffer || a->n_dims != b->n_dims || a->offset != b->offset ||
      (a->buffer == NDG_NO_BUFFER && memcmp(&a->value, &b->value, sizeof a->value) != 0))
    return false;
  for (uint32_t i = 0; i < a->n_dims; i++)
    if (a->dim[i] != b->dim[i] || a->stride[i] != b->stride[i])
      return false;
  return true;
}

/* Slot of an operand of x in the grown chain, a new load if it is not there yet; false: x reads a
   result in another order than it is made, or there are too many loads. */
static bool place_load(growing *g, const ndg_instruction *x, uint32_t i, uint16_t *slot) {
  const ndg_operand *o = &x->in[i];
  const uint32_t q = o->buffer == NDG_NO_BUFFER ? g->n_results : find_result(g, o->buffer);
  if (q < g->n_results) {
    *slot = g->result[q].slot;
    return !g->result[q].is_sum && is_whole(o, x->domain);
  }
  uint32_t k = 0;
  while (k < g->n_loads && !same_operand(&g->load[k], o))
    k++;
  if (k == g->most_loads)
    return false;
  if (k == g->n_loads) {
    g->load[k] = *o;
    g->own[k] = x->reads_own[i];
    g->n_loads++;
  }
  *slot = (uint16_t)k;
  return true;
}

static uint16_t moved(uint16_t slot, const uint16_t *loads, uint32_t n_micro) {
  return slot & NDG_RESULT_SLOT ? (uint16_t)(slot + n_micro) : loads[slot];
}

/* Appends x, unless it does not fit. */
static bool append(growing *g, const ndg_instruction *x) {
  uint16_t load[MAX_LOADS];
  growing next = *g;
  if (g->n_micro + x->n_micro > NDG_MAX_CHAIN || g->n_results == NDG_MAX_CHAIN)
    return false;
  for (uint32_t i = 0; i < x->n_in; i++)
    if (!place_load(&next, x, i, &load[i]))
      return false;
  for (uint32_t i = 0; i < x->n_micro; i++) {
    ndg_micro *m = &next.micro[next.n_micro + i];
    *m = x->micro[i];
    for (uint32_t k = 0; k < m->n_in; k++)
      m->in[k] = moved(flagged(x, m->in[k]), load, g->n_micro);
  }
  next.n_micro += x->n_micro;
  const uint16_t slot = moved(flagged(x, x->result), load, g->n_micro);
  next.result[next.n_results++] = (ndg_result){.buffer = x->out,
                                               .slot = slot,
                                               .is_sum = x->is_sum,
                                               .reduced = x->reduced,
                                               .inner = x->inner};
  *g = next;
  return true;
}

/* Whether anything but the chain itself needs a result. */
static bool is_needed(const ndg_program *p, const ndg_result *r, const uint32_t *readers) {
  return p->buffers[r->buffer].place == NDG_PLACE_OUTPUT || readers[r->buffer] > 0;
}

static uint16_t operations_before(uint16_t slot) {
  return slot & NDG_RESULT_SLOT ? (uint16_t)((slot & ~NDG_RESULT_SLOT) + 1) : 0;
}

/* A flagged slot's number. */
static uint16_t settled(uint16_t slot, uint32_t n_loads) {
  return slot & NDG_RESULT_SLOT ? (uint16_t)(n_loads + (slot & ~NDG_RESULT_SLOT)) : slot;
}

static void sort_results(ndg_result *r, uint32_t n) {
  for (uint32_t i = 1; i < n; i++)
    for (uint32_t j = i; j > 0 && r[j - 1].after > r[j].after; j--) {
      const ndg_result t = r[j];
      r[j] = r[j - 1];
      r[j - 1] = t;
    }
}

/* Makes `x`, the first of the chains, all of them. */
static ndg_status finish(ndg_lowering *l, growing *g, const uint32_t *readers, ndg_instruction *x,
                         uint64_t cost) {
  ndg_program *p = l->program;
  uint32_t n = 0;
  for (uint32_t i = 0; i < g->n_results; i++) {
    if (is_needed(p, &g->result[i], readers))
      g->result[n++] = g->result[i];
    else
      p->buffers[g->result[i].buffer].place = NDG_PLACE_TILE;
  }
  g->n_results = n;
  x->in = ndg_arena_alloc(p->memory, g->n_loads + 1, sizeof *x->in);
  x->reads_own = ndg_arena_alloc(p->memory, g->n_loads + 1, sizeof *x->reads_own);
  x->reading = ndg_arena_alloc(p->memory, g->n_loads + 1, sizeof *x->reading);
  x->micro = ndg_arena_alloc(p->memory, g->n_micro + 1, sizeof *x->micro);
  x->results = ndg_arena_alloc(p->memory, n + 1, sizeof *x->results);
  if (!x->in || !x->reads_own || !x->reading || !x->micro || !x->results)
    return ndg_lowering_no_memory(l);
  ndg_fuse_pairs(g->micro, &g->n_micro, g->result, n);
  x->n_regs = ndg_assign_registers(g->micro, g->n_micro, 0, g->result, n);
  x->n_in = g->n_loads;
  x->n_micro = (uint16_t)g->n_micro;
  x->n_slots = (uint16_t)(g->n_loads + g->n_micro);
  x->n_results = n;
  x->is_sum = false;
  x->cost = cost;
  for (uint32_t i = 0; i < g->n_micro; i++)
    for (uint32_t k = 0; k < g->micro[i].n_in; k++)
      g->micro[i].in[k] = settled(g->micro[i].in[k], g->n_loads);
  for (uint32_t i = 0; i < n; i++) {
    ndg_result *r = &g->result[i];
    const uint16_t after = r->is_product ? operations_before(r->other) : 0;
    r->after = operations_before(r->slot);
    r->after = after > r->after ? after : r->after;
    r->slot = settled(r->slot, g->n_loads);
    r->other = settled(r->other, g->n_loads);
  }
  sort_results(g->result, n);
  x->out = g->result[0].buffer;
  memcpy(x->in, g->load, g->n_loads * sizeof *x->in);
  memcpy(x->reads_own, g->own, g->n_loads * sizeof *x->reads_own);
  memcpy(x->micro, g->micro, g->n_micro * sizeof *x->micro);
  memcpy(x->results, g->result, n * sizeof *x->results);
  return NDG_OK;
}

static uint32_t reads_of(const ndg_instruction *x, uint32_t buffer) {
  uint32_t n = 0;
  for (uint32_t k = 0; k < x->n_in; k++)
    n += x->in[k].buffer == buffer;
  return n;
}

/* Whether all that read a result of the n chains from i on are among them. A chain whose result is
   read elsewhere would have to wait for what the others read. */
static bool is_closed(const ndg_program *p, uint32_t i, uint32_t n, const uint32_t *readers) {
  for (uint32_t k = 0; k < n; k++) {
    uint32_t inside = 0;
    for (uint32_t j = k + 1; j < n; j++)
      inside += reads_of(p->instructions[i + j], p->instructions[i + k]->out);
    if (readers[p->instructions[i + k]->out] > inside)
      return false;
  }
  return true;
}

/* How many chains from instruction i on make one, by what is allowed; tasks wait for nothing. */
static uint32_t count_chains(const ndg_program *p, uint32_t i, const uint32_t *readers,
                             growing *g) {
  const ndg_instruction *first = p->instructions[i];
  uint32_t n = 0;
  while (i + n < p->n_instructions) {
    const ndg_instruction *x = p->instructions[i + n];
    if (!is_mergeable(p, x) || !cut_alike(x, first) || !append(g, x))
      break;
    n++;
  }
  while (n > 1 && !ndg_runs_by_tasks(p, first) && !is_closed(p, i, n, readers))
    n--;
  return n;
}

/* Chains from instruction i on that make one; how many. */
static ndg_status merge_from(ndg_lowering *l, uint32_t i, uint32_t *readers, growing *g,
                             uint32_t *n) {
  ndg_program *p = l->program;
  ndg_instruction *first = p->instructions[i];
  uint64_t cost = 0;
  *g = (growing){.most_loads = most_loads(p, first)};
  *n = count_chains(p, i, readers, g);
  *g = (growing){.most_loads = most_loads(p, first)};
  for (uint32_t k = 0; k < *n; k++) {
    (void)append(g, p->instructions[i + k]); /* as it was appended before */
    cost += p->instructions[i + k]->cost;
  }
  if (*n == 0 || (*n == 1 && first->is_sum)) {
    *n = 1;
    return NDG_OK;
  }
  /* what the chains read of each other */
  for (uint32_t k = 0; k < *n; k++)
    for (uint32_t j = 0; *n > 1 && j < p->instructions[i + k]->n_in; j++) {
      const uint32_t b = p->instructions[i + k]->in[j].buffer;
      if (b != NDG_NO_BUFFER && find_result(g, b) < g->n_results)
        readers[b]--;
    }
  return finish(l, g, readers, first, cost);
}

static void number_writers(ndg_program *p, uint32_t i) {
  const ndg_instruction *x = p->instructions[i];
  p->buffers[x->out].writer = i;
  for (uint32_t k = 0; k < x->n_results; k++)
    p->buffers[x->results[k].buffer].writer = i;
}

static ndg_status merge_all(ndg_lowering *l, uint32_t *readers, growing *g) {
  ndg_program *p = l->program;
  uint32_t n_kept = 0, n;
  for (uint32_t i = 0; i < p->n_instructions; i++)
    for (uint32_t k = 0; k < p->instructions[i]->n_in; k++)
      if (p->instructions[i]->in[k].buffer != NDG_NO_BUFFER)
        readers[p->instructions[i]->in[k].buffer]++;
  for (uint32_t i = 0; i < p->n_instructions; i += n) {
    const ndg_status st = merge_from(l, i, readers, g, &n);
    if (st < 0)
      return st;
    p->instructions[n_kept] = p->instructions[i];
    number_writers(p, n_kept++);
  }
  p->n_instructions = n_kept;
  for (uint32_t b = 0; b < p->n_buffers; b++)
    if (p->buffers[b].place == NDG_PLACE_TILE)
      p->buffers[b].writer = UINT32_MAX;
  return NDG_OK;
}

ndg_status ndg_merge_chains(ndg_lowering *l) {
  uint32_t *readers = ndg_calloc((size_t)l->program->n_buffers + 1, sizeof *readers);
  growing *g = ndg_calloc(1, sizeof *g);
  const ndg_status st = readers && g ? merge_all(l, readers, g) : ndg_lowering_no_memory(l);
  ndg_free(readers);
  ndg_free(g);
  return st;
}
