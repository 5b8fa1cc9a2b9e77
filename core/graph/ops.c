/* SPDX-License-Identifier: MIT */
/* The table of operations: everything the builder and the derivatives know about each. */
#include "graph/internal.h"

#define ELEMENTWISE(op_, name_, arity_, analytic_, infer_, scale_)                                 \
  [op_] = {.name = name_,                                                                          \
           .class = NDG_CLASS_ELEMENTWISE,                                                         \
           .n_min = arity_,                                                                        \
           .n_max = arity_,                                                                        \
           .analytic = analytic_,                                                                  \
           .infer = infer_,                                                                        \
           .simplify = ndg_simplify_elementwise,                                                   \
           .forward = ndg_forward_elementwise,                                                     \
           .reverse = ndg_reverse_elementwise,                                                     \
           .scale = scale_}
#define UNARY(op_, name_, analytic_)                                                               \
  ELEMENTWISE(op_, #name_, 1, analytic_, ndg_infer_elementwise, ndg_scale_##name_)
#define BINARY(op_, name_, analytic_)                                                              \
  ELEMENTWISE(op_, #name_, 2, analytic_, ndg_infer_elementwise, ndg_scale_##name_)
#define OTHER(op_, name_, arity_, simplify_)                                                       \
  [op_] = {.name = #name_,                                                                         \
           .class = NDG_CLASS_OTHER,                                                               \
           .n_min = arity_,                                                                        \
           .n_max = arity_,                                                                        \
           .analytic = true,                                                                       \
           .infer = ndg_infer_##name_,                                                             \
           .simplify = simplify_,                                                                  \
           .forward = ndg_forward_##name_,                                                         \
           .reverse = ndg_reverse_##name_}
#define INDEXED(op_, name_, simplify_)                                                             \
  [op_] = {.name = #name_,                                                                         \
           .class = NDG_CLASS_OTHER,                                                               \
           .n_min = 2,                                                                             \
           .n_max = 2,                                                                             \
           .analytic = true,                                                                       \
           .indexed = true,                                                                        \
           .infer = ndg_infer_##name_,                                                             \
           .simplify = simplify_,                                                                  \
           .forward = ndg_forward_##name_,                                                         \
           .reverse = ndg_reverse_##name_}

static const ndg_operation operations[NDG_OP_LIMIT] = {
    [NDG_OP_INPUT] = {.name = "input", .class = NDG_CLASS_LEAF, .analytic = true},
    [NDG_OP_CONSTANT] = {.name = "constant", .class = NDG_CLASS_LEAF, .analytic = true},

    UNARY(NDG_OP_NEG, neg, true),
    UNARY(NDG_OP_SQUARE, square, true),
    UNARY(NDG_OP_SQRT, sqrt, true),
    UNARY(NDG_OP_RECIPROCAL, reciprocal, true),
    UNARY(NDG_OP_EXP, exp, true),
    UNARY(NDG_OP_LOG, log, true),
    UNARY(NDG_OP_TANH, tanh, true),
    UNARY(NDG_OP_SIGMOID, sigmoid, true),
    UNARY(NDG_OP_SOFTPLUS, softplus, true),
    UNARY(NDG_OP_SIN, sin, true),
    UNARY(NDG_OP_COS, cos, true),
    ELEMENTWISE(NDG_OP_POWER, "power", 1, true, ndg_infer_power, ndg_scale_power),
    ELEMENTWISE(NDG_OP_STEP, "step", 1, false, ndg_infer_elementwise, ndg_scale_none),
    UNARY(NDG_OP_RELU, relu, false),
    UNARY(NDG_OP_ABS, abs, false),
    ELEMENTWISE(NDG_OP_SIGN, "sign", 1, false, ndg_infer_elementwise, ndg_scale_none),
    ELEMENTWISE(NDG_OP_STOP_GRADIENT, "stop_gradient", 1, true, ndg_infer_elementwise,
                ndg_scale_none),

    BINARY(NDG_OP_ADD, add, true),
    BINARY(NDG_OP_SUB, sub, true),
    BINARY(NDG_OP_MUL, mul, true),
    BINARY(NDG_OP_DIV, div, true),
    BINARY(NDG_OP_MAX, max, false),
    BINARY(NDG_OP_MIN, min, false),
    ELEMENTWISE(NDG_OP_GREATER, "greater", 2, false, ndg_infer_elementwise, ndg_scale_none),
    ELEMENTWISE(NDG_OP_SELECT, "select", 3, true, ndg_infer_elementwise, ndg_scale_select),

    OTHER(NDG_OP_MATMUL, matmul, 2, ndg_simplify_matmul),

    OTHER(NDG_OP_RESHAPE, reshape, 1, ndg_simplify_reshape),
    OTHER(NDG_OP_TRANSPOSE, transpose, 1, ndg_simplify_transpose),
    OTHER(NDG_OP_BROADCAST, broadcast, 1, ndg_simplify_broadcast),
    OTHER(NDG_OP_SLICE, slice, 1, ndg_simplify_slice),
    OTHER(NDG_OP_PAD, pad, 1, ndg_simplify_pad),
    [NDG_OP_CONCAT] = {.name = "concat",
                       .class = NDG_CLASS_OTHER,
                       .n_min = 1,
                       .n_max = NDG_ANY_ARITY,
                       .analytic = true,
                       .infer = ndg_infer_concat,
                       .simplify = ndg_simplify_concat,
                       .forward = ndg_forward_concat,
                       .reverse = ndg_reverse_concat},

    INDEXED(NDG_OP_GATHER, gather, ndg_simplify_gather),
    INDEXED(NDG_OP_SCATTER_ADD, scatter_add, ndg_simplify_zero),
    INDEXED(NDG_OP_PICK, pick, ndg_simplify_pick),
    INDEXED(NDG_OP_PLACE, place, ndg_simplify_zero),

    OTHER(NDG_OP_SUM, sum, 1, ndg_simplify_sum),
    OTHER(NDG_OP_LOG_SUM_EXP, log_sum_exp, 1, NULL),
    [NDG_OP_SUM_TASKS] = {.name = "sum_tasks",
                          .class = NDG_CLASS_OTHER,
                          .n_min = 1,
                          .n_max = 1,
                          .analytic = true,
                          .infer = ndg_infer_same,
                          .simplify = ndg_simplify_zero,
                          .forward = ndg_forward_sum_tasks,
                          .reverse = ndg_reverse_sum_tasks},
    [NDG_OP_SPREAD] = {.name = "spread",
                       .class = NDG_CLASS_OTHER,
                       .n_min = 1,
                       .n_max = 1,
                       .analytic = true,
                       .infer = ndg_infer_same,
                       .simplify = ndg_simplify_spread,
                       .forward = ndg_forward_spread,
                       .reverse = ndg_reverse_spread},
};

const ndg_operation *ndg_operation_get(uint32_t op) {
  return op < NDG_OP_LIMIT && operations[op].class ? &operations[op] : NULL;
}

const char *ndg_graph_op_name(uint32_t op) {
  const ndg_operation *o = ndg_operation_get(op);
  return o ? o->name : NULL;
}

bool ndg_graph_op_analytic(uint32_t op) {
  const ndg_operation *o = ndg_operation_get(op);
  return o && o->analytic;
}
