/* SPDX-License-Identifier: MIT */
/* What goes wrong: each mistake has its message, the first one sticks, and no allocation failure
   does more than report itself. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "base/memory.h"
#include "graph/graph.h"

static ndg_graph *g;
static ndg_builder builder;
static const ndg_builder *b = &builder;
static ndg_node x, v, shared, labels;

static void setup(void) {
  ndg_error e = {0};
  ck_assert(ndg_graph_create(&g, &e) == NDG_OK);
  builder = ndg_graph_builder(g);
  x = ndg_graph_input(g, NDG_REAL, true, 0, NDG_MATRIX(2, 3));
  v = ndg_graph_input(g, NDG_REAL, true, 0, NDG_VECTOR(4));
  shared = ndg_graph_input(g, NDG_REAL, false, 0, NDG_MATRIX(2, 3));
  labels = ndg_graph_input(g, NDG_INDEX, true, 0, NDG_VECTOR(4));
}

static void teardown(void) {
  ndg_graph_destroy(g);
}

/* The operation failed with exactly this message, once, and the graph goes on. */
static void refused(ndg_node result, const char *text) {
  ndg_error e = {0};
  ck_assert_uint_eq(result, NDG_NO_NODE);
  ck_assert(ndg_graph_status(g, &e) == NDG_EINVAL);
  ck_assert_str_eq(e.text, text);
  ck_assert(ndg_graph_status(g, &e) == NDG_OK);
  ck_assert_uint_ne(ndg_exp(b, x), NDG_NO_NODE);
}

static ndg_node apply(uint32_t op, uint32_t n, ndg_node a, ndg_node c, int64_t i0, int64_t i1,
                      int64_t i2) {
  const ndg_node in[3] = {a, c, c};
  return ndg_attributed(b, op, n, in, i0, i1, i2);
}

START_TEST(operands) {
  refused(apply(999, 1, x, 0, 0, 0, 0), "unknown operation 999 cannot be applied");
  refused(apply(NDG_OP_INPUT, 0, 0, 0, 0, 0, 0), "leaf operation 1 cannot be applied");
  refused(apply(NDG_OP_ADD, 3, x, x, 0, 0, 0), "add: 3 operands given, 2 needed");
  refused(apply(NDG_OP_CONCAT, 0, x, x, 0, 0, 0), "concat: 0 operands given, 1 or more needed");
  refused(b->api->apply(g, NDG_OP_EXP, 1, NULL, NULL, NULL), "exp: 1 operands given, 1 needed");
  refused(ndg_add(b, x, NDG_NO_NODE), "add: operand 2 (0) is not a node of this graph");
  refused(ndg_exp(b, 12345), "exp: operand 1 (12345) is not a node of this graph");
  refused(ndg_exp(b, labels),
          "exp: operand 1 must be real, not an index; only gather, scatter_add, "
          "pick and place take indices");
  refused(ndg_gather(b, x, v), "gather: operand 2 must be an index input, not real");
}
END_TEST

START_TEST(shapes) {
  refused(ndg_add(b, x, v), "add: shapes [2,3] and [4] do not broadcast: lengths 3 and 4 of axis 1 "
                            "differ and neither is 1");
  refused(ndg_matmul(b, x, x, 0, 0), "matmul: [2,3] x [2,3]: inner lengths 3 and 2 differ");
  refused(ndg_matmul(b, x, ndg_reshape(b, v, NDG_MATRIX(2, 2)), 0, 1),
          "matmul: [2,3] x [2,2] transposed: inner lengths 3 and 2 differ");
  refused(ndg_matmul(b, x, v, 0, 0), "matmul: operand 2 has shape [4], 2 axes needed");
  refused(ndg_reshape(b, x, NDG_VECTOR(5)), "reshape: [2,3] has 6 elements, the target [5] has 5");
  refused(b->api->apply(g, NDG_OP_RESHAPE, 1, &x, NULL, NULL), "reshape: no target shape given");
  refused(ndg_broadcast(b, x, NDG_MATRIX(3, 3)), "broadcast: [2,3] cannot be stretched to [3,3]");
  refused(apply(NDG_OP_TRANSPOSE, 1, x, 0, 1, 1, 0),
          "transpose: 1 in place 1 is no permutation of 2 axes");
  const ndg_node parts[2] = {x, ndg_reshape(b, v, NDG_MATRIX(1, 4))};
  refused(ndg_concat(b, 2, parts, 0), "concat: shapes [2,3] and [1,4] differ in more than axis 0");
  refused(ndg_concat(b, 2, parts, 7), "concat: there is no axis 7 in shape [2,3]");
  refused(ndg_constant(b, NAN), "constant: the value is not a number");
  ndg_shape empty = NDG_VECTOR(0);
  refused(b->api->constant(g, 1, &empty), "constant: shape [0] has length 0 in axis 0");
  refused(ndg_graph_input(g, NDG_REAL, true, 0, NDG_MATRIX(1u << 30, 1u << 30)),
          "input: shape [1073741824,1073741824] has more than 2^48 elements");
  refused(ndg_graph_input(g, 5, true, 0, NDG_SCALAR), "input 4: unknown kind 5");
}
END_TEST

