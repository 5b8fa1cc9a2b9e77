/* SPDX-License-Identifier: MIT */
/* Building: equal expressions are one node, simplifications, broadcasting, shared and per-task
   values, and what a wrong operation says. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "graph/graph.h"

static ndg_graph *g;
static ndg_builder builder;
static const ndg_builder *b = &builder;
static ndg_node x, y;   /* per task, 2 x 3 */
static ndg_node s;      /* shared, 2 x 3 */
static ndg_node index_; /* per task, 4 indices */

static void setup(void) {
  ndg_error e = {0};
  ck_assert(ndg_graph_create(&g, &e) == NDG_OK);
  builder = ndg_graph_builder(g);
  x = ndg_graph_input(g, NDG_REAL, true, 0, NDG_MATRIX(2, 3));
  y = ndg_graph_input(g, NDG_REAL, true, 0, NDG_MATRIX(2, 3));
  s = ndg_graph_input(g, NDG_REAL, false, 0, NDG_MATRIX(2, 3));
  index_ = ndg_graph_input(g, NDG_INDEX, true, 0, NDG_VECTOR(4));
}

static void teardown(void) {
  ndg_error e = {0};
  ck_assert_msg(ndg_graph_status(g, &e) == NDG_OK, "%s", e.text);
  ndg_graph_destroy(g);
}

static const ndg_graph_node *get(ndg_node id) {
  return ndg_graph_get(g, id);
}

static uint32_t count_op(uint32_t op) {
  uint32_t n = 0;
  for (ndg_node id = 1; id <= ndg_graph_node_count(g); id++)
    n += get(id)->op == op;
  return n;
}

static ndg_node constant(double value, ndg_shape shape) {
  return b->api->constant(g, value, &shape);
}

static ndg_node transpose(ndg_node v, int64_t a0, int64_t a1, int64_t a2) {
  return ndg_attributed(b, NDG_OP_TRANSPOSE, 1, &v, a0, a1, a2);
}

static ndg_node pad(ndg_node v, int64_t axis, int64_t before, int64_t after) {
  return ndg_attributed(b, NDG_OP_PAD, 1, &v, axis, before, after);
}

static bool is_constant(ndg_node id, double value, ndg_shape shape) {
  const ndg_graph_node *n = get(id);
  return n->op == NDG_OP_CONSTANT && n->attr.value == value &&
         memcmp(&n->shape, &shape, sizeof shape) == 0;
}

START_TEST(equal_expressions_are_one_node) {
  ck_assert_uint_eq(ndg_tanh(b, ndg_add(b, x, y)), ndg_tanh(b, ndg_add(b, x, y)));
  ck_assert_uint_eq(ndg_add(b, x, y), ndg_add(b, y, x));
  ck_assert_uint_eq(ndg_mul(b, x, y), ndg_mul(b, y, x));
  ck_assert_uint_ne(ndg_sub(b, x, y), ndg_sub(b, y, x));
  ck_assert_uint_ne(ndg_max(b, x, y), ndg_max(b, y, x)); /* a tie tells them apart */
  ck_assert_uint_eq(ndg_constant(b, 0.1), ndg_constant(b, 0.1));
  ck_assert_uint_ne(ndg_constant(b, 0.0), ndg_constant(b, -0.0));
  ck_assert_uint_ne(ndg_power(b, x, 3), ndg_power(b, x, 4));
  ck_assert_uint_ne(ndg_graph_input(g, NDG_REAL, true, 0, NDG_MATRIX(2, 3)), x);
  const uint32_t before = ndg_graph_node_count(g);
  (void)ndg_tanh(b, ndg_add(b, y, x));
  ck_assert_uint_eq(ndg_graph_node_count(g), before);
}
END_TEST

START_TEST(many_nodes_stay_distinct) {
  ndg_node node[5000];
  for (int i = 0; i < 5000; i++)
    node[i] = ndg_power(b, x, 3.5 + i);
  for (int i = 0; i < 5000; i++) {
    ck_assert_uint_eq(ndg_power(b, x, 3.5 + i), node[i]);
    ck_assert(get(node[i])->attr.value == 3.5 + i);
    ck_assert_uint_eq(get(node[i])->in[0], x);
  }
}
END_TEST

