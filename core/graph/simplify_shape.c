/* SPDX-License-Identifier: MIT */
/* Simplification of contractions, operations that move numbers, and reductions. */
#include "graph/internal.h"

static ndg_node apply1(ndg_graph *g, uint32_t op, ndg_node x, int64_t i0, int64_t i1, int64_t i2) {
  const ndg_attr attr = {.i = {i0, i1, i2, 0}};
  return ndg_graph_apply(g, op, 1, &x, &attr, NULL);
}

static ndg_node to_shape(ndg_graph *g, uint32_t op, ndg_node x, ndg_shape s) {
  return ndg_graph_apply(g, op, 1, &x, NULL, &s);
}

/* A constant of the draft's shape if the first operand is one: operations that only move numbers.
 */
static ndg_node moved_constant(ndg_graph *g, const ndg_graph_node *d) {
  double c;
  return ndg_node_constant(g, d->in[0], &c) ? ndg_graph_constant(g, c, &d->shape) : NDG_NO_NODE;
}

static bool is_zero(const ndg_graph *g, ndg_node x) {
  double c;
  return ndg_node_constant(g, x, &c) && c == 0;
}

ndg_node ndg_simplify_zero(ndg_graph *g, ndg_graph_node *d) {
  ndg_node x = d->in[0];
  if (d->op == NDG_OP_SUM_TASKS && ndg_graph_get(g, x)->op == NDG_OP_SPREAD)
    x = ndg_graph_get(g, x)->in[0];
  return is_zero(g, x) ? ndg_graph_constant(g, 0, &d->shape) : NDG_NO_NODE;
}

ndg_node ndg_simplify_matmul(ndg_graph *g, ndg_graph_node *d) {
  if (is_zero(g, d->in[0]) || is_zero(g, d->in[1]))
    return ndg_graph_constant(g, 0, &d->shape);
  ndg_node in[2] = {d->in[0], d->in[1]};
  ndg_attr attr = d->attr;
  bool changed = false;
  for (uint32_t i = 0; i < 2; i++) {
    const ndg_graph_node *n = ndg_graph_get(g, in[i]);
    if (n->op != NDG_OP_TRANSPOSE)
      continue;
    in[i] = n->in[0]; /* of two axes there is only one */
    attr.i[i] = !attr.i[i];
    changed = true;
  }
  return changed ? ndg_graph_apply(g, NDG_OP_MATMUL, 2, in, &attr, NULL) : NDG_NO_NODE;
}

ndg_node ndg_simplify_reshape(ndg_graph *g, ndg_graph_node *d) {
  const ndg_graph_node *n = ndg_graph_get(g, d->in[0]);
  if (ndg_shape_equal(&n->shape, &d->shape))
    return d->in[0];
  if (n->op == NDG_OP_RESHAPE)
    return to_shape(g, NDG_OP_RESHAPE, n->in[0], d->shape);
  return moved_constant(g, d);
}

ndg_node ndg_simplify_transpose(ndg_graph *g, ndg_graph_node *d) {
  const ndg_graph_node *n = ndg_graph_get(g, d->in[0]);
  int64_t last = -1;
  bool in_order = true; /* ... of the axes longer than 1: numbers stay where they are */
  for (uint32_t a = 0; a < d->shape.n_dims; a++) {
    if (d->shape.dim[a] == 1)
      continue;
    in_order = in_order && d->attr.i[a] > last;
    last = d->attr.i[a];
  }
  if (in_order)
    return to_shape(g, NDG_OP_RESHAPE, d->in[0], d->shape);
  if (n->op == NDG_OP_TRANSPOSE) {
    ndg_attr both = {.value = 0};
    for (uint32_t a = 0; a < NDG_MAX_DIMS; a++)
      both.i[a] = n->attr.i[d->attr.i[a]];
    return ndg_graph_apply(g, NDG_OP_TRANSPOSE, 1, n->in, &both, NULL);
  }
  if (n->op == NDG_OP_MATMUL) { /* (A B)ᵀ = Bᵀ Aᵀ */
    const ndg_node in[2] = {n->in[1], n->in[0]};
    const ndg_attr flags = {.i = {!n->attr.i[1], !n->attr.i[0], 0, 0}};
    return ndg_graph_apply(g, NDG_OP_MATMUL, 2, in, &flags, NULL);
  }
  return moved_constant(g, d);
}