START_TEST(attributes) {
  refused(ndg_slice(b, x, 1, 2, 2), "slice: 2 elements from 2 of axis 1, which has length 3");
  refused(ndg_slice(b, x, 1, -1, 2), "slice: 2 elements from -1 of axis 1, which has length 3");
  refused(ndg_slice(b, x, 1, INT64_MAX, INT64_MAX),
          "slice: 9223372036854775807 elements from 9223372036854775807 of axis 1, which has "
          "length 3");
  refused(ndg_slice(b, x, -1, 0, 1), "slice: there is no axis -1 in shape [2,3]");
  refused(apply(NDG_OP_PAD, 1, x, 0, 0, -1, 0), "pad: -1 before and 0 after, 0 to 2^48 possible");
  refused(ndg_sum_axes(b, x, 4), "sum: axes in bit mask 4 do not all exist in shape [2,3]");
  refused(ndg_sum_axes(b, x, -1), "sum: axes in bit mask -1 do not all exist in shape [2,3]");
  refused(ndg_power(b, x, INFINITY), "power: the exponent is inf, it must be finite");
  refused(ndg_log_sum_exp(b, ndg_sum(b, x)),
          "log_sum_exp: the operand is a scalar and has no last axis");
  refused(ndg_pick(b, x, labels), "pick: 2 rows but 4 indices");
  refused(ndg_pick(b, v, labels), "pick: operand 1 has shape [4], 2 axes needed");
  refused(ndg_gather(b, ndg_sum(b, x), labels), "gather: operand 1 is a scalar and has no rows");
  refused(apply(NDG_OP_PLACE, 2, v, labels, 0, 0, 0), "place: length 0, 1 to 2^31-1 possible");
  refused(apply(NDG_OP_SCATTER_ADD, 2, v, labels, -3, 0, 0),
          "scatter_add: length -3, 1 to 2^31-1 possible");
  refused((b->api->fail)(g, "my learner needs two classes"), "my learner needs two classes");
}
END_TEST

START_TEST(the_first_error_sticks) {
  const ndg_node bad = ndg_add(b, x, v);
  ck_assert_uint_eq(ndg_tanh(b, ndg_matmul(b, bad, ndg_sum(b, bad), 0, 0)), NDG_NO_NODE);
  ck_assert_uint_eq(b->api->shape(g, bad).n_dims, 0);
  ck_assert_uint_eq(ndg_shape_size(&(ndg_shape){0}), 0);
  (void)ndg_slice(b, x, 9, 9, 9);
  refused(ndg_exp(b, bad), "add: shapes [2,3] and [4] do not broadcast: lengths 3 and 4 of axis 1 "
                           "differ and neither is 1");
}
END_TEST

static void no_derivative(ndg_status st, const ndg_error *e, const char *text) {
  ck_assert(st == NDG_EINVAL);
  ck_assert_str_eq(e->text, text);
}

START_TEST(derivatives) {
  ndg_error e = {0};
  const ndg_node y = ndg_sum(b, x), none = NDG_NO_NODE, total = ndg_sum_tasks(b, y);
  ndg_node out;
  no_derivative(ndg_graph_vjp(g, 1, &none, NULL, 1, &x, 0, &out, &e), &e,
                "derivative: y 0 (0) is not a node of this graph");
  no_derivative(ndg_graph_vjp(g, 1, &y, NULL, 1, &labels, 0, &out, &e), &e,
                "derivative: x 0 (node 4) is an index, not real");
  no_derivative(ndg_graph_vjp(g, 1, &y, &x, 1, &x, 0, &out, &e), &e,
                "derivative: seed 0 has shape [2,3], its node has []");
  no_derivative(ndg_graph_vjp(g, 1, &total, &y, 1, &x, 0, &out, &e), &e,
                "derivative: seed 0 is per task but its node is shared");
  no_derivative(ndg_graph_vjp(g, 1, &total, NULL, 1, &x, NDG_DERIVATIVE_PER_TASK, &out, &e), &e,
                "derivative: y 0 is shared, a derivative per task needs a value per task (spread "
                "it)");
  no_derivative(ndg_graph_vjp(g, 1, NULL, NULL, 1, &x, 0, &out, &e), &e,
                "derivative: no list of y given");
  no_derivative(ndg_graph_jvp(g, 1, &x, &v, 1, &y, &out, &e), &e,
                "derivative: tangent 0 has shape [4], its node has [2,3]");
  no_derivative(ndg_graph_jvp(g, 1, &x, &none, 1, &y, &out, &e), &e,
                "derivative: tangent 0 (0) is not a node of this graph");
  /* An error of the build comes first, and is not lost. */
  (void)ndg_matmul(b, x, x, 0, 0);
  no_derivative(ndg_graph_vjp(g, 1, &none, NULL, 1, &x, 0, &out, &e), &e,
                "matmul: [2,3] x [2,3]: inner lengths 3 and 2 differ");
  ck_assert(ndg_graph_vjp(g, 1, &y, NULL, 1, &x, 0, &out, &e) == NDG_OK);
}
END_TEST