START_TEST(neutral_constants_vanish) {
  const ndg_shape shape = NDG_MATRIX(2, 3);
  ck_assert_uint_eq(ndg_add(b, x, ndg_constant(b, 0)), x);
  ck_assert_uint_eq(ndg_add(b, ndg_constant(b, 0), x), x);
  ck_assert_uint_eq(ndg_sub(b, x, ndg_constant(b, 0)), x);
  ck_assert_uint_eq(ndg_sub(b, ndg_constant(b, 0), x), ndg_neg(b, x));
  ck_assert_uint_eq(ndg_scale(b, x, 1), x);
  ck_assert_uint_eq(ndg_scale(b, x, -1), ndg_neg(b, x));
  ck_assert_uint_eq(ndg_div(b, x, ndg_constant(b, 1)), x);
  ck_assert_uint_eq(ndg_power(b, x, 1), x);
  ck_assert_uint_eq(ndg_power(b, x, 2), ndg_square(b, x));
  ck_assert_uint_eq(ndg_power(b, x, 0.5), ndg_sqrt(b, x));
  ck_assert_uint_eq(ndg_power(b, x, -1), ndg_reciprocal(b, x));
  ck_assert(is_constant(ndg_scale(b, s, 0), 0, shape));
  ck_assert(is_constant(ndg_power(b, s, 0), 1, shape));
  /* Per task stays per task. */
  ck_assert(get(ndg_scale(b, x, 0))->per_task);
  ck_assert_uint_eq(ndg_add(b, ndg_scale(b, x, 0), y), y);
}
END_TEST

START_TEST(signs_and_factors_collect) {
  const ndg_node n = ndg_neg(b, x);
  ck_assert_uint_eq(ndg_neg(b, n), x);
  ck_assert_uint_eq(ndg_add(b, y, n), ndg_sub(b, y, x));
  ck_assert_uint_eq(ndg_add(b, n, y), ndg_sub(b, y, x));
  ck_assert_uint_eq(ndg_sub(b, y, n), ndg_add(b, x, y));
  ck_assert_uint_eq(ndg_neg(b, ndg_sub(b, x, y)), ndg_sub(b, y, x));
  ck_assert_uint_eq(ndg_mul(b, n, y), ndg_neg(b, ndg_mul(b, x, y)));
  ck_assert_uint_eq(ndg_mul(b, n, ndg_neg(b, y)), ndg_mul(b, x, y));
  ck_assert_uint_eq(ndg_div(b, n, y), ndg_neg(b, ndg_div(b, x, y)));
  ck_assert_uint_eq(ndg_square(b, n), ndg_square(b, x));
  ck_assert_uint_eq(ndg_mul(b, x, x), ndg_square(b, x));
  ck_assert_uint_eq(ndg_add(b, x, x), ndg_scale(b, x, 2));
  ck_assert_uint_eq(ndg_scale(b, ndg_scale(b, x, 2), 0.1), ndg_scale(b, x, 0.2));
  ck_assert_uint_eq(ndg_div(b, x, ndg_constant(b, 4)), ndg_scale(b, x, 0.25));
  /* 0.1 * 3 is not 0.3 in any binary type: left to the program's. */
  ck_assert_uint_ne(ndg_scale(b, ndg_scale(b, x, 0.1), 3), ndg_scale(b, x, 0.1 * 3));
  ck_assert_uint_eq(get(ndg_div(b, x, ndg_constant(b, 3)))->op, NDG_OP_DIV);
}
END_TEST

