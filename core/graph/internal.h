/* SPDX-License-Identifier: MIT */
/* What the files of the graph builder share: the graph itself and the table of operations. */
#ifndef NUDGE_GRAPH_INTERNAL_H
#define NUDGE_GRAPH_INTERNAL_H

#include <stddef.h>

#include "base/memory.h"
#include "graph/graph.h"

struct ndg_graph {
  ndg_graph_node *node; /* [0] is NDG_NO_NODE */
  uint32_t n_nodes, capacity;
  uint32_t *table; /* open addressing over node numbers; 0: empty */
  uint32_t table_size;
  uint32_t n_inputs;
  ndg_arena *arena; /* operand lists */
  ndg_error error;  /* the first since ndg_graph_status; code NDG_OK: none */
};

enum ndg_op_class { NDG_CLASS_LEAF = 1, NDG_CLASS_ELEMENTWISE, NDG_CLASS_OTHER };

#define NDG_ANY_ARITY UINT8_MAX

/* One operation. Both derivative rules only build nodes, so that derivatives can be derived. */
typedef struct ndg_operation {
  const char *name;
  uint8_t class; /* 0: no such operation */
  uint8_t n_min, n_max;
  bool analytic;
  bool indexed; /* operand 1 is an index */
  /* Sets shape and checks and normalises attr of a draft; false: the error is recorded. */
  bool (*infer)(ndg_graph *, ndg_graph_node *draft, const ndg_shape *target);
  /* An equal, simpler node, or NDG_NO_NODE: none. May reorder the draft's operands. */
  ndg_node (*simplify)(ndg_graph *, ndg_graph_node *draft);
  /* Tangent of y = op(x) from those of x; NDG_NO_NODE stands for zero, there and in the result. */
  ndg_node (*forward)(const ndg_builder *, const ndg_graph_node *n, ndg_node y,
                      const ndg_node *x_dot);
  /* What the adjoint of y adds to that of its operand i; NDG_NO_NODE: nothing. */
  ndg_node (*reverse)(const ndg_builder *, const ndg_graph_node *n, ndg_node y, uint32_t i,
                      ndg_node y_bar);
  /* Elementwise only: t ⊙ ∂y/∂x_i, which serves both rules; NDG_NO_NODE: zero. */
  ndg_node (*scale)(const ndg_builder *, const ndg_graph_node *n, ndg_node y, uint32_t i,
                    ndg_node t);
} ndg_operation;

#define NDG_OP_LIMIT 96u /* operation numbers lie below */

/* [any; any; pure] NULL for an unknown number. */
const ndg_operation *ndg_operation_get(uint32_t op);

/* [main; building; cheap] Records the first error; returns NDG_NO_NODE. */
NDG_PRINTF(3, 4)
ndg_node ndg_graph_refuse(ndg_graph *, ndg_status code, const char *format, ...);
/* [main; building; cheap] The node equal to the draft, made if there is none. */
ndg_node ndg_graph_intern(ndg_graph *, const ndg_graph_node *draft);
/* [main; building; cheap] The two members of ndg_graph_api that build. */
ndg_node ndg_graph_constant(ndg_graph *, double value, const ndg_shape *);
ndg_node ndg_graph_apply(ndg_graph *, uint32_t op, uint32_t n, const ndg_node *in, const ndg_attr *,
                         const ndg_shape *target);
/* A shape as "[3,4]" for messages. */
typedef struct ndg_shape_text {
  char text[96];
} ndg_shape_text;
/* [any; any; pure] */
ndg_shape_text ndg_shape_describe(const ndg_shape *);
bool ndg_shape_equal(const ndg_shape *, const ndg_shape *);
/* [main; building; pure] Every axis at least 1, unused ones 1, not too many elements. */
bool ndg_shape_check(ndg_graph *, const char *what, const ndg_shape *);
/* [any; any; pure] Whether `from` broadcasts to `to`: trailing axes aligned, length 1 stretched. */
bool ndg_shape_stretches(const ndg_shape *from, const ndg_shape *to);
/* [any; any; pure] Whether a node is a constant, and which. */
bool ndg_node_constant(const ndg_graph *, ndg_node, double *value);

