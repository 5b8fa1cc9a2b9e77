/* SPDX-License-Identifier: MIT */
/* The same graph again: for a block of rows, and from totals on. */
#include <string.h>

#include "graph/rows_internal.h"

static ndg_shape with_rows(ndg_shape s, uint32_t axis, uint64_t rows) {
  s.dim[axis] = rows;
  return s;
}

/* `rows` pieces along an axis of something whose pieces are all alike there. */
static ndg_node cut(ndg_graph *g, ndg_node x, uint32_t axis, uint64_t rows) {
  const ndg_graph_node n = *ndg_graph_get(g, x); /* nodes move while building */
  const ndg_shape s = with_rows(n.shape, axis, rows);
  if (n.op == NDG_OP_CONSTANT)
    return ndg_graph_constant(g, n.attr.value, &s);
  if (n.op == NDG_OP_BROADCAST) {
    const ndg_shape from = ndg_graph_get(g, n.in[0])->shape;
    const uint32_t skip = n.shape.n_dims - from.n_dims;
    const bool stretched = axis < skip || from.dim[axis - skip] == 1;
    const ndg_node in = stretched ? n.in[0] : cut(g, n.in[0], axis - skip, rows);
    return in ? ndg_graph_apply(g, NDG_OP_BROADCAST, 1, &in, NULL, &s) : NDG_NO_NODE;
  }
  if (n.op == NDG_OP_RESHAPE) {
    const ndg_shape from = ndg_graph_get(g, n.in[0])->shape;
    uint32_t to = 0;
    uint64_t before = 1, other = 1;
    for (uint32_t a = 0; a < axis; a++)
      before *= n.shape.dim[a];
    while (other != before || from.dim[to] != n.shape.dim[axis])
      other *= from.dim[to++];
    const ndg_node in = cut(g, n.in[0], to, rows);
    return in ? ndg_graph_apply(g, NDG_OP_RESHAPE, 1, &in, NULL, &s) : NDG_NO_NODE;
  }
  ndg_node in[3];
  for (uint32_t i = 0; i < n.n_in; i++) {
    in[i] = cut(g, n.in[i], axis, rows);
    if (!in[i])
      return NDG_NO_NODE;
  }
  return ndg_graph_apply(g, n.op, n.n_in, in, &n.attr, NULL);
}

/* The operation of node id on the images of its operands; rows 0: of their whole. */
static ndg_node again(ndg_row_plan *p, ndg_node id, uint64_t rows) {
  enum { FEW = 8 };
  ndg_graph *g = p->graph;
  const ndg_graph_node n = *ndg_graph_get(g, id);
  const ndg_row_trait *t = &p->trait[id];
  ndg_node few[FEW], *in = n.n_in <= FEW ? few : ndg_calloc(n.n_in, sizeof *in);
  if (!in)
    return ndg_graph_refuse(g, NDG_ENOMEM, "out of memory for %u operands", n.n_in);
  bool complete = true;
  for (uint32_t i = 0; i < n.n_in; i++) {
    const int axis = rows ? ndg_rows_operand_axis(p, &n, t, i) : -1;
    in[i] = p->image[n.in[i]] ? p->image[n.in[i]] : n.in[i];
    if (axis >= 0 && p->trait[n.in[i]].kind == NDG_ROWS_FREE)
      in[i] = cut(g, in[i], (uint32_t)axis, rows);
    complete = complete && in[i];
  }
  const bool shaped = n.op == NDG_OP_RESHAPE || n.op == NDG_OP_BROADCAST;
  const bool each = rows && t->kind == NDG_ROWS_EACH;
  const ndg_shape shape = each ? with_rows(n.shape, t->axis, rows) : n.shape;
  const ndg_node out = complete
                           ? ndg_graph_apply(g, n.op, n.n_in, in, &n.attr, shaped ? &shape : NULL)
                           : NDG_NO_NODE;
  if (in != few)
    ndg_free(in);
  return out;
}

static ndg_status status_of(ndg_graph *g, ndg_error *e) {
  const ndg_status st = ndg_graph_status(g, e);
  return st < 0 ? st : ndg_fail(e, NDG_ENOMEM, "out of memory for blocks of rows");
}

ndg_status ndg_rows_narrow(ndg_row_plan *p, uint32_t group, uint64_t rows, const ndg_node *inputs,
                           const ndg_row_given *given, uint32_t n, const ndg_node *wanted,
                           ndg_node *out, ndg_error *e) {
  memset(p->image, 0, p->limit * sizeof *p->image);
  memset(p->mark, 0, p->limit);
  for (uint32_t s = 0; s < p->n_samples; s++)
    if (p->group[s] == group)
      p->image[p->samples[s]] = inputs[s];
  for (uint32_t i = 0; i < given->n; i++)
    p->image[given->node[i]] = given->image[i];
  for (uint32_t i = 0; i < n; i++)
    p->mark[wanted[i]] = 1;
  for (ndg_node id = p->limit - 1; id > 0; id--) {
    const ndg_graph_node *x = ndg_graph_get(p->graph, id);
    for (uint32_t i = 0; p->mark[id] && !p->image[id] && i < x->n_in; i++)
      p->mark[x->in[i]] = p->trait[x->in[i]].kind != NDG_ROWS_FREE;
  }
  for (ndg_node id = 1; id < p->limit; id++) {
    if (!p->mark[id] || p->image[id])
      continue;
    p->image[id] = again(p, id, rows);
    if (!p->image[id])
      return status_of(p->graph, e);
  }
  for (uint32_t i = 0; i < n; i++)
    out[i] = p->image[wanted[i]];
  return NDG_OK;
}

ndg_status ndg_rows_finish(ndg_row_plan *p, const ndg_node *totals, uint32_t n_y, const ndg_node *y,
                           ndg_node *out, ndg_error *e) {
  memset(p->image, 0, p->limit * sizeof *p->image);
  memset(p->mark, 0, p->limit);
  for (uint32_t i = 0; i < p->n_parts; i++)
    if (p->parts[i].output == NDG_ROW_TOTAL)
      p->image[p->parts[i].node] = totals[i];
  for (uint32_t j = 0; j < n_y; j++)
    p->mark[y[j]] = p->trait[y[j]].kind == NDG_ROWS_AFTER;
  for (ndg_node id = p->limit - 1; id > 0; id--) {
    const ndg_graph_node *n = ndg_graph_get(p->graph, id);
    for (uint32_t i = 0; p->mark[id] && i < n->n_in; i++)
      p->mark[n->in[i]] = p->trait[n->in[i]].kind == NDG_ROWS_AFTER;
  }
  for (ndg_node id = 1; id < p->limit; id++) {
    if (!p->mark[id])
      continue;
    p->image[id] = again(p, id, 0);
    if (!p->image[id])
      return status_of(p->graph, e);
  }
  for (uint32_t j = 0; j < n_y; j++)
    out[j] = p->trait[y[j]].kind == NDG_ROWS_EACH ? NDG_NO_NODE
             : p->image[y[j]]                     ? p->image[y[j]]
                                                  : y[j];
  return NDG_OK;
}