/* One graph serves long double too: only results that double holds exactly are folded. */
START_TEST(constants_fold_when_exact) {
  const ndg_shape scalar = NDG_SCALAR;
  const ndg_node two = ndg_constant(b, 2), tenth = ndg_constant(b, 0.1);
  ck_assert(is_constant(ndg_add(b, two, ndg_constant(b, 0.5)), 2.5, scalar));
  ck_assert(is_constant(ndg_mul(b, two, tenth), 0.2, scalar));
  ck_assert(is_constant(ndg_div(b, ndg_constant(b, 3), two), 1.5, scalar));
  ck_assert(is_constant(ndg_sqrt(b, ndg_constant(b, 2.25)), 1.5, scalar));
  ck_assert(is_constant(ndg_exp(b, ndg_constant(b, 0)), 1, scalar));
  ck_assert(is_constant(ndg_greater(b, two, tenth), 1, scalar));
  ck_assert(is_constant(ndg_select(b, two, tenth, two), 0.1, scalar));
  ck_assert(is_constant(ndg_relu(b, ndg_neg(b, two)), 0, scalar));
  ck_assert_uint_eq(get(ndg_mul(b, tenth, ndg_constant(b, 3)))->op, NDG_OP_MUL);
  ck_assert_uint_eq(get(ndg_add(b, tenth, ndg_constant(b, 0.2)))->op, NDG_OP_ADD);
  ck_assert_uint_eq(get(ndg_exp(b, two))->op, NDG_OP_EXP);
  ck_assert_uint_eq(get(ndg_div(b, two, ndg_constant(b, 3)))->op, NDG_OP_DIV);
  ck_assert_uint_eq(get(ndg_div(b, two, ndg_constant(b, 0)))->op, NDG_OP_DIV);
  /* A large one is computed once and stretched. */
  const ndg_graph_node *large = get(ndg_exp(b, constant(2, NDG_MATRIX(50, 50))));
  ck_assert_uint_eq(large->op, NDG_OP_BROADCAST);
  ck_assert_uint_eq(large->in[0], ndg_exp(b, two));
}
END_TEST

START_TEST(moves_collapse) {
  const ndg_node v = ndg_reshape(b, x, NDG_VECTOR(6));
  ck_assert_uint_eq(ndg_reshape(b, v, NDG_MATRIX(2, 3)), x);
  ck_assert_uint_eq(ndg_reshape(b, x, NDG_MATRIX(2, 3)), x);
  ck_assert_uint_eq(transpose(transpose(x, 1, 0, 0), 1, 0, 0), x);
  ck_assert_uint_eq(transpose(x, 0, 1, 0), x);
  const ndg_node c = ndg_graph_input(g, NDG_REAL, true, 0, ndg_shape_of(3, 2, 3, 4, 1));
  ck_assert_uint_eq(transpose(transpose(c, 1, 2, 0), 2, 0, 1), c);
  ck_assert_uint_eq(transpose(transpose(c, 1, 2, 0), 1, 2, 0), transpose(c, 2, 0, 1));
  ck_assert_uint_eq(transpose(transpose(c, 1, 0, 2), 0, 2, 1), transpose(c, 1, 2, 0));
  /* Moving axes of length 1 moves no number. */
  ck_assert_uint_eq(get(transpose(ndg_reshape(b, v, NDG_MATRIX(1, 6)), 1, 0, 0))->op,
                    NDG_OP_RESHAPE);
  ck_assert_uint_eq(ndg_slice(b, v, 0, 0, 6), v);
  ck_assert_uint_eq(ndg_slice(b, ndg_slice(b, v, 0, 1, 4), 0, 2, 2), ndg_slice(b, v, 0, 3, 2));
  ck_assert_uint_eq(pad(v, 0, 0, 0), v);
  ck_assert_uint_eq(pad(pad(v, 0, 1, 2), 0, 3, 4), pad(v, 0, 4, 6));
  ck_assert_uint_eq(ndg_slice(b, pad(v, 0, 2, 2), 0, 2, 6), v);
  ck_assert_uint_eq(ndg_broadcast(b, x, NDG_MATRIX(2, 3)), x);
  const ndg_node row = ndg_slice(b, v, 0, 0, 3);
  ck_assert_uint_eq(
      ndg_broadcast(b, ndg_broadcast(b, row, NDG_MATRIX(2, 3)), ndg_shape_of(3, 4, 2, 3, 1)),
      ndg_broadcast(b, row, ndg_shape_of(3, 4, 2, 3, 1)));
  ck_assert_uint_eq(ndg_broadcast(b, ndg_reshape(b, row, NDG_MATRIX(1, 3)), NDG_MATRIX(2, 3)),
                    ndg_broadcast(b, row, NDG_MATRIX(2, 3)));
}
END_TEST