/* Whether two shapes differ only in leading axes of length 1. */
static bool same_but_leading(const ndg_shape *a, const ndg_shape *b) {
  const ndg_shape *big = a->n_dims > b->n_dims ? a : b, *small = big == a ? b : a;
  const uint32_t skip = big->n_dims - small->n_dims;
  for (uint32_t i = 0; i < big->n_dims; i++)
    if (big->dim[i] != (i < skip ? 1 : small->dim[i - skip]))
      return false;
  return true;
}

ndg_node ndg_simplify_broadcast(ndg_graph *g, ndg_graph_node *d) {
  const ndg_graph_node *n = ndg_graph_get(g, d->in[0]);
  if (ndg_shape_equal(&n->shape, &d->shape))
    return d->in[0];
  if (ndg_shape_size(&n->shape) == ndg_shape_size(&d->shape))
    return to_shape(g, NDG_OP_RESHAPE, d->in[0], d->shape);
  if (n->op == NDG_OP_BROADCAST)
    return to_shape(g, NDG_OP_BROADCAST, n->in[0], d->shape);
  if (n->op == NDG_OP_RESHAPE) {
    const ndg_shape *inner = &ndg_graph_get(g, n->in[0])->shape;
    if (same_but_leading(&n->shape, inner) && ndg_shape_stretches(inner, &d->shape))
      return to_shape(g, NDG_OP_BROADCAST, n->in[0], d->shape);
  }
  return moved_constant(g, d);
}

/* A slice that lies within one operand of a concatenation is a slice of that operand. */
static ndg_node slice_of_concat(ndg_graph *g, const ndg_graph_node *d, const ndg_graph_node *n) {
  const int64_t axis = d->attr.i[0], length = d->attr.i[2];
  int64_t start = d->attr.i[1];
  for (uint32_t i = 0; i < n->n_in; i++) {
    const int64_t have = (int64_t)ndg_graph_get(g, n->in[i])->shape.dim[axis];
    if (start < have)
      return start + length <= have ? apply1(g, NDG_OP_SLICE, n->in[i], axis, start, length)
                                    : NDG_NO_NODE;
    start -= have;
  }
  return NDG_NO_NODE;
}

static ndg_node slice_of_pad(ndg_graph *g, const ndg_graph_node *d, const ndg_graph_node *n) {
  const int64_t axis = d->attr.i[0], start = d->attr.i[1] - n->attr.i[1], length = d->attr.i[2];
  const int64_t have = (int64_t)ndg_graph_get(g, n->in[0])->shape.dim[axis];
  if (start + length <= 0 || start >= have)
    return ndg_graph_constant(g, 0, &d->shape);
  return start >= 0 && start + length <= have
             ? apply1(g, NDG_OP_SLICE, n->in[0], axis, start, length)
             : NDG_NO_NODE;
}

ndg_node ndg_simplify_slice(ndg_graph *g, ndg_graph_node *d) {
  const ndg_graph_node *n = ndg_graph_get(g, d->in[0]);
  if (ndg_shape_equal(&n->shape, &d->shape))
    return d->in[0];
  if (n->op == NDG_OP_CONSTANT)
    return moved_constant(g, d);
  if (n->attr.i[0] == d->attr.i[0]) { /* along the same axis, for the operations below */
    if (n->op == NDG_OP_SLICE)
      return apply1(g, NDG_OP_SLICE, n->in[0], d->attr.i[0], n->attr.i[1] + d->attr.i[1],
                    d->attr.i[2]);
    if (n->op == NDG_OP_CONCAT)
      return slice_of_concat(g, d, n);
    if (n->op == NDG_OP_PAD)
      return slice_of_pad(g, d, n);
  }
  return NDG_NO_NODE;
}