START_TEST(long_messages_are_cut) {
  char text[2000];
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  ndg_error e = {0};
  (void)(b->api->fail)(g, text);
  ck_assert(ndg_graph_status(g, &e) == NDG_EINVAL);
  ck_assert_uint_eq(strlen(e.text), sizeof e.text - 1);
}
END_TEST

/* A learner's graph, its gradient, a Hessian-vector product and a run, in one go. */
static ndg_status everything(ndg_error *e) {
  ndg_graph *graph = NULL;
  ndg_status st = ndg_graph_create(&graph, e);
  if (st < 0)
    return st;
  const ndg_builder build = ndg_graph_builder(graph), *c = &build;
  const ndg_node phi = ndg_graph_input(graph, NDG_REAL, true, 0, NDG_VECTOR(40));
  const ndg_node theta = ndg_graph_input(graph, NDG_REAL, false, 0, NDG_VECTOR(40));
  const ndg_node index = ndg_graph_input(graph, NDG_INDEX, true, 0, NDG_VECTOR(4));
  const ndg_node direction = ndg_graph_input(graph, NDG_REAL, true, 0, NDG_VECTOR(40));
  ndg_node h = ndg_constant(c, 1), part[10];
  for (int64_t k = 0; k < 10; k++) {
    part[k] = ndg_tanh(c, ndg_slice(c, phi, 0, 4 * k, 4));
    h = ndg_add(c, ndg_mul(c, h, part[k]), ndg_slice(c, theta, 0, 4 * k, 4));
  }
  const ndg_node all = ndg_concat(c, 10, part, 0);
  const ndg_node m = ndg_matmul(c, ndg_reshape(c, all, NDG_MATRIX(4, 10)),
                                ndg_reshape(c, theta, NDG_MATRIX(10, 4)), 0, 0);
  const ndg_node losses =
      ndg_sub(c, ndg_reshape(c, ndg_log_sum_exp(c, m), NDG_VECTOR(4)), ndg_pick(c, m, index));
  const ndg_node loss = ndg_add(c, ndg_sum(c, ndg_mul(c, losses, h)), ndg_mean(c, all));
  const ndg_node at[2] = {phi, theta};
  ndg_node bar[2], hv;
  double value[80] = {0};
  const int32_t indices[8] = {0, 1, 2, 3, 3, 2, 1, 0};
  const void *inputs[4] = {value, value, indices, value};
  double result[80];
  void *output = result;
  st = ndg_graph_vjp(graph, 1, &loss, NULL, 2, at, 0, bar, e);
  if (st == NDG_OK)
    st = ndg_graph_jvp(graph, 1, &phi, &direction, 1, bar, &hv, e);
  if (st == NDG_OK)
    st = ndg_graph_interpret(graph, NDG_F64, 2, inputs, 1, &hv, &output, NULL, e);
  ndg_graph_destroy(graph);
  return st;
}

START_TEST(every_allocation_may_fail) {
  const uint64_t before = ndg_allocation_count();
  ndg_error e = {0};
  ck_assert_msg(everything(&e) == NDG_OK, "%s", e.text);
  const uint64_t n = ndg_allocation_count() - before;
  ck_assert_uint_gt(n, 100);
  for (uint64_t k = 0; k < n; k++) {
    memset(&e, 0, sizeof e);
    ndg_fail_allocations_after(k);
    const ndg_status st = everything(&e);
    ndg_fail_allocations_after(UINT64_MAX);
    ck_assert_msg(st == NDG_ENOMEM, "allocation %llu: %d, %s", (unsigned long long)k, st, e.text);
    ck_assert_uint_gt(strlen(e.text), 0);
  }
  ck_assert(everything(&e) == NDG_OK);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      operands,
      shapes,
      attributes,
      the_first_error_sticks,
      derivatives,
      long_messages_are_cut,
      every_allocation_may_fail,
  };
  Suite *suite = suite_create("errors");
  TCase *c = tcase_create("errors");
  tcase_set_timeout(c, 60);
  tcase_add_checked_fixture(c, setup, teardown);
  for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
    tcase_add_test(c, tests[i]);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
