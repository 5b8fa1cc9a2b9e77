/* SPDX-License-Identifier: MIT */
/* Loss graphs: a learner writes its losses once with these operations; the host derives gradients,
   Hessian-vector products and transposed optimiser steps from them, for every element type.

   Every value has a shape without the task axis and is either shared (one copy for all tasks) or
   per task. An operation on shared and per-task values is per task; only sum_tasks leads back.
   Elementwise operations broadcast as NumPy does (trailing axes aligned, length 1 stretched).

   Errors are sticky: a wrong operation returns NDG_NO_NODE, the graph remembers the first message,
   operations on NDG_NO_NODE return NDG_NO_NODE, and the host reports when build returns. */
#ifndef NUDGE_GRAPH_H
#define NUDGE_GRAPH_H

#include "nudge/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ndg_graph ndg_graph;
typedef uint32_t ndg_node; /* index into one graph */
#define NDG_NO_NODE 0u

/* Numbers are part of the ABI: append, never reorder. */
enum ndg_op {
  NDG_OP_NONE = 0,
  /* leaves */
  NDG_OP_INPUT = 1,
  NDG_OP_CONSTANT = 2, /* attr.value, of any shape */
  /* elementwise, one operand */
  NDG_OP_NEG = 10,
  NDG_OP_SQUARE = 11,
  NDG_OP_SQRT = 12,
  NDG_OP_RECIPROCAL = 13,
  NDG_OP_EXP = 14,
  NDG_OP_LOG = 15,
  NDG_OP_TANH = 16,
  NDG_OP_SIGMOID = 17,
  NDG_OP_SOFTPLUS = 18,
  NDG_OP_SIN = 19,
  NDG_OP_COS = 20,
  NDG_OP_POWER = 21,         /* x to the constant attr.value */
  NDG_OP_STEP = 22,          /* 1 where x > 0, else 0; not analytic */
  NDG_OP_RELU = 23,          /* not analytic */
  NDG_OP_ABS = 24,           /* not analytic */
  NDG_OP_SIGN = 25,          /* not analytic */
  NDG_OP_STOP_GRADIENT = 26, /* identity whose derivative is zero */
  /* elementwise, two or three operands */
  NDG_OP_ADD = 40,
  NDG_OP_SUB = 41,
  NDG_OP_MUL = 42,
  NDG_OP_DIV = 43,
  NDG_OP_MAX = 44,     /* not analytic; at a tie the derivative goes to the first operand */
  NDG_OP_MIN = 45,     /* not analytic; likewise */
  NDG_OP_GREATER = 46, /* 1 where a > b, else 0; not analytic */
  NDG_OP_SELECT = 47,  /* where(c != 0, a, b); c carries no derivative */
  /* contraction */
  NDG_OP_MATMUL =
      60, /* [m,k] x [k,n] -> [m,n]; attr.i[0], attr.i[1]: operand is stored transposed */
  /* shape */
  NDG_OP_RESHAPE = 70,
  NDG_OP_TRANSPOSE = 71, /* attr.i[0..3]: axis permutation */
  NDG_OP_BROADCAST = 72, /* to the node's shape */
  NDG_OP_SLICE = 73,     /* axis attr.i[0], start attr.i[1], length attr.i[2] */
  NDG_OP_PAD = 74,       /* zeros: axis attr.i[0], before attr.i[1], after attr.i[2] */
  NDG_OP_CONCAT = 75,    /* any number of operands along axis attr.i[0] */
  /* indices */
  NDG_OP_GATHER = 80,      /* x[n,...], index[m] -> x[index[j],...], [m,...] */
  NDG_OP_SCATTER_ADD = 81, /* x[m,...], index[m] -> [attr.i[0],...], the transpose of gather */
  NDG_OP_PICK = 82,        /* x[n,c], index[n] -> x[j, index[j]], [n] */
  NDG_OP_PLACE = 83,       /* x[n], index[n] -> [n, attr.i[0]], the transpose of pick */
  /* reductions */
  NDG_OP_SUM = 90,         /* over the axes in bit mask attr.i[0]; axes kept with length 1 */
  NDG_OP_LOG_SUM_EXP = 91, /* over the last axis; kept with length 1 */
  NDG_OP_SUM_TASKS = 92,   /* per task -> shared, in task order */
  NDG_OP_SPREAD = 93       /* shared -> per task: the transpose of sum_tasks */
};