START_TEST(pieces_join) {
  const ndg_node v = ndg_reshape(b, x, NDG_VECTOR(6)), w = ndg_reshape(b, y, NDG_VECTOR(6));
  const ndg_node parts[3] = {ndg_slice(b, v, 0, 0, 2), ndg_slice(b, v, 0, 2, 3),
                             ndg_slice(b, v, 0, 5, 1)};
  ck_assert_uint_eq(ndg_concat(b, 3, parts, 0), v);
  ck_assert_uint_eq(ndg_concat(b, 1, parts, 0), parts[0]);
  const ndg_node vw[2] = {v, w};
  const ndg_node both = ndg_concat(b, 2, vw, 0);
  ck_assert_uint_eq(ndg_slice(b, both, 0, 0, 6), v);
  ck_assert_uint_eq(ndg_slice(b, both, 0, 7, 2), ndg_slice(b, w, 0, 1, 2));
  ck_assert_uint_eq(get(ndg_slice(b, both, 0, 5, 2))->op, NDG_OP_SLICE);
  /* Sums of padded pieces that do not meet, in any order. */
  ck_assert_uint_eq(ndg_add(b, pad(v, 0, 0, 6), pad(w, 0, 6, 0)), both);
  ck_assert_uint_eq(ndg_add(b, pad(w, 0, 6, 0), pad(v, 0, 0, 6)), both);
  ck_assert_uint_eq(get(ndg_add(b, pad(v, 0, 0, 6), pad(w, 0, 5, 1)))->op, NDG_OP_ADD);
  const ndg_node zeros[3] = {constant(0, NDG_VECTOR(2)), v, constant(0, NDG_VECTOR(4))};
  ck_assert_uint_eq(ndg_concat(b, 3, zeros, 0), pad(v, 0, 2, 4));
  const ndg_node whole = ndg_graph_input(g, NDG_REAL, true, 0, NDG_VECTOR(12));
  const ndg_node sum = ndg_add(b, ndg_add(b, whole, pad(v, 0, 0, 6)), pad(w, 0, 6, 0));
  ck_assert_uint_eq(sum, ndg_add(b, whole, both));
}
END_TEST

START_TEST(sums_simplify) {
  const ndg_node row = ndg_reshape(b, ndg_slice(b, x, 0, 0, 1), NDG_MATRIX(1, 3));
  ck_assert_uint_eq(ndg_sum_axes(b, row, 1), row);
  ck_assert_uint_eq(ndg_sum_axes(b, x, 0), x);
  ck_assert_uint_eq(ndg_sum_axes(b, ndg_sum_axes(b, x, 1), 2), ndg_sum_axes(b, x, 3));
  ck_assert_uint_eq(ndg_sum_axes(b, ndg_broadcast(b, row, NDG_MATRIX(5, 3)), 1),
                    ndg_scale(b, row, 5));
  ck_assert_uint_eq(ndg_sum_axes(b, ndg_broadcast(b, row, ndg_shape_of(3, 5, 4, 3, 1)), 3),
                    ndg_scale(b, ndg_reshape(b, row, ndg_shape_of(3, 1, 1, 3, 1)), 20));
  ck_assert(is_constant(ndg_sum(b, constant(0.5, NDG_MATRIX(4, 5))), 10, NDG_SCALAR));
  ck_assert_uint_eq(ndg_sum_axes(b, ndg_sum_tasks(b, x), 1),
                    ndg_sum_tasks(b, ndg_sum_axes(b, x, 1)));
}
END_TEST

START_TEST(transposes_fold_into_products) {
  const ndg_node xt = transpose(x, 1, 0, 0), p = ndg_matmul(b, x, y, 0, 1);
  ck_assert_uint_eq(ndg_matmul(b, x, transpose(y, 1, 0, 0), 0, 0), p);
  ck_assert_uint_eq(ndg_matmul(b, xt, y, 1, 1), p);
  ck_assert_uint_eq(transpose(p, 1, 0, 0), ndg_matmul(b, y, x, 0, 1));
  ck_assert(
      is_constant(ndg_matmul(b, s, constant(0, NDG_MATRIX(3, 7)), 0, 0), 0, NDG_MATRIX(2, 7)));
}
END_TEST

