/* SPDX-License-Identifier: MIT */
/* The loss graph: hash-consed nodes, and derivatives as transforms from graph to graph. */
#ifndef NUDGE_GRAPH_GRAPH_H
#define NUDGE_GRAPH_GRAPH_H

#include <stdbool.h>

#include "nudge/graph.h"

typedef struct ndg_graph_node {
  uint16_t op;   /* enum ndg_op */
  uint8_t kind;  /* NDG_REAL, NDG_INDEX */
  bool per_task; /* else shared */
  uint32_t n_in;
  const ndg_node *in; /* in the graph's arena */
  ndg_shape shape;
  ndg_attr attr; /* INPUT: attr.i[0] is its number, attr.i[1] NDG_INPUT_* flags */
} ndg_graph_node;

/* Facts about an input that a compiler may use. */
enum {
  NDG_INPUT_DATA = 1u << 0 /* stays real in a complex program */
};

/* [main; any; allocates] An empty graph. */
ndg_status ndg_graph_create(ndg_graph **out, ndg_error *);
/* [main; any; frees] NULL is fine. */
void ndg_graph_destroy(ndg_graph *);
/* [main; building; cheap] The builder that plugins receive for this graph. */
ndg_builder ndg_graph_builder(ndg_graph *);

/* [main; building; cheap] New input, numbered from 0 in order of creation. */
ndg_node ndg_graph_input(ndg_graph *, uint32_t kind, bool per_task, uint32_t flags, ndg_shape);
/* [any; any; pure] */
uint32_t ndg_graph_input_count(const ndg_graph *);
/* [any; any; pure] Valid until the graph is destroyed (addresses of nodes may move while building).
 */
const ndg_graph_node *ndg_graph_get(const ndg_graph *, ndg_node);
/* [any; any; pure] Ids run from 1 to this. */
uint32_t ndg_graph_node_count(const ndg_graph *);
/* [any; any; pure] "tanh"; NULL for an unknown op. */
const char *ndg_graph_op_name(uint32_t op);
/* [any; any; pure] False for an unknown op. */
bool ndg_graph_op_analytic(uint32_t op);
/* [main; building; cheap] First error since the last call, NDG_OK if none; clears it. */
ndg_status ndg_graph_status(ndg_graph *, ndg_error *);

/* Reverse mode: x_bar[i] = Σ_j (∂y_j/∂x_i)ᵀ seed_j, for any nodes x. seeds NULL: ones. A shared x
   seen by per-task values is summed over tasks unless PER_TASK asks for each task's own part, which
   takes per-task y.
   Nodes that y does not depend on get zeros. [main; building; cost: nodes below y] */
enum { NDG_DERIVATIVE_PER_TASK = 1u << 0 };
ndg_status ndg_graph_vjp(ndg_graph *, uint32_t n_y, const ndg_node *y, const ndg_node *seeds,
                         uint32_t n_x, const ndg_node *x, uint32_t flags, ndg_node *x_bar,
                         ndg_error *);
/* Forward mode: y_dot[j] = Σ_i (∂y_j/∂x_i) x_dot_i. [main; building; cost: nodes below y] */
ndg_status ndg_graph_jvp(ndg_graph *, uint32_t n_x, const ndg_node *x, const ndg_node *x_dot,
                         uint32_t n_y, const ndg_node *y, ndg_node *y_dot, ndg_error *);
/* [main; any; pure] First non-analytic operation with a complex operand that y needs, or
 * NDG_NO_NODE. */
ndg_node ndg_graph_first_non_analytic(const ndg_graph *, uint32_t n_y, const ndg_node *y);

/* Reference evaluation, one operation at a time, unfused, single-threaded: what compiled programs
   are judged by. inputs[i]: n_tasks (or 1 if shared) x shape, dense, in `dtype` (index inputs:
   int32_t). outputs[j] alike. If not NULL, *first_bad is the first node with a non-finite value.
   [any; any; allocates] */
ndg_status ndg_graph_interpret(const ndg_graph *, ndg_dtype, uint64_t n_tasks,
                               const void *const *inputs, uint32_t n_y, const ndg_node *y,
                               void *const *outputs, ndg_node *first_bad, ndg_error *);

#endif