typedef struct ndg_attr {
  double value;
  int64_t i[NDG_MAX_DIMS];
} ndg_attr;

/* The host's graph builder. All members are always set. */
typedef struct ndg_graph_api {
  uint32_t struct_size;
  uint32_t reserved;
  /* [main; building; cheap] A constant of any shape, shared. */
  ndg_node (*constant)(ndg_graph *, double value, const ndg_shape *);
  /* [main; building; cheap] Any operation but the leaves; attr may be NULL where the operation has
     none. BROADCAST and RESHAPE take the target shape, all others NULL. */
  ndg_node (*apply)(ndg_graph *, uint32_t op, uint32_t n_operands, const ndg_node *operands,
                    const ndg_attr *, const ndg_shape *);
  /* [main; building; pure] Shape of a node; all zero for NDG_NO_NODE. */
  ndg_shape (*shape)(const ndg_graph *, ndg_node);
  /* [main; building; cheap] Record an error from the learner; returns NDG_NO_NODE. */
  ndg_node (*fail)(ndg_graph *, const char *text);
} ndg_graph_api;

/* What build functions receive. Passed by pointer; frozen. */
typedef struct ndg_builder {
  const ndg_graph_api *api;
  ndg_graph *graph;
} ndg_builder;

/* Shorthands; contract of all: [main; building; cheap]. */
static inline ndg_node ndg_constant(const ndg_builder *b, double value) {
  ndg_shape s = NDG_SCALAR;
  return b->api->constant(b->graph, value, &s);
}
static inline ndg_node ndg_unary(const ndg_builder *b, uint32_t op, ndg_node x) {
  return b->api->apply(b->graph, op, 1, &x, NULL, NULL);
}
static inline ndg_node ndg_binary(const ndg_builder *b, uint32_t op, ndg_node x, ndg_node y) {
  ndg_node in[2];
  in[0] = x;
  in[1] = y;
  return b->api->apply(b->graph, op, 2, in, NULL, NULL);
}
static inline ndg_node ndg_attributed(const ndg_builder *b, uint32_t op, uint32_t n,
                                      const ndg_node *in, int64_t i0, int64_t i1, int64_t i2) {
  ndg_attr a;
  a.value = 0;
  a.i[0] = i0;
  a.i[1] = i1;
  a.i[2] = i2;
  a.i[3] = 0;
  return b->api->apply(b->graph, op, n, in, &a, NULL);
}
#define NDG_DEFINE_UNARY(name, op)                                                                 \
  static inline ndg_node ndg_##name(const ndg_builder *b, ndg_node x) {                            \
    return ndg_unary(b, op, x);                                                                    \
  }
#define NDG_DEFINE_BINARY(name, op)                                                                \
  static inline ndg_node ndg_##name(const ndg_builder *b, ndg_node x, ndg_node y) {                \
    return ndg_binary(b, op, x, y);                                                                \
  }
NDG_DEFINE_UNARY(neg, NDG_OP_NEG)
NDG_DEFINE_UNARY(square, NDG_OP_SQUARE)
NDG_DEFINE_UNARY(sqrt, NDG_OP_SQRT)
NDG_DEFINE_UNARY(reciprocal, NDG_OP_RECIPROCAL)
NDG_DEFINE_UNARY(exp, NDG_OP_EXP)
NDG_DEFINE_UNARY(log, NDG_OP_LOG)
NDG_DEFINE_UNARY(tanh, NDG_OP_TANH)
NDG_DEFINE_UNARY(sigmoid, NDG_OP_SIGMOID)
NDG_DEFINE_UNARY(softplus, NDG_OP_SOFTPLUS)
NDG_DEFINE_UNARY(sin, NDG_OP_SIN)
NDG_DEFINE_UNARY(cos, NDG_OP_COS)
NDG_DEFINE_UNARY(step, NDG_OP_STEP)
NDG_DEFINE_UNARY(relu, NDG_OP_RELU)
NDG_DEFINE_UNARY(abs, NDG_OP_ABS)
NDG_DEFINE_UNARY(sign, NDG_OP_SIGN)
NDG_DEFINE_UNARY(stop_gradient, NDG_OP_STOP_GRADIENT)
NDG_DEFINE_UNARY(log_sum_exp, NDG_OP_LOG_SUM_EXP)
NDG_DEFINE_UNARY(sum_tasks, NDG_OP_SUM_TASKS)
NDG_DEFINE_UNARY(spread, NDG_OP_SPREAD)
NDG_DEFINE_BINARY(add, NDG_OP_ADD)
NDG_DEFINE_BINARY(sub, NDG_OP_SUB)
NDG_DEFINE_BINARY(mul, NDG_OP_MUL)
NDG_DEFINE_BINARY(div, NDG_OP_DIV)
NDG_DEFINE_BINARY(max, NDG_OP_MAX)
NDG_DEFINE_BINARY(min, NDG_OP_MIN)
NDG_DEFINE_BINARY(greater, NDG_OP_GREATER)
NDG_DEFINE_BINARY(gather, NDG_OP_GATHER)
NDG_DEFINE_BINARY(pick, NDG_OP_PICK)
#undef NDG_DEFINE_UNARY
#undef NDG_DEFINE_BINARY