START_TEST(operands_broadcast) {
  const ndg_node row = ndg_graph_input(g, NDG_REAL, true, 0, NDG_VECTOR(3));
  const ndg_node column = ndg_graph_input(g, NDG_REAL, false, 0, NDG_MATRIX(2, 1));
  const ndg_graph_node *n = get(ndg_mul(b, x, row));
  ck_assert_uint_eq(get(n->in[0])->shape.dim[0], 2);
  ck_assert_uint_eq(get(n->in[1])->shape.dim[0], 2);
  n = get(ndg_mul(b, row, column));
  ck_assert_uint_eq(n->shape.n_dims, 2);
  ck_assert_uint_eq(n->shape.dim[0], 2);
  ck_assert_uint_eq(n->shape.dim[1], 3);
  ck_assert(n->per_task);
  /* What all operands repeat is computed once; a sign moves out. */
  const ndg_node wide = ndg_broadcast(b, row, NDG_MATRIX(9, 3));
  ck_assert_uint_eq(ndg_add(b, x, ndg_neg(b, row)), ndg_sub(b, x, row));
  ck_assert_uint_eq(ndg_sub(b, x, ndg_broadcast(b, ndg_neg(b, row), NDG_MATRIX(2, 3))),
                    ndg_add(b, x, row));
  ck_assert_uint_eq(ndg_exp(b, wide), ndg_broadcast(b, ndg_exp(b, row), NDG_MATRIX(9, 3)));
}
END_TEST

START_TEST(shared_and_per_task) {
  ck_assert(get(ndg_add(b, x, s))->per_task);
  ck_assert(!get(ndg_exp(b, s))->per_task);
  ck_assert_uint_eq(count_op(NDG_OP_SPREAD), 0);
  ck_assert(!get(ndg_sum_tasks(b, x))->per_task);
  const ndg_node spread = ndg_spread(b, s);
  ck_assert(get(spread)->per_task);
  ck_assert_uint_eq(ndg_spread(b, x), x);
  ck_assert_uint_eq(ndg_add(b, x, spread), ndg_add(b, x, s));
  ck_assert_uint_eq(ndg_exp(b, spread), ndg_spread(b, ndg_exp(b, s)));
  ck_assert_uint_eq(ndg_sum_tasks(b, s), ndg_sum_tasks(b, spread));
}
END_TEST

/* A network's gradient: functions of outputs already there, one product over tasks per weight, and
   one concatenation for the parameter vector. */
START_TEST(gradients_share_what_exists) {
  ndg_error e = {0};
  const ndg_node phi = ndg_graph_input(g, NDG_REAL, true, 0, NDG_VECTOR(8));
  const ndg_node theta = ndg_graph_input(g, NDG_REAL, false, 0, NDG_MATRIX(3, 2));
  const ndg_node h =
      ndg_tanh(b, ndg_add(b, ndg_matmul(b, x, theta, 0, 0), ndg_slice(b, phi, 0, 0, 2)));
  const ndg_node w = ndg_reshape(b, ndg_slice(b, phi, 0, 2, 6), NDG_MATRIX(2, 3));
  const ndg_node out = ndg_sigmoid(b, ndg_matmul(b, h, w, 0, 0));
  const ndg_node loss = ndg_add(b, ndg_mean(b, ndg_exp(b, out)), ndg_sum(b, ndg_square(b, phi)));
  const ndg_node at[2] = {phi, theta};
  ndg_node bar[2];
  ck_assert(ndg_graph_vjp(g, 1, &loss, NULL, 2, at, 0, bar, &e) == NDG_OK);
  ck_assert_uint_eq(count_op(NDG_OP_TANH), 1);
  ck_assert_uint_eq(count_op(NDG_OP_SIGMOID), 1);
  ck_assert_uint_eq(count_op(NDG_OP_EXP), 1);
  const ndg_graph_node *n = get(bar[1]);
  ck_assert_uint_eq(n->op, NDG_OP_SUM_TASKS);
  ck_assert_uint_eq(get(n->in[0])->op, NDG_OP_MATMUL);
  n = get(bar[0]);
  ck_assert_uint_eq(n->op, NDG_OP_ADD);
  ck_assert_uint_eq(get(n->in[0])->op == NDG_OP_CONCAT || get(n->in[1])->op == NDG_OP_CONCAT, 1);
  /* The same transform again builds nothing. */
  const uint32_t before = ndg_graph_node_count(g);
  ck_assert(ndg_graph_vjp(g, 1, &loss, NULL, 2, at, 0, bar, &e) == NDG_OK);
  ck_assert_uint_eq(ndg_graph_node_count(g), before);
}
END_TEST

