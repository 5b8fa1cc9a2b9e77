/* SPDX-License-Identifier: MIT */
/* Chains: fused elementwise nodes become loads, micro-operations on tile registers, and a store or
   a sum. */
#include <string.h>

#include "graph/lower.h"

typedef struct builder {
  ndg_lowering *l;
  ndg_node root;
  uint32_t n_loads, n_micro;
  ndg_operand loads[3 * NDG_MAX_CHAIN];
  ndg_micro micro[NDG_MAX_CHAIN];
  ndg_node touched[4 * NDG_MAX_CHAIN];
  uint32_t n_touched;
} builder;

static void remember(builder *b, ndg_node n, uint32_t slot) {
  b->l->slot[n] = slot + 1;
  b->touched[b->n_touched++] = n;
}

/* Slot of node n's value, computed if it belongs to the chain. As deep as the chain at most. */
static uint16_t visit(builder *b, ndg_node n) {
  ndg_lowering *l = b->l;
  if (l->slot[n])
    return (uint16_t)(l->slot[n] - 1);
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  uint32_t slot;
  if (l->chain[n] != b->root) {
    ndg_operand *load = &b->loads[slot = b->n_loads++];
    *load = l->value[n];
    ndg_operand_coalesce(load);
  } else if (ndg_is_flat_view(node->op)) {
    slot = visit(b, node->in[0]);
  } else {
    ndg_micro m = {.op = node->op,
                   .is_complex = l->is_complex[n],
                   .n_in = (uint16_t)node->n_in,
                   .value = node->attr.value};
    for (uint32_t i = 0; i < node->n_in; i++)
      m.in[i] = visit(b, node->in[i]);
    slot = NDG_RESULT_SLOT | b->n_micro;
    b->micro[b->n_micro++] = m;
  }
  remember(b, n, slot);
  return (uint16_t)slot;
}

static uint16_t final_slot(const builder *b, uint16_t slot) {
  return slot & NDG_RESULT_SLOT ? (uint16_t)(b->n_loads + (slot & ~NDG_RESULT_SLOT)) : slot;
}

/* A product that is summed is read before the operation behind its later factor. */
static void keep_factors(uint32_t *last_use, const ndg_result *r) {
  const uint16_t factor[2] = {r->slot, r->other};
  uint32_t end = 0;
  for (int k = 0; k < 2; k++)
    if (factor[k] & NDG_RESULT_SLOT && (factor[k] & ~NDG_RESULT_SLOT) + 1u > end)
      end = (factor[k] & ~NDG_RESULT_SLOT) + 1u;
  for (int k = 0; k < 2; k++)
    if (factor[k] & NDG_RESULT_SLOT && last_use[factor[k] & ~NDG_RESULT_SLOT] < end)
      last_use[factor[k] & ~NDG_RESULT_SLOT] = end;
}

uint16_t ndg_assign_registers(ndg_micro *micro, uint32_t n, uint16_t kept, const ndg_result *result,
                              uint32_t n_results) {
  uint32_t last_use[NDG_MAX_CHAIN] = {0};
  bool busy[NDG_MAX_CHAIN] = {false};
  uint16_t n_regs = 0;
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t k = 0; k < micro[i].n_in; k++)
      if (micro[i].in[k] & NDG_RESULT_SLOT)
        last_use[micro[i].in[k] & ~NDG_RESULT_SLOT] = i;
  if (kept & NDG_RESULT_SLOT)
    last_use[kept & ~NDG_RESULT_SLOT] = n;
  for (uint32_t i = 0; i < n_results; i++)
    if (result[i].is_product)
      keep_factors(last_use, &result[i]);
  for (uint32_t i = 0; i < n; i++) {
    ndg_micro *m = &micro[i];
    for (uint32_t k = 0; k < i; k++)
      if (last_use[k] == i)
        busy[micro[k].reg] = false;
    uint16_t r = 0;
    while (busy[r])
      r++;
    m->reg = r;
    busy[r] = last_use[i] > i;
    n_regs = r >= n_regs ? (uint16_t)(r + 1) : n_regs;
  }
  return n_regs;
}

static uint64_t micro_picoseconds(const ndg_program *p, const ndg_micro *m) {
  const bool costly = m->op >= NDG_OP_EXP && m->op <= NDG_OP_POWER;
  uint64_t ps = costly ? (p->real == NDG_F32 ? 1000 : 2000) : (p->real == NDG_F32 ? 60 : 120);
  if (p->real == NDG_LONG_DOUBLE)
    ps *= 20;
  return m->is_complex ? 4 * ps : ps;
}

