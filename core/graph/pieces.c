/* SPDX-License-Identifier: MIT */
/* Concatenations and padded values as lists of pieces along one axis. The gradient of a parameter
   vector is a sum of padded pieces, one per slice taken: merging them makes it one concatenation,
   whose pieces are written where they belong, without a sum over the whole vector. */
#include <string.h>

#include "graph/internal.h"

typedef struct piece {
  ndg_node node; /* NDG_NO_NODE: zeros */
  uint64_t length;
} piece;

typedef struct piece_list {
  piece *piece;
  uint32_t n;
} piece_list;

static void push(piece_list *l, ndg_node node, uint64_t length) {
  if (length == 0)
    return;
  if (node == NDG_NO_NODE && l->n && l->piece[l->n - 1].node == NDG_NO_NODE)
    l->piece[l->n - 1].length += length;
  else
    l->piece[l->n++] = (piece){node, length};
}

/* Room for a node's pieces, if it is made of pieces along an axis; 0: it is not. */
static uint32_t count_pieces(const ndg_graph_node *n) {
  return n->op == NDG_OP_PAD ? 3 : n->op == NDG_OP_CONCAT ? n->n_in : 0;
}

static void list_pieces(const ndg_graph *g, const ndg_graph_node *n, piece_list *l) {
  const int64_t axis = n->attr.i[0];
  if (n->op == NDG_OP_PAD)
    push(l, NDG_NO_NODE, (uint64_t)n->attr.i[1]);
  for (uint32_t i = 0; i < n->n_in; i++) {
    double c;
    const bool zeros = ndg_node_constant(g, n->in[i], &c) && c == 0;
    push(l, zeros ? NDG_NO_NODE : n->in[i], ndg_graph_get(g, n->in[i])->shape.dim[axis]);
  }
  if (n->op == NDG_OP_PAD)
    push(l, NDG_NO_NODE, (uint64_t)n->attr.i[2]);
}

/* The shorter head of the two lists goes to *out; false: two pieces that are not zeros meet. */
static bool merge_lists(piece_list a, piece_list b, piece_list *out) {
  while (a.n && b.n) {
    piece *zeros = a.piece, *other = b.piece;
    if (zeros->node != NDG_NO_NODE) {
      zeros = b.piece;
      other = a.piece;
    }
    if (zeros->node != NDG_NO_NODE)
      return false;
    const uint64_t length =
        other->node || other->length < zeros->length ? other->length : zeros->length;
    if (length > zeros->length)
      return false;
    push(out, other->node, length);
    zeros->length -= length;
    other->length -= length;
    for (; a.n && a.piece->length == 0; a.n--)
      a.piece++;
    for (; b.n && b.piece->length == 0; b.n--)
      b.piece++;
  }
  return true;
}

/* The node that a list stands for. */
static ndg_node build_pieces(ndg_graph *g, const piece_list *l, int64_t axis, ndg_shape shape) {
  ndg_node *in = ndg_calloc(l->n, sizeof *in);
  if (!in)
    return ndg_graph_refuse(g, NDG_ENOMEM, "no memory for %u operands", l->n);
  for (uint32_t i = 0; i < l->n; i++) {
    shape.dim[axis] = l->piece[i].length;
    in[i] = l->piece[i].node ? l->piece[i].node : ndg_graph_constant(g, 0, &shape);
  }
  const ndg_attr attr = {.i = {axis, 0, 0, 0}};
  const ndg_node y = ndg_graph_apply(g, NDG_OP_CONCAT, l->n, in, &attr, NULL);
  ndg_free(in);
  return y;
}

ndg_node ndg_merge_pieces(ndg_graph *g, ndg_node a, ndg_node b) {
  const ndg_graph_node x = *ndg_graph_get(g, a), y = *ndg_graph_get(g, b);
  const uint32_t n = count_pieces(&x), m = count_pieces(&y);
  if (!n || !m || x.attr.i[0] != y.attr.i[0])
    return NDG_NO_NODE;
  piece *room = ndg_calloc(2 * ((size_t)n + m), sizeof *room);
  if (!room)
    return ndg_graph_refuse(g, NDG_ENOMEM, "no memory for %u pieces", n + m);
  piece_list first = {room, 0}, second = {room + n, 0}, merged = {room + n + m, 0};
  list_pieces(g, &x, &first);
  list_pieces(g, &y, &second);
  ndg_node sum = NDG_NO_NODE;
  if (merge_lists(first, second, &merged))
    sum = build_pieces(g, &merged, x.attr.i[0], x.shape);
  ndg_free(room);
  return sum;
}