/* Shape rules (shape_rules.c): [main; building; cheap], as ndg_operation.infer. */
bool ndg_infer_elementwise(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_power(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_same(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_matmul(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_reshape(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_transpose(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_broadcast(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_slice(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_pad(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_concat(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_gather(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_scatter_add(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_pick(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_place(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_sum(ndg_graph *, ndg_graph_node *, const ndg_shape *);
bool ndg_infer_log_sum_exp(ndg_graph *, ndg_graph_node *, const ndg_shape *);

/* Simplifications (simplify_*.c, fold.c): [main; building; cheap], as ndg_operation.simplify. */
ndg_node ndg_fold_constants(ndg_graph *, const ndg_graph_node *draft);
ndg_node ndg_simplify_elementwise(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_matmul(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_reshape(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_transpose(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_broadcast(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_slice(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_pad(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_concat(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_gather(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_pick(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_zero(ndg_graph *, ndg_graph_node *); /* any linear operation of zero */
ndg_node ndg_simplify_sum(ndg_graph *, ndg_graph_node *);
ndg_node ndg_simplify_spread(ndg_graph *, ndg_graph_node *);
/* a + b where both are padded or concatenated pieces that do not meet (pieces.c). */
ndg_node ndg_merge_pieces(ndg_graph *, ndg_node a, ndg_node b);

/* Derivative rules (rules_*.c): [main; building; cheap], as forward, reverse and scale of
   ndg_operation. */
#define NDG_DECLARE_RULES(name)                                                                    \
  ndg_node ndg_forward_##name(const ndg_builder *, const ndg_graph_node *, ndg_node,               \
                              const ndg_node *);                                                   \
  ndg_node ndg_reverse_##name(const ndg_builder *, const ndg_graph_node *, ndg_node, uint32_t,     \
                              ndg_node)
NDG_DECLARE_RULES(elementwise);
NDG_DECLARE_RULES(matmul);
NDG_DECLARE_RULES(reshape);
NDG_DECLARE_RULES(transpose);
NDG_DECLARE_RULES(broadcast);
NDG_DECLARE_RULES(slice);
NDG_DECLARE_RULES(pad);
NDG_DECLARE_RULES(concat);
NDG_DECLARE_RULES(gather);
NDG_DECLARE_RULES(scatter_add);
NDG_DECLARE_RULES(pick);
NDG_DECLARE_RULES(place);
NDG_DECLARE_RULES(sum);
NDG_DECLARE_RULES(log_sum_exp);
NDG_DECLARE_RULES(sum_tasks);
NDG_DECLARE_RULES(spread);
#undef NDG_DECLARE_RULES

#define NDG_DECLARE_SCALE(name)                                                                    \
  ndg_node ndg_scale_##name(const ndg_builder *, const ndg_graph_node *, ndg_node, uint32_t,       \
                            ndg_node)
NDG_DECLARE_SCALE(none);
NDG_DECLARE_SCALE(neg);
NDG_DECLARE_SCALE(square);
NDG_DECLARE_SCALE(sqrt);
NDG_DECLARE_SCALE(reciprocal);
NDG_DECLARE_SCALE(exp);
NDG_DECLARE_SCALE(log);
NDG_DECLARE_SCALE(tanh);
NDG_DECLARE_SCALE(sigmoid);
NDG_DECLARE_SCALE(softplus);
NDG_DECLARE_SCALE(sin);
NDG_DECLARE_SCALE(cos);
NDG_DECLARE_SCALE(power);
NDG_DECLARE_SCALE(relu);
NDG_DECLARE_SCALE(abs);
NDG_DECLARE_SCALE(add);
NDG_DECLARE_SCALE(sub);
NDG_DECLARE_SCALE(mul);
NDG_DECLARE_SCALE(div);
NDG_DECLARE_SCALE(max);
NDG_DECLARE_SCALE(min);
NDG_DECLARE_SCALE(select);
#undef NDG_DECLARE_SCALE

#endif