static inline ndg_node ndg_power(const ndg_builder *b, ndg_node x, double exponent) {
  ndg_attr a;
  a.value = exponent;
  a.i[0] = a.i[1] = a.i[2] = a.i[3] = 0;
  return b->api->apply(b->graph, NDG_OP_POWER, 1, &x, &a, NULL);
}
static inline ndg_node ndg_scale(const ndg_builder *b, ndg_node x, double factor) {
  return ndg_mul(b, x, ndg_constant(b, factor));
}
static inline ndg_node ndg_select(const ndg_builder *b, ndg_node c, ndg_node x, ndg_node y) {
  ndg_node in[3];
  in[0] = c;
  in[1] = x;
  in[2] = y;
  return b->api->apply(b->graph, NDG_OP_SELECT, 3, in, NULL, NULL);
}
/* op(x) op(y), where op transposes the stored matrix if its flag is set. */
static inline ndg_node ndg_matmul(const ndg_builder *b, ndg_node x, ndg_node y, int x_transposed,
                                  int y_transposed) {
  ndg_node in[2];
  in[0] = x;
  in[1] = y;
  return ndg_attributed(b, NDG_OP_MATMUL, 2, in, x_transposed != 0, y_transposed != 0, 0);
}
static inline ndg_node ndg_reshape(const ndg_builder *b, ndg_node x, ndg_shape s) {
  return b->api->apply(b->graph, NDG_OP_RESHAPE, 1, &x, NULL, &s);
}
static inline ndg_node ndg_broadcast(const ndg_builder *b, ndg_node x, ndg_shape s) {
  return b->api->apply(b->graph, NDG_OP_BROADCAST, 1, &x, NULL, &s);
}
static inline ndg_node ndg_slice(const ndg_builder *b, ndg_node x, int64_t axis, int64_t start,
                                 int64_t length) {
  return ndg_attributed(b, NDG_OP_SLICE, 1, &x, axis, start, length);
}
static inline ndg_node ndg_concat(const ndg_builder *b, uint32_t n, const ndg_node *x,
                                  int64_t axis) {
  return ndg_attributed(b, NDG_OP_CONCAT, n, x, axis, 0, 0);
}
/* Sum over the axes in a bit mask (bit a: axis a), which stay with length 1. */
static inline ndg_node ndg_sum_axes(const ndg_builder *b, ndg_node x, int64_t axes) {
  return ndg_attributed(b, NDG_OP_SUM, 1, &x, axes, 0, 0);
}
/* Sum of all elements of each task: a scalar. */
static inline ndg_node ndg_sum(const ndg_builder *b, ndg_node x) {
  ndg_shape s = b->api->shape(b->graph, x);
  ndg_node y = s.n_dims ? ndg_sum_axes(b, x, ((int64_t)1 << s.n_dims) - 1) : x;
  return ndg_reshape(b, y, NDG_SCALAR);
}
/* Mean of all elements of each task: a scalar. */
static inline ndg_node ndg_mean(const ndg_builder *b, ndg_node x) {
  ndg_shape s = b->api->shape(b->graph, x);
  uint64_t n = ndg_shape_size(&s);
  return ndg_scale(b, ndg_sum(b, x), n ? 1.0 / (double)n : 0.0);
}

#ifdef __cplusplus
}
#endif
#endif
