/* SPDX-License-Identifier: MIT */
/* Operations with a kernel of their own: products, indices, log-sum-exp, joining, sums over tasks.
   Operands that a kernel cannot read where they lie are copied first. */
#include <string.h>

#include "graph/lower.h"
#include "tensor/dtype.h"
#include "tensor/gemm_small.h"

/* Row-major with a row step, or the transpose of such: what a product can read. */
static bool fits_product(const ndg_operand *o) {
  if (o->buffer == NDG_NO_BUFFER)
    return false;
  const uint64_t rows = o->dim[0], columns = o->dim[1];
  const int64_t s0 = o->stride[0], s1 = o->stride[1];
  const bool plain = (s1 == 1 || columns == 1) && (s0 >= (int64_t)columns || rows == 1);
  const bool transposed = (s0 == 1 || rows == 1) && (s1 >= (int64_t)rows || columns == 1);
  return plain || transposed;
}

static bool is_plain(const ndg_operand *o) {
  const uint64_t columns = o->dim[1];
  return (o->stride[1] == 1 || columns == 1) &&
         (o->stride[0] >= (int64_t)columns || o->dim[0] == 1);
}

static bool operand_per_task(const ndg_lowering *l, const ndg_operand *o) {
  return o->buffer != NDG_NO_BUFFER && l->program->buffers[o->buffer].per_task;
}

/* Copies `o` unless it is fit, and promotes it if asked. */
static ndg_status make_fit(ndg_lowering *l, ndg_operand *o, bool fit, bool to_complex) {
  if (fit && o->is_complex == to_complex)
    return NDG_OK;
  const ndg_shape s = {.n_dims = o->n_dims, .dim = {o->dim[0], o->dim[1], o->dim[2], o->dim[3]}};
  return ndg_lower_copy(l, o, &s, operand_per_task(l, o), to_complex, NDG_NO_BUFFER);
}

/* The operand as op(stored), i.e. m x k or k x n. */
static ndg_operand oriented(const ndg_lowering *l, const ndg_graph_node *node, uint32_t i) {
  ndg_operand o = l->value[node->in[i]];
  if (!node->attr.i[i])
    return o;
  const uint64_t d = o.dim[0];
  const int64_t s = o.stride[0];
  o.dim[0] = o.dim[1];
  o.dim[1] = d;
  o.stride[0] = o.stride[1];
  o.stride[1] = s;
  return o;
}

static uint64_t flop_picoseconds(const ndg_program *p) {
  return p->real == NDG_F32 ? 8 : p->real == NDG_F64 ? 16 : 700;
}

bool ndg_is_small_product(const ndg_lowering *l, ndg_node n) {
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  const ndg_graph_node *a = ndg_graph_get(l->graph, node->in[0]);
  const ndg_gemm g = {
      .m = node->shape.dim[0], .n = node->shape.dim[1], .k = a->shape.dim[node->attr.i[0] ? 0 : 1]};
  return l->program->dtype != NDG_C128 && ndg_gemm_is_small(l->program->dtype, &g);
}

/* A transposed operand that all tasks share would be packed for each piece and run; its transpose
   is a shared value, made once. */
static bool worth_turning(const ndg_lowering *l, ndg_node n, const ndg_operand *a,
                          const ndg_operand *b) {
  return operand_per_task(l, a) && !operand_per_task(l, b) && !is_plain(b) &&
         ndg_is_small_product(l, n);
}

/* Products of so many rows are cut into pieces that all read the right operand. */
#define PACKING_ROWS 192

static bool same_reading(const ndg_operand *a, const ndg_operand *b) {
  return a->buffer == b->buffer && a->offset == b->offset &&
         memcmp(a->dim, b->dim, sizeof a->dim) == 0 &&
         memcmp(a->stride, b->stride, sizeof a->stride) == 0;
}

/* A new instruction packs the k x n operand, unless one before does; *o becomes its result. */
static ndg_status pack(ndg_lowering *l, ndg_operand *o, uint64_t width) {
  ndg_program *p = l->program;
  const uint64_t k = o->dim[0];
  for (uint32_t i = 0; i < p->n_instructions; i++) {
    const ndg_instruction *x = p->instructions[i];
    if (x->kind == NDG_DO_PACK && same_reading(&x->in[0], o)) {
      o->buffer = x->out;
      o->offset = 0;
      return NDG_OK;
    }
  }
  ndg_instruction *x;
  uint32_t out;
  ndg_status st = ndg_new_buffer(l, NDG_PLACE_ARENA, false, false, k * width, &out);
  if (st == NDG_OK)
    st = ndg_new_instruction(l, NDG_DO_PACK, 1, &x);
  if (st < 0)
    return st;
  x->in[0] = *o;
  x->n = o->dim[1];
  x->k = k;
  ndg_finish_instruction(l, x, out, ndg_gemm_slices(k), 100 * k * width);
  o->buffer = out;
  o->offset = 0;
  return NDG_OK;
}