/* Two neighbours as one: zeros, equal constants, and adjoining slices of one value. */
static ndg_node join_neighbours(ndg_graph *g, ndg_node a, ndg_node b, int64_t axis) {
  const ndg_graph_node x = *ndg_graph_get(g, a), y = *ndg_graph_get(g, b);
  if (x.op != y.op)
    return NDG_NO_NODE;
  if (x.op == NDG_OP_CONSTANT && x.attr.value == y.attr.value) {
    ndg_shape s = x.shape;
    s.dim[axis] += y.shape.dim[axis];
    return ndg_graph_constant(g, x.attr.value, &s);
  }
  if (x.op == NDG_OP_SLICE && x.in[0] == y.in[0] && x.attr.i[0] == axis && y.attr.i[0] == axis &&
      x.attr.i[1] + x.attr.i[2] == y.attr.i[1]) {
    const ndg_attr attr = {.i = {axis, x.attr.i[1], x.attr.i[2] + y.attr.i[2], 0}};
    return ndg_graph_apply(g, NDG_OP_SLICE, 1, x.in, &attr, NULL);
  }
  return NDG_NO_NODE;
}

/* Operands of nested concatenations along the axis, with neighbours joined; how many. */
static uint32_t flatten(ndg_graph *g, const ndg_graph_node *d, ndg_node *out) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < d->n_in; i++) {
    const ndg_graph_node x = *ndg_graph_get(g, d->in[i]);
    const bool nested = x.op == NDG_OP_CONCAT && x.attr.i[0] == d->attr.i[0];
    const ndg_node *from = nested ? x.in : &d->in[i];
    for (uint32_t j = 0; j < (nested ? x.n_in : 1); j++) {
      const ndg_node joined = n ? join_neighbours(g, out[n - 1], from[j], d->attr.i[0]) : 0;
      if (joined)
        out[n - 1] = joined;
      else
        out[n++] = from[j];
    }
  }
  return n;
}

/* Zeros around one value are padding. */
static ndg_node as_padding(ndg_graph *g, const ndg_node *in, uint32_t n, int64_t axis) {
  int64_t before = 0, after = 0;
  ndg_node x = NDG_NO_NODE;
  for (uint32_t i = 0; i < n; i++) {
    double c;
    const int64_t length = (int64_t)ndg_graph_get(g, in[i])->shape.dim[axis];
    const bool zeros = ndg_node_constant(g, in[i], &c) && c == 0;
    if (!zeros && x)
      return NDG_NO_NODE;
    if (!zeros)
      x = in[i];
    else if (x)
      after += length;
    else
      before += length;
  }
  const ndg_attr attr = {.i = {axis, before, after, 0}};
  return x ? ndg_graph_apply(g, NDG_OP_PAD, 1, &x, &attr, NULL) : NDG_NO_NODE;
}

ndg_node ndg_simplify_concat(ndg_graph *g, ndg_graph_node *d) {
  if (d->n_in == 1)
    return d->in[0];
  size_t room = 0;
  for (uint32_t i = 0; i < d->n_in; i++) {
    const ndg_graph_node *n = ndg_graph_get(g, d->in[i]);
    room += n->op == NDG_OP_CONCAT ? n->n_in : 1;
  }
  ndg_node *in = ndg_calloc(room, sizeof *in);
  if (!in)
    return ndg_graph_refuse(g, NDG_ENOMEM, "no memory for %zu operands", room);
  const uint32_t n = flatten(g, d, in);
  ndg_node y = as_padding(g, in, n, d->attr.i[0]);
  if (!y && n == 1)
    y = in[0];
  if (!y && (n != d->n_in || memcmp(in, d->in, n * sizeof *in) != 0))
    y = ndg_graph_apply(g, NDG_OP_CONCAT, n, in, &d->attr, NULL);
  ndg_free(in);
  return y;
}