ndg_node ndg_simplify_pad(ndg_graph *g, ndg_graph_node *d) {
  const ndg_graph_node *n = ndg_graph_get(g, d->in[0]);
  if (d->attr.i[1] == 0 && d->attr.i[2] == 0)
    return d->in[0];
  if (n->op == NDG_OP_PAD && n->attr.i[0] == d->attr.i[0])
    return apply1(g, NDG_OP_PAD, n->in[0], d->attr.i[0], n->attr.i[1] + d->attr.i[1],
                  n->attr.i[2] + d->attr.i[2]);
  return ndg_simplify_zero(g, d);
}

/* Rows of a constant are all alike; zeros stay zeros. */
ndg_node ndg_simplify_gather(ndg_graph *g, ndg_graph_node *d) {
  return moved_constant(g, d);
}

ndg_node ndg_simplify_pick(ndg_graph *g, ndg_graph_node *d) {
  return moved_constant(g, d);
}

/* Σ over stretched axes: a product by their lengths, and a shorter sum. */
static ndg_node sum_of_broadcast(ndg_graph *g, const ndg_graph_node *d, const ndg_graph_node *n) {
  const ndg_shape from = ndg_graph_get(g, n->in[0])->shape;
  const ndg_shape whole = n->shape;
  const uint32_t skip = whole.n_dims - from.n_dims;
  ndg_shape aligned = whole;
  int64_t mask = d->attr.i[0];
  double count = 1;
  for (uint32_t a = 0; a < whole.n_dims; a++) {
    aligned.dim[a] = a < skip ? 1 : from.dim[a - skip];
    if (!(mask >> a & 1) || aligned.dim[a] != 1)
      continue;
    count *= (double)whole.dim[a];
    mask &= ~(INT64_C(1) << a);
  }
  if (mask == d->attr.i[0])
    return NDG_NO_NODE;
  ndg_node x = to_shape(g, NDG_OP_RESHAPE, n->in[0], aligned);
  x = apply1(g, NDG_OP_SUM, x, mask, 0, 0);
  const ndg_node in[2] = {x, ndg_graph_constant(g, count, NULL)};
  return to_shape(g, NDG_OP_BROADCAST, ndg_graph_apply(g, NDG_OP_MUL, 2, in, NULL, NULL), d->shape);
}

ndg_node ndg_simplify_sum(ndg_graph *g, ndg_graph_node *d) {
  const ndg_graph_node n = *ndg_graph_get(g, d->in[0]); /* nodes move while building */
  double c;
  if (d->attr.i[0] == 0)
    return d->in[0];
  if (ndg_node_constant(g, d->in[0], &c)) {
    const double count = (double)(ndg_shape_size(&n.shape) / ndg_shape_size(&d->shape));
    const ndg_node in[2] = {ndg_graph_constant(g, c, &d->shape),
                            ndg_graph_constant(g, count, &d->shape)};
    return ndg_graph_apply(g, NDG_OP_MUL, 2, in, NULL, NULL);
  }
  if (n.op == NDG_OP_BROADCAST)
    return sum_of_broadcast(g, d, &n);
  if (n.op == NDG_OP_SUM)
    return apply1(g, NDG_OP_SUM, n.in[0], n.attr.i[0] | d->attr.i[0], 0, 0);
  if (n.op == NDG_OP_SUM_TASKS) { /* reduce within each task first: fewer numbers cross tasks */
    const ndg_node x = apply1(g, NDG_OP_SUM, n.in[0], d->attr.i[0], 0, 0);
    return ndg_graph_apply(g, NDG_OP_SUM_TASKS, 1, &x, NULL, NULL);
  }
  return NDG_NO_NODE;
}

ndg_node ndg_simplify_spread(ndg_graph *g, ndg_graph_node *d) {
  return ndg_graph_get(g, d->in[0])->per_task ? d->in[0] : NDG_NO_NODE;
}