/* The row that is added to product n to make `sum`: the last axis of the other operand. */
static ndg_status start_row(ndg_lowering *l, ndg_node n, ndg_node sum, ndg_operand *row) {
  const ndg_graph_node *node = ndg_graph_get(l->graph, sum);
  const ndg_operand all = l->value[node->in[node->in[0] == n ? 1 : 0]];
  *row = all;
  row->n_dims = 1;
  row->dim[0] = all.dim[1];
  row->stride[0] = all.stride[1];
  row->dim[1] = 1;
  row->stride[1] = 0;
  const bool fit = row->buffer != NDG_NO_BUFFER && (row->stride[0] == 1 || row->dim[0] == 1);
  return make_fit(l, row, fit, false);
}

/* A real left operand leaves an interleaved complex right one a real matrix of twice the columns;
   every other mixture is promoted. */
ndg_status ndg_lower_matmul(ndg_lowering *l, ndg_node n, ndg_node result) {
  ndg_program *p = l->program;
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  ndg_operand a = oriented(l, node, 0), b = oriented(l, node, 1);
  const bool is_complex = l->is_complex[n], mixed = is_complex && !a.is_complex;
  ndg_status st = make_fit(l, &a, fits_product(&a), a.is_complex);
  if (st == NDG_OK)
    st = make_fit(l, &b, fits_product(&b) && (mixed ? is_plain(&b) : !worth_turning(l, n, &a, &b)),
                  is_complex);
  const uint64_t rows = node->shape.dim[0], columns = node->shape.dim[1];
  const bool is_summed = result != n && l->summed[n] == result;
  const bool is_started = result != n && l->started[n] == result;
  const uint64_t width = is_complex || ndg_per_task(l, n) || result != n || rows < PACKING_ROWS
                             ? 0
                             : ndg_gemm_packed_width(p->real, rows, columns, a.dim[1]);
  if (st == NDG_OK && width > 0)
    st = pack(l, &b, width);
  ndg_operand start;
  if (st == NDG_OK && is_started)
    st = start_row(l, n, result, &start);
  ndg_instruction *x;
  uint32_t out;
  if (st == NDG_OK)
    st = ndg_new_buffer(l, NDG_PLACE_ARENA, ndg_per_task(l, result), is_complex,
                        ndg_shape_size(&node->shape), &out);
  if (st == NDG_OK)
    st = ndg_new_instruction(l, is_summed ? NDG_DO_MATMUL_SUM : NDG_DO_MATMUL, is_started ? 3 : 2,
                             &x);
  if (st < 0)
    return st;
  x->in[0] = a;
  x->in[1] = b;
  if (is_started)
    x->in[2] = start;
  x->reads_own[0] = true;
  x->m = rows;
  x->n = columns;
  x->k = a.dim[1];
  x->packed = width > 0;
  const uint64_t n_tasks = ndg_per_task(l, n) ? p->n_tasks : 1;
  const uint64_t flops = 2 * x->m * x->n * x->k * n_tasks * (mixed ? 2 : is_complex ? 4 : 1);
  p->report.flops_matmul += flops;
  ndg_finish_instruction(l, x, out, x->m, flops * flop_picoseconds(p));
  l->value[result] = ndg_dense_operand(l, out, &node->shape);
  return NDG_OK;
}

typedef struct plan {
  uint8_t kind;
  bool dense;    /* operands must be dense */
  bool promotes; /* operands are made complex if the result is */
  uint64_t rows;
} plan;

