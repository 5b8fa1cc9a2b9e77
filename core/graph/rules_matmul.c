/* SPDX-License-Identifier: MIT */
/* Derivatives of the matrix product op(A) op(B): products again, by choice of flags. */
#include "graph/internal.h"

ndg_node ndg_forward_matmul(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,
                            const ndg_node *x_dot) {
  (void)y;
  const int ta = (int)n->attr.i[0], tb = (int)n->attr.i[1];
  const ndg_node left = x_dot[0] ? ndg_matmul(b, x_dot[0], n->in[1], ta, tb) : NDG_NO_NODE;
  const ndg_node right = x_dot[1] ? ndg_matmul(b, n->in[0], x_dot[1], ta, tb) : NDG_NO_NODE;
  if (left && right)
    return ndg_add(b, left, right);
  return left ? left : right;
}

ndg_node ndg_reverse_matmul(const ndg_builder *b, const ndg_graph_node *n, ndg_node y, uint32_t i,
                            ndg_node y_bar) {
  (void)y;
  const int ta = (int)n->attr.i[0], tb = (int)n->attr.i[1];
  if (i == 0)
    return ta ? ndg_matmul(b, n->in[1], y_bar, tb, 1) : ndg_matmul(b, y_bar, n->in[1], 0, !tb);
  return tb ? ndg_matmul(b, y_bar, n->in[0], 1, ta) : ndg_matmul(b, n->in[0], y_bar, !ta, 0);
}
