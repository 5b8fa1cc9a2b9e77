/* SPDX-License-Identifier: MIT */
/* Derivatives of operations that move numbers. They are linear: forward applies them to the
   tangent, reverse applies the transposed operation. */
#include "graph/internal.h"

static ndg_node apply_to(const ndg_builder *b, const ndg_graph_node *n, ndg_node x) {
  if (!x)
    return NDG_NO_NODE;
  return b->api->apply(b->graph, n->op, 1, &x, &n->attr, &n->shape);
}

static ndg_node with_index(const ndg_builder *b, uint32_t op, ndg_node x, ndg_node index,
                           int64_t length) {
  if (!x)
    return NDG_NO_NODE;
  const ndg_node in[2] = {x, index};
  return ndg_attributed(b, op, 2, in, length, 0, 0);
}

#define FORWARD(name)                                                                              \
  ndg_node ndg_forward_##name(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,           \
                              const ndg_node *x_dot)
#define REVERSE(name)                                                                              \
  ndg_node ndg_reverse_##name(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,           \
                              uint32_t i, ndg_node y_bar)

FORWARD(reshape) {
  (void)y;
  return apply_to(b, n, x_dot[0]);
}

REVERSE(reshape) {
  (void)y, (void)i;
  return ndg_reshape(b, y_bar, b->api->shape(b->graph, n->in[0]));
}

FORWARD(transpose) {
  (void)y;
  return apply_to(b, n, x_dot[0]);
}

REVERSE(transpose) {
  (void)y, (void)i;
  ndg_attr inverse = {.value = 0};
  for (uint32_t a = 0; a < NDG_MAX_DIMS; a++)
    inverse.i[n->attr.i[a]] = a;
  return b->api->apply(b->graph, NDG_OP_TRANSPOSE, 1, &y_bar, &inverse, NULL);
}

FORWARD(broadcast) {
  (void)y;
  return apply_to(b, n, x_dot[0]);
}

REVERSE(broadcast) {
  (void)y, (void)i;
  const ndg_shape x = b->api->shape(b->graph, n->in[0]);
  const uint32_t skip = n->shape.n_dims - x.n_dims;
  int64_t stretched = 0;
  for (uint32_t a = 0; a < n->shape.n_dims; a++)
    if (a < skip || x.dim[a - skip] == 1)
      stretched |= INT64_C(1) << a;
  return ndg_reshape(b, ndg_sum_axes(b, y_bar, stretched), x);
}

FORWARD(slice) {
  (void)y;
  return apply_to(b, n, x_dot[0]);
}

REVERSE(slice) {
  (void)y, (void)i;
  const int64_t axis = n->attr.i[0], start = n->attr.i[1], length = n->attr.i[2];
  const int64_t whole = (int64_t)b->api->shape(b->graph, n->in[0]).dim[axis];
  return ndg_attributed(b, NDG_OP_PAD, 1, &y_bar, axis, start, whole - start - length);
}

FORWARD(pad) {
  (void)y;
  return apply_to(b, n, x_dot[0]);
}

REVERSE(pad) {
  (void)y, (void)i;
  const int64_t axis = n->attr.i[0];
  const int64_t length = (int64_t)b->api->shape(b->graph, n->in[0]).dim[axis];
  return ndg_slice(b, y_bar, axis, n->attr.i[1], length);
}

FORWARD(concat) {
  (void)y;
  ndg_node *part = ndg_calloc(n->n_in, sizeof *part);
  if (!part)
    return ndg_graph_refuse(b->graph, NDG_ENOMEM, "no memory for %u operands", n->n_in);
  uint32_t n_moving = 0;
  for (uint32_t i = 0; i < n->n_in; i++) {
    const ndg_shape s = b->api->shape(b->graph, n->in[i]);
    part[i] = x_dot[i] ? x_dot[i] : b->api->constant(b->graph, 0, &s);
    n_moving += x_dot[i] != NDG_NO_NODE;
  }
  const ndg_node y_dot = n_moving ? ndg_concat(b, n->n_in, part, n->attr.i[0]) : NDG_NO_NODE;
  ndg_free(part);
  return y_dot;
}

REVERSE(concat) {
  (void)y;
  const int64_t axis = n->attr.i[0];
  int64_t start = 0;
  for (uint32_t j = 0; j < i; j++)
    start += (int64_t)b->api->shape(b->graph, n->in[j]).dim[axis];
  return ndg_slice(b, y_bar, axis, start, (int64_t)b->api->shape(b->graph, n->in[i]).dim[axis]);
}

FORWARD(gather) {
  (void)y;
  return with_index(b, NDG_OP_GATHER, x_dot[0], n->in[1], 0);
}

REVERSE(gather) {
  (void)y;
  const int64_t rows = (int64_t)b->api->shape(b->graph, n->in[0]).dim[0];
  return i ? NDG_NO_NODE : with_index(b, NDG_OP_SCATTER_ADD, y_bar, n->in[1], rows);
}

FORWARD(scatter_add) {
  (void)y;
  return with_index(b, NDG_OP_SCATTER_ADD, x_dot[0], n->in[1], n->attr.i[0]);
}

REVERSE(scatter_add) {
  (void)y;
  return i ? NDG_NO_NODE : with_index(b, NDG_OP_GATHER, y_bar, n->in[1], 0);
}

FORWARD(pick) {
  (void)y;
  return with_index(b, NDG_OP_PICK, x_dot[0], n->in[1], 0);
}

REVERSE(pick) {
  (void)y;
  const int64_t columns = (int64_t)b->api->shape(b->graph, n->in[0]).dim[1];
  return i ? NDG_NO_NODE : with_index(b, NDG_OP_PLACE, y_bar, n->in[1], columns);
}

FORWARD(place) {
  (void)y;
  return with_index(b, NDG_OP_PLACE, x_dot[0], n->in[1], n->attr.i[0]);
}

REVERSE(place) {
  (void)y;
  return i ? NDG_NO_NODE : with_index(b, NDG_OP_PICK, y_bar, n->in[1], 0);
}