static plan plan_of(const ndg_graph_node *node) {
  const uint64_t rows = node->shape.n_dims ? node->shape.dim[0] : 1;
  const bool across = node->attr.i[0] == 0; /* concat, pad: along the rows */
  switch (node->op) {
  case NDG_OP_PAD:
  case NDG_OP_CONCAT:
    return (plan){NDG_DO_CONCAT, true, true, across ? 1 : rows};
  case NDG_OP_GATHER:
    return (plan){NDG_DO_GATHER, true, false, rows};
  case NDG_OP_SCATTER_ADD:
    return (plan){NDG_DO_SCATTER_ADD, true, false, 1};
  case NDG_OP_PICK:
    return (plan){NDG_DO_PICK, false, false, rows};
  case NDG_OP_PLACE:
    return (plan){NDG_DO_PLACE, false, false, rows};
  case NDG_OP_LOG_SUM_EXP:
    return (plan){NDG_DO_LOG_SUM_EXP, true, false, node->shape.n_dims > 1 ? rows : 1};
  case NDG_OP_SUM_TASKS:
    return (plan){NDG_DO_SUM_TASKS, true, false, rows};
  default:
    return (plan){0, false, false, 0};
  }
}

/* Elements around an axis: before it, along it, after it. */
static void split_shape(ndg_instruction *x, const ndg_shape *s, uint64_t axis) {
  x->outer = x->reduced = x->inner = 1;
  for (uint64_t a = 0; a < NDG_MAX_DIMS; a++)
    *(a < axis ? &x->outer : a == axis ? &x->reduced : &x->inner) *= s->dim[a];
}

/* Where each operand begins along the axis. */
static ndg_status place_operands(ndg_lowering *l, ndg_instruction *x, const ndg_graph_node *node) {
  x->axis = (uint64_t)node->attr.i[0];
  split_shape(x, &node->shape, x->axis);
  x->start = ndg_arena_alloc(l->program->memory, x->n_in, sizeof *x->start);
  if (!x->start)
    return ndg_lowering_no_memory(l);
  uint64_t at = node->op == NDG_OP_PAD ? (uint64_t)node->attr.i[1] : 0;
  for (uint32_t i = 0; i < x->n_in; i++) {
    x->start[i] = at;
    at += x->in[i].dim[x->axis];
  }
  return NDG_OK;
}

ndg_status ndg_lower_kernel(ndg_lowering *l, ndg_node n) {
  ndg_program *p = l->program;
  const ndg_graph_node *node = ndg_graph_get(l->graph, n);
  const plan how = plan_of(node);
  if (how.rows == 0) /* the builder makes no such node */
    return ndg_fail(l->error, NDG_EINTERNAL, "operation %u cannot be compiled", node->op);
  /* Operands first: a copy is an instruction of its own, before this one. */
  ndg_operand *in = ndg_arena_alloc(p->memory, node->n_in, sizeof *in);
  if (!in)
    return ndg_lowering_no_memory(l);
  for (uint32_t i = 0; i < node->n_in; i++) {
    in[i] = l->value[node->in[i]];
    const bool fit = in[i].buffer != NDG_NO_BUFFER && (!how.dense || ndg_operand_is_dense(&in[i]));
    const bool to_complex = how.promotes ? l->is_complex[n] : in[i].is_complex;
    ndg_status st = make_fit(l, &in[i], fit, to_complex);
    if (st < 0)
      return st;
  }
  ndg_instruction *x;
  uint32_t out;
  ndg_status st = ndg_new_instruction(l, how.kind, node->n_in, &x);
  if (st == NDG_OK)
    st = ndg_new_buffer(l, NDG_PLACE_ARENA, ndg_per_task(l, n), l->is_complex[n],
                        ndg_shape_size(&node->shape), &out);
  if (st < 0)
    return st;
  uint64_t elements = ndg_shape_size(&node->shape);
  for (uint32_t i = 0; i < node->n_in; i++) {
    x->in[i] = in[i];
    x->reads_own[i] = !(node->op == NDG_OP_GATHER && i == 0) && node->op != NDG_OP_SUM_TASKS;
    elements += ndg_shape_size(&ndg_graph_get(l->graph, node->in[i])->shape);
  }
  split_shape(x, &node->shape, 0); /* gather, scatter: rows */
  if (how.kind == NDG_DO_LOG_SUM_EXP)
    split_shape(x, &ndg_graph_get(l->graph, node->in[0])->shape, node->shape.n_dims - 1);
  if (how.kind == NDG_DO_CONCAT)
    st = place_operands(l, x, node);
  const uint64_t n_tasks = ndg_graph_get(l->graph, node->in[0])->per_task ? p->n_tasks : 1;
  const uint64_t ps = how.kind == NDG_DO_LOG_SUM_EXP ? 2000 : 300;
  ndg_finish_instruction(l, x, out, how.rows, elements * n_tasks * ps);
  x->shape = node->shape;
  l->value[n] = ndg_dense_operand(l, out, &node->shape);
  return st;
}