/* Moves a finished builder into an instruction; `value` is what is stored or summed. */
static ndg_status emit(builder *b, uint16_t value, const ndg_instruction *draft, uint32_t out,
                       uint64_t rows) {
  ndg_lowering *l = b->l;
  ndg_program *p = l->program;
  ndg_instruction *x;
  ndg_status st = ndg_new_instruction(l, NDG_DO_CHAIN, b->n_loads, &x);
  if (st < 0)
    return st;
  x->n_regs = ndg_assign_registers(b->micro, b->n_micro, value, NULL, 0);
  x->n_micro = (uint16_t)b->n_micro;
  x->n_slots = (uint16_t)(b->n_loads + b->n_micro);
  x->micro = ndg_arena_alloc(p->memory, b->n_micro + 1, sizeof *x->micro);
  x->reading = ndg_arena_alloc(p->memory, b->n_loads + 1, sizeof *x->reading);
  if (!x->micro || !x->reading)
    return ndg_lowering_no_memory(l);
  uint64_t ps = 200;
  for (uint32_t i = 0; i < b->n_micro; i++) {
    ndg_micro *m = &b->micro[i];
    for (uint32_t k = 0; k < m->n_in; k++)
      m->in[k] = final_slot(b, m->in[k]);
    ps += micro_picoseconds(p, m);
    x->micro[i] = *m;
  }
  x->result = final_slot(b, value);
  x->is_sum = draft->is_sum;
  x->domain = draft->domain;
  x->outer = draft->outer;
  x->reduced = draft->reduced;
  x->inner = draft->inner;
  memcpy(x->in, b->loads, b->n_loads * sizeof *x->in);
  for (uint32_t i = 0; i < b->n_loads; i++)
    x->reads_own[i] = true;
  const uint64_t n_tasks = p->buffers[out].per_task ? p->n_tasks : 1;
  ndg_finish_instruction(l, x, out, rows, ps * x->domain * n_tasks);
  p->report.flops_elementwise += b->n_micro * x->domain * n_tasks;
  p->report.fused_nodes += b->n_micro > 1 ? b->n_micro - 1 : 0;
  return NDG_OK;
}

/* Units of a value: its rows. */
static uint64_t rows_of(const ndg_shape *s) {
  return s->n_dims ? s->dim[0] : 1;
}

static ndg_status copy(ndg_lowering *l, const ndg_operand *from, const ndg_shape *s,
                       bool to_complex, uint32_t target) {
  builder b = {.l = l, .n_loads = 1, .n_micro = 1};
  b.loads[0] = *from;
  ndg_operand_coalesce(&b.loads[0]);
  b.micro[0] = (ndg_micro){.op = NDG_OP_NONE, .is_complex = to_complex, .n_in = 1};
  return emit(&b, NDG_RESULT_SLOT, &(ndg_instruction){.domain = ndg_shape_size(s)}, target,
              rows_of(s));
}

ndg_status ndg_lower_copy(ndg_lowering *l, ndg_operand *operand, const ndg_shape *s, bool per_task,
                          bool to_complex, uint32_t target) {
  ndg_status st = NDG_OK;
  if (target == NDG_NO_BUFFER)
    st = ndg_new_buffer(l, NDG_PLACE_ARENA, per_task, to_complex, ndg_shape_size(s), &target);
  if (st == NDG_OK)
    st = copy(l, operand, s, to_complex, target);
  if (st == NDG_OK)
    *operand = ndg_dense_operand(l, target, s);
  return st;
}

/* The last run of neighbouring axes in the mask, axes of length 1 being neighbours of any. Sets
   outer, reduced, inner and takes the run out of the mask and the shape. */
static void take_last_run(ndg_shape *s, int64_t *mask, ndg_instruction *draft) {
  uint32_t a = s->n_dims;
  draft->is_sum = true;
  draft->domain = ndg_shape_size(s);
  draft->outer = draft->reduced = draft->inner = 1;
  for (; a > 0 && !(*mask >> (a - 1) & 1); a--)
    draft->inner *= s->dim[a - 1];
  for (; a > 0 && (*mask >> (a - 1) & 1 || s->dim[a - 1] == 1); a--) {
    draft->reduced *= s->dim[a - 1];
    s->dim[a - 1] = 1;
    *mask &= ~(INT64_C(1) << (a - 1));
  }
  for (; a > 0; a--)
    draft->outer *= s->dim[a - 1];
}

static ndg_status lower_sum(builder *b, const ndg_graph_node *node) {
  ndg_lowering *l = b->l;
  const bool per_task = ndg_per_task(l, b->root), is_complex = l->is_complex[b->root];
  ndg_shape s = ndg_graph_get(l->graph, node->in[0])->shape;
  int64_t mask = node->attr.i[0];
  uint16_t value = visit(b, node->in[0]);
  ndg_status st;
  do {
    ndg_instruction draft = {0};
    uint32_t out;
    take_last_run(&s, &mask, &draft);
    st = ndg_new_buffer(l, NDG_PLACE_ARENA, per_task, is_complex, ndg_shape_size(&s), &out);
    if (st == NDG_OK)
      st = emit(b, value, &draft, out, draft.outer % rows_of(&s) == 0 ? rows_of(&s) : 1);
    if (st < 0)
      return st;
    l->value[b->root] = ndg_dense_operand(l, out, &s);
    b->n_loads = 1;
    b->n_micro = 0;
    b->loads[0] = l->value[b->root];
    ndg_operand_coalesce(&b->loads[0]);
    value = 0;
  } while (mask);
  return NDG_OK;
}

ndg_status ndg_lower_chain(ndg_lowering *l, ndg_node root) {
  const ndg_graph_node *node = ndg_graph_get(l->graph, root);
  builder b = {.l = l, .root = root};
  ndg_status st;
  if (node->op == NDG_OP_SUM) {
    st = lower_sum(&b, node);
  } else {
    uint32_t out;
    const uint16_t value = visit(&b, root);
    const uint64_t size = ndg_shape_size(&node->shape);
    st = ndg_new_buffer(l, NDG_PLACE_ARENA, ndg_per_task(l, root), l->is_complex[root], size, &out);
    if (st == NDG_OK)
      st = emit(&b, value, &(ndg_instruction){.domain = size}, out, rows_of(&node->shape));
    if (st == NDG_OK)
      l->value[root] = ndg_dense_operand(l, out, &node->shape);
  }
  for (uint32_t i = 0; i < b.n_touched; i++)
    l->slot[b.touched[i]] = 0;
  return st;
}
