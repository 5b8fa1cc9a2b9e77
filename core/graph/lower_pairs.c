/* SPDX-License-Identifier: MIT */
/* Pairs of operations that have a kernel together, to the same bits: one pass over a tile instead
   of two or three. */
#include <string.h>

#include "graph/lower.h"

/* A result is needed for itself. */
enum { USES_OF_RESULT = 2 };

typedef struct list {
  ndg_micro *micro;
  uint32_t n;
  uint32_t uses[NDG_MAX_CHAIN];
} list;

/* The operation that makes a slot, if it is `op` and nothing else reads it. */
static const ndg_micro *only(const list *l, uint16_t slot, uint16_t op) {
  const uint32_t i = slot & ~NDG_RESULT_SLOT;
  return slot & NDG_RESULT_SLOT && l->micro[i].op == op && l->uses[i] == 1 ? &l->micro[i] : NULL;
}

static void replace(ndg_micro *m, uint16_t op, uint16_t a, uint16_t b, uint16_t c) {
  *m = (ndg_micro){.op = op, .n_in = 3, .in = {a, b, c}};
}

/* A product that is only summed over rows is multiplied while it is summed. */
static void sum_products(const list *l, ndg_result *result, uint32_t n_results) {
  for (ndg_result *r = result; r < result + n_results; r++) {
    const uint32_t i = r->slot & ~NDG_RESULT_SLOT;
    if (!r->is_sum || r->inner == 1 || !(r->slot & NDG_RESULT_SLOT) ||
        l->micro[i].op != NDG_OP_MUL || l->uses[i] != USES_OF_RESULT)
      continue;
    r->slot = l->micro[i].in[0];
    r->other = l->micro[i].in[1];
    r->is_product = true;
  }
}

/* Whether m became one with an operation before it, which nobody reads any more then. */
static bool fuse(list *l, ndg_micro *m) {
  for (uint32_t k = 0; k < 2 && m->op == NDG_OP_ADD; k++) {
    const ndg_micro *p = only(l, m->in[k], NDG_OP_MUL);
    if (p) {
      replace(m, NDG_FUSED_MULTIPLY_ADD, p->in[0], p->in[1], m->in[1 - k]);
      return true;
    }
  }
  const ndg_micro *sum = m->op == NDG_OP_TANH ? only(l, m->in[0], NDG_FUSED_MULTIPLY_ADD) : NULL;
  if (sum) {
    replace(m, NDG_FUSED_TANH_SUM, sum->in[0], sum->in[1], sum->in[2]);
    return true;
  }
  for (uint32_t k = 0; k < 2 && m->op == NDG_OP_MUL; k++) {
    const ndg_micro *d = only(l, m->in[k], NDG_OP_SUB);
    const ndg_micro *q = d ? only(l, d->in[1], NDG_OP_SQUARE) : NULL;
    if (q) {
      replace(m, NDG_FUSED_TIMES_REST, m->in[1 - k], d->in[0], q->in[0]);
      return true;
    }
  }
  const ndg_micro *p = m->op == NDG_OP_SUB ? only(l, m->in[1], NDG_OP_MUL) : NULL;
  if (p)
    replace(m, NDG_FUSED_MINUS_PRODUCT, m->in[0], p->in[0], p->in[1]);
  return p != NULL;
}

static void count(list *l, const ndg_result *result, uint32_t n_results) {
  memset(l->uses, 0, sizeof l->uses);
  for (uint32_t i = 0; i < l->n; i++)
    for (uint32_t k = 0; k < l->micro[i].n_in; k++)
      if (l->micro[i].in[k] & NDG_RESULT_SLOT)
        l->uses[l->micro[i].in[k] & ~NDG_RESULT_SLOT]++;
  for (uint32_t i = 0; i < n_results; i++)
    for (uint32_t k = 0; k < (result[i].is_product ? 2 : 1); k++) {
      const uint16_t slot = k ? result[i].other : result[i].slot;
      if (slot & NDG_RESULT_SLOT)
        l->uses[slot & ~NDG_RESULT_SLOT] += USES_OF_RESULT;
    }
}

static uint16_t renumber(uint16_t slot, const uint16_t *number) {
  return slot & NDG_RESULT_SLOT ? number[slot & ~NDG_RESULT_SLOT] : slot;
}

/* Takes out what nobody reads. */
static void compact(list *l, ndg_result *result, uint32_t n_results) {
  uint16_t number[NDG_MAX_CHAIN] = {0};
  uint32_t n = 0;
  for (uint32_t i = l->n; i-- > 0;)
    if (l->uses[i] == 0)
      for (uint32_t k = 0; k < l->micro[i].n_in; k++)
        if (l->micro[i].in[k] & NDG_RESULT_SLOT)
          l->uses[l->micro[i].in[k] & ~NDG_RESULT_SLOT]--;
  for (uint32_t i = 0; i < l->n; i++) {
    if (l->uses[i] == 0)
      continue;
    number[i] = (uint16_t)(NDG_RESULT_SLOT | n);
    l->micro[n] = l->micro[i];
    for (uint32_t k = 0; k < l->micro[n].n_in; k++)
      l->micro[n].in[k] = renumber(l->micro[n].in[k], number);
    n++;
  }
  for (uint32_t i = 0; i < n_results; i++) {
    result[i].slot = renumber(result[i].slot, number);
    result[i].other = renumber(result[i].other, number);
  }
  l->n = n;
}

void ndg_fuse_pairs(ndg_micro *micro, uint32_t *n, ndg_result *result, uint32_t n_results) {
  list l = {.micro = micro, .n = *n};
  count(&l, result, n_results);
  for (uint32_t i = 0; i < l.n; i++)
    if (l.uses[i] > 0 && fuse(&l, &micro[i]))
      count(&l, result, n_results);
  sum_products(&l, result, n_results);
  count(&l, result, n_results);
  compact(&l, result, n_results);
  *n = l.n;
}