START_TEST(derivatives_of_nothing_are_zero) {
  ndg_error e = {0};
  const ndg_node z = ndg_exp(b, y), at[2] = {x, s};
  ndg_node bar[2], dot;
  ck_assert(ndg_graph_vjp(g, 1, &z, NULL, 2, at, 0, bar, &e) == NDG_OK);
  ck_assert(get(bar[0])->per_task);
  ck_assert(is_constant(get(bar[0])->in[0], 0, NDG_MATRIX(2, 3)));
  ck_assert(is_constant(bar[1], 0, NDG_MATRIX(2, 3)));
  ck_assert(ndg_graph_jvp(g, 1, &x, &y, 1, &z, &dot, &e) == NDG_OK);
  ck_assert(is_constant(get(dot)->in[0], 0, NDG_MATRIX(2, 3)));
  /* A derivative is of the node's own kind even where its value is the same for all tasks. */
  const ndg_node sum = ndg_sum(b, x);
  ck_assert(ndg_graph_vjp(g, 1, &sum, NULL, 1, &x, 0, bar, &e) == NDG_OK);
  ck_assert(get(bar[0])->per_task);
  ck_assert(is_constant(get(bar[0])->in[0], 1, NDG_MATRIX(2, 3)));
}
END_TEST

/* x between inputs and y: its adjoint, paths through other x included. */
START_TEST(derivatives_at_inner_nodes) {
  ndg_error e = {0};
  const ndg_node h = ndg_exp(b, x), z = ndg_mul(b, h, y), at[3] = {h, x, y};
  ndg_node bar[3];
  ck_assert(ndg_graph_vjp(g, 1, &z, NULL, 3, at, 0, bar, &e) == NDG_OK);
  ck_assert_uint_eq(bar[0], y);
  ck_assert_uint_eq(bar[1], z);
  ck_assert_uint_eq(bar[2], h);
  const ndg_node self[1] = {x};
  ck_assert(ndg_graph_vjp(g, 1, self, &y, 1, self, 0, bar, &e) == NDG_OK);
  ck_assert_uint_eq(bar[0], y);
}
END_TEST

START_TEST(first_non_analytic_operation) {
  const ndg_node data = ndg_graph_input(g, NDG_REAL, true, NDG_INPUT_DATA, NDG_MATRIX(2, 3));
  const ndg_node fine = ndg_mul(b, ndg_relu(b, data), x), bad = ndg_exp(b, ndg_relu(b, fine));
  ck_assert_uint_eq(ndg_graph_first_non_analytic(g, 1, &fine), NDG_NO_NODE);
  ck_assert_uint_eq(ndg_graph_first_non_analytic(g, 1, &bad), ndg_relu(b, fine));
  const ndg_node both[2] = {fine, bad};
  ck_assert_uint_eq(ndg_graph_first_non_analytic(g, 2, both), ndg_relu(b, fine));
}
END_TEST

START_TEST(operation_names) {
  ck_assert_str_eq(ndg_graph_op_name(NDG_OP_LOG_SUM_EXP), "log_sum_exp");
  ck_assert_ptr_null(ndg_graph_op_name(0));
  ck_assert_ptr_null(ndg_graph_op_name(30));
  ck_assert_ptr_null(ndg_graph_op_name(UINT32_MAX));
  ck_assert(ndg_graph_op_analytic(NDG_OP_TANH));
  ck_assert(!ndg_graph_op_analytic(NDG_OP_RELU));
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      equal_expressions_are_one_node,
      many_nodes_stay_distinct,
      neutral_constants_vanish,
      signs_and_factors_collect,
      constants_fold_when_exact,
      moves_collapse,
      pieces_join,
      sums_simplify,
      transposes_fold_into_products,
      operands_broadcast,
      shared_and_per_task,
      gradients_share_what_exists,
      derivatives_of_nothing_are_zero,
      derivatives_at_inner_nodes,
      first_non_analytic_operation,
      operation_names,
  };
  Suite *suite = suite_create("building");
  TCase *c = tcase_create("building");
  tcase_add_checked_fixture(c, setup, teardown);
  for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
    tcase_add_test(c, tests[i]);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
