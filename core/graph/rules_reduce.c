/* SPDX-License-Identifier: MIT */
/* Derivatives of reductions, over axes and over tasks. */
#include "graph/internal.h"

ndg_node ndg_forward_sum(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,
                         const ndg_node *x_dot) {
  (void)y;
  return x_dot[0] ? ndg_sum_axes(b, x_dot[0], n->attr.i[0]) : NDG_NO_NODE;
}

ndg_node ndg_reverse_sum(const ndg_builder *b, const ndg_graph_node *n, ndg_node y, uint32_t i,
                         ndg_node y_bar) {
  (void)y, (void)i;
  return ndg_broadcast(b, y_bar, b->api->shape(b->graph, n->in[0]));
}

/* ∂ log Σ exp(x) / ∂x: exp(x - y) needs no second shift, since y is at least the largest x. */
static ndg_node softmax(const ndg_builder *b, const ndg_graph_node *n, ndg_node y) {
  return ndg_exp(b, ndg_sub(b, n->in[0], y));
}

ndg_node ndg_forward_log_sum_exp(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,
                                 const ndg_node *x_dot) {
  if (!x_dot[0])
    return NDG_NO_NODE;
  const int64_t last = INT64_C(1) << (n->shape.n_dims - 1);
  return ndg_sum_axes(b, ndg_mul(b, softmax(b, n, y), x_dot[0]), last);
}

ndg_node ndg_reverse_log_sum_exp(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,
                                 uint32_t i, ndg_node y_bar) {
  (void)i;
  return ndg_mul(b, softmax(b, n, y), y_bar);
}

ndg_node ndg_forward_sum_tasks(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,
                               const ndg_node *x_dot) {
  (void)n, (void)y;
  return x_dot[0] ? ndg_sum_tasks(b, x_dot[0]) : NDG_NO_NODE;
}

/* The same adjoint for every task: a shared one serves a per-task node unspread. Where adjoints of
   shared values are kept apart by task, each task's value bears on all of them. */
ndg_node ndg_reverse_sum_tasks(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,
                               uint32_t i, ndg_node y_bar) {
  (void)n, (void)y, (void)i;
  return ndg_graph_get(b->graph, y_bar)->per_task ? ndg_sum_tasks(b, y_bar) : y_bar;
}

ndg_node ndg_forward_spread(const ndg_builder *b, const ndg_graph_node *n, ndg_node y,
                            const ndg_node *x_dot) {
  (void)n, (void)y;
  return x_dot[0] ? ndg_spread(b, x_dot[0]) : NDG_NO_NODE;
}

/* The sum over tasks is the same for every step from per task to shared: the transform adds it. */
ndg_node ndg_reverse_spread(const ndg_builder *b, const ndg_graph_node *n, ndg_node y, uint32_t i,
                            ndg_node y_bar) {
  (void)b, (void)n, (void)y, (void)i;
  return y_bar;
}
