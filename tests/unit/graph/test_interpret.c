/* SPDX-License-Identifier: MIT */
/* The reference evaluator against values that follow by algebra. */
#include <check.h>
#include <complex.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "graph/graph.h"

static ndg_graph *g;
static ndg_builder builder;
static const ndg_builder *b = &builder;

static void setup(void) {
  ndg_error e = {0};
  ck_assert(ndg_graph_create(&g, &e) == NDG_OK);
  builder = ndg_graph_builder(g);
}

static void teardown(void) {
  ndg_graph_destroy(g);
}

static void run(uint64_t n_tasks, const void *const *inputs, ndg_node y, double *out) {
  ndg_error e = {0};
  void *output = out;
  const ndg_status st = ndg_graph_interpret(g, NDG_F64, n_tasks, inputs, 1, &y, &output, NULL, &e);
  ck_assert_msg(st == NDG_OK, "%s", e.text);
}

static void check_values(const double *got, uint64_t n, const double *wanted) {
  for (uint64_t i = 0; i < n; i++)
    ck_assert_msg(got[i] == wanted[i], "element %llu is %g, not %g", (unsigned long long)i, got[i],
                  wanted[i]);
}

START_TEST(products) {
  static const double a[6] = {1, 2, 3, 4, 5, 6}, c[6] = {7, 8, 9, 10, 11, 12};
  static const double ac[4] = {58, 64, 139, 154};                    /* [2,3] x [3,2] */
  static const double act[4] = {50, 68, 122, 167};                   /* [2,3] x [2,3] transposed */
  static const double atc[9] = {47, 52, 57, 64, 71, 78, 81, 90, 99}; /* transposed x [2,3] */
  const ndg_node x = ndg_graph_input(g, NDG_REAL, true, 0, NDG_MATRIX(2, 3));
  const ndg_node y = ndg_graph_input(g, NDG_REAL, false, 0, NDG_MATRIX(3, 2));
  const ndg_node z = ndg_reshape(b, y, NDG_MATRIX(2, 3));
  const void *inputs[2] = {a, c};
  double out[9];
  run(1, inputs, ndg_matmul(b, x, y, 0, 0), out);
  check_values(out, 4, ac);
  run(1, inputs, ndg_matmul(b, x, z, 0, 1), out);
  check_values(out, 4, act);
  run(1, inputs, ndg_matmul(b, x, z, 1, 0), out);
  check_values(out, 9, atc);
}
END_TEST

START_TEST(moves) {
  double a[24], out[64];
  for (int i = 0; i < 24; i++)
    a[i] = i;
  const void *inputs[1] = {a};
  const ndg_node x = ndg_graph_input(g, NDG_REAL, false, 0, ndg_shape_of(3, 2, 3, 4, 1));
  ndg_node y = ndg_attributed(b, NDG_OP_TRANSPOSE, 1, &x, 2, 0, 1);
  run(1, inputs, y, out);
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 2; j++)
      for (int k = 0; k < 3; k++)
        ck_assert(out[(i * 2 + j) * 3 + k] == (j * 3 + k) * 4 + i);
  y = ndg_slice(b, x, 1, 1, 2);
  run(1, inputs, y, out);
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 8; j++)
      ck_assert(out[i * 8 + j] == i * 12 + 4 + j);
  y = ndg_attributed(b, NDG_OP_PAD, 1, &x, 2, 1, 2);
  run(1, inputs, y, out);
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 7; j++)
      ck_assert(out[i * 7 + j] == (j >= 1 && j < 5 ? i * 4 + j - 1 : 0));
  const ndg_node two[2] = {ndg_slice(b, x, 2, 2, 2), ndg_slice(b, x, 2, 0, 1)};
  run(1, inputs, ndg_concat(b, 2, two, 2), out);
  for (int i = 0; i < 6; i++)
    ck_assert(out[3 * i] == 4 * i + 2 && out[3 * i + 1] == 4 * i + 3 && out[3 * i + 2] == 4 * i);
  run(1, inputs, ndg_sum_axes(b, x, 5), out);
  for (int j = 0; j < 3; j++)
    ck_assert(out[j] == 8 * (4 * j + 1.5) + 48);
  y = ndg_broadcast(b, ndg_slice(b, x, 2, 0, 1), ndg_shape_of(4, 2, 2, 3, 2));
  run(1, inputs, y, out);
  for (int i = 0; i < 24; i++)
    ck_assert(out[i] == i / 2 % 6 * 4);
}
END_TEST

START_TEST(indices) {
  static const double a[6] = {1, 2, 3, 4, 5, 6};
  static const int32_t at[6] = {2, 0, 2, 1, 1, 1}; /* two tasks of three */
  static const double gathered[12] = {5, 6, 1, 2, 5, 6, 3, 4, 3, 4, 3, 4};
  static const double scattered[12] = {3, 4, 0, 0, 6, 8, 0, 0, 9, 12, 0, 0};
  static const double picked[6] = {3, 4, 9, 2, 5, 8};
  static const double placed[18] = {0, 0, 1, 4, 0, 0, 0, 0, 7, 0, 1, 0, 0, 4, 0, 0, 7, 0};
  static const double m[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const void *inputs[3] = {a, at, m};
  const ndg_node x = ndg_graph_input(g, NDG_REAL, false, 0, NDG_MATRIX(3, 2));
  const ndg_node index = ndg_graph_input(g, NDG_INDEX, true, 0, NDG_VECTOR(3));
  const ndg_node square = ndg_graph_input(g, NDG_REAL, false, 0, NDG_MATRIX(3, 3));
  const ndg_node in[2] = {x, index};
  double out[18];
  run(2, inputs, ndg_gather(b, x, index), out);
  check_values(out, 12, gathered);
  run(2, inputs, ndg_attributed(b, NDG_OP_SCATTER_ADD, 2, in, 3, 0, 0), out);
  check_values(out, 12, scattered);
  run(2, inputs, ndg_pick(b, square, index), out);
  check_values(out, 6, picked);
  const ndg_node column[2] = {ndg_reshape(b, ndg_slice(b, square, 1, 0, 1), NDG_VECTOR(3)), index};
  run(2, inputs, ndg_attributed(b, NDG_OP_PLACE, 2, column, 3, 0, 0), out);
  check_values(out, 18, placed);
}
END_TEST

START_TEST(tasks) {
  static const double a[6] = {1, 2, 3, 4, 5, 6}, c[2] = {10, 20};
  static const double sum[2] = {9, 12}, spread[6] = {10, 20, 10, 20, 10, 20};
  static const double mixed[6] = {11, 22, 13, 24, 15, 26};
  const void *inputs[2] = {a, c};
  const ndg_node x = ndg_graph_input(g, NDG_REAL, true, 0, NDG_VECTOR(2));
  const ndg_node s = ndg_graph_input(g, NDG_REAL, false, 0, NDG_VECTOR(2));
  double out[6];
  run(3, inputs, ndg_sum_tasks(b, x), out);
  check_values(out, 2, sum);
  run(3, inputs, ndg_spread(b, s), out);
  check_values(out, 6, spread);
  run(3, inputs, ndg_add(b, x, s), out);
  check_values(out, 6, mixed);
  run(3, inputs, ndg_sum_tasks(b, s), out);
  ck_assert(out[0] == 30 && out[1] == 60);
}
END_TEST

/* Far out, where the plain formulas overflow or lose everything. */
START_TEST(stable_functions) {
  static const double a[6] = {-800, -40, 0, 40, 800, 1e-20};
  const void *inputs[1] = {a};
  const ndg_node x = ndg_graph_input(g, NDG_REAL, false, 0, NDG_VECTOR(6));
  double out[6];
  run(1, inputs, ndg_sigmoid(b, x), out);
  ck_assert(out[0] == exp(-800) && out[2] == 0.5 && out[4] == 1);
  ck_assert(fabs(out[1] / exp(-40) - 1) < 4 * DBL_EPSILON);
  run(1, inputs, ndg_softplus(b, x), out);
  ck_assert(out[0] == 0 && out[3] == 40 && out[4] == 800);
  ck_assert(fabs(out[1] / exp(-40) - 1) < 4 * DBL_EPSILON);
  ck_assert(fabs(out[2] / log(2) - 1) < 4 * DBL_EPSILON);
  run(1, inputs, ndg_log_sum_exp(b, x), out);
  ck_assert(out[0] == 800);
  run(1, inputs, ndg_log_sum_exp(b, ndg_scale(b, ndg_slice(b, x, 0, 0, 1), 1)), out);
  ck_assert(out[0] == -800);
}
END_TEST

START_TEST(stable_complex_functions) {
  static const double complex a[4] = {800 + 0.5 * I, -800 + 0.5 * I, 1 + 1 * I, -2 - 1 * I};
  const void *inputs[1] = {a};
  const ndg_node x = ndg_graph_input(g, NDG_REAL, false, 0, NDG_VECTOR(4));
  double complex out[4];
  void *output = out;
  ndg_error e = {0};
  const ndg_node y[4] = {ndg_sigmoid(b, x), ndg_softplus(b, x), ndg_log_sum_exp(b, x),
                         ndg_power(b, x, 3)};
  ck_assert(ndg_graph_interpret(g, NDG_C128, 1, inputs, 1, &y[0], &output, NULL, &e) == NDG_OK);
  ck_assert(cabs(out[0] - 1) < 1e-15 && cabs(out[1]) < 1e-300);
  ck_assert(cabs(out[2] - 1 / (1 + cexp(-a[2]))) < 1e-15);
  ck_assert(cabs(out[3] - 1 / (1 + cexp(-a[3]))) < 1e-15);
  ck_assert(ndg_graph_interpret(g, NDG_C128, 1, inputs, 1, &y[1], &output, NULL, &e) == NDG_OK);
  ck_assert(cabs(out[0] - a[0]) < 1e-12 && cabs(out[1]) < 1e-300);
  ck_assert(cabs(out[2] - clog(1 + cexp(a[2]))) < 1e-15);
  ck_assert(cabs(out[3] - clog(1 + cexp(a[3]))) < 1e-15);
  ck_assert(ndg_graph_interpret(g, NDG_C128, 1, inputs, 1, &y[2], &output, NULL, &e) == NDG_OK);
  ck_assert(cabs(out[0] - a[0]) < 1e-12);
  ck_assert(ndg_graph_interpret(g, NDG_C128, 1, inputs, 1, &y[3], &output, NULL, &e) == NDG_OK);
  ck_assert(cabs(out[3] - a[3] * a[3] * a[3]) < 1e-14);
}
END_TEST

START_TEST(nothing_hides_a_nan) {
  const double a[2] = {NAN, 1}, c[2] = {1, NAN};
  const void *inputs[2] = {a, c};
  const ndg_node x = ndg_graph_input(g, NDG_REAL, false, 0, NDG_VECTOR(2));
  const ndg_node y = ndg_graph_input(g, NDG_REAL, false, 0, NDG_VECTOR(2));
  const ndg_node all[] = {ndg_relu(b, x), ndg_abs(b, x), ndg_max(b, x, y), ndg_min(b, x, y),
                          ndg_max(b, y, x)};
  double out[2];
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    run(1, inputs, all[i], out);
    ck_assert(isnan(out[0]));
    ck_assert(i < 2 || isnan(out[1]));
  }
}
END_TEST

START_TEST(first_bad_node) {
  const double a[2] = {-1, 1};
  const void *inputs[1] = {a};
  const ndg_node x = ndg_graph_input(g, NDG_REAL, true, 0, NDG_SCALAR);
  const ndg_node root = ndg_sqrt(b, x), y = ndg_exp(b, root), fine = ndg_exp(b, x);
  double out[2];
  void *output = out;
  ndg_node bad = 77;
  ndg_error e = {0};
  ck_assert(ndg_graph_interpret(g, NDG_F64, 2, inputs, 1, &y, &output, &bad, &e) == NDG_OK);
  ck_assert_uint_eq(bad, root);
  ck_assert(ndg_graph_interpret(g, NDG_F64, 2, inputs, 1, &fine, &output, &bad, &e) == NDG_OK);
  ck_assert_uint_eq(bad, NDG_NO_NODE);
}
END_TEST

static void fails(ndg_dtype dtype, uint64_t n_tasks, const void *const *inputs, ndg_node y,
                  const char *text) {
  double out[16];
  void *output = out;
  ndg_error e = {0};
  ck_assert(ndg_graph_interpret(g, dtype, n_tasks, inputs, 1, &y, &output, NULL, &e) == NDG_EINVAL);
  ck_assert_str_eq(e.text, text);
}

START_TEST(bad_requests) {
  static const double a[4] = {1, 2, 3, 4};
  static const int32_t wrong[4] = {0, 1, 0, 2};
  const void *inputs[2] = {a, wrong}, *unbound[2] = {a, NULL};
  const ndg_node x = ndg_graph_input(g, NDG_REAL, false, 0, NDG_MATRIX(2, 2));
  const ndg_node index = ndg_graph_input(g, NDG_INDEX, true, 0, NDG_VECTOR(2));
  const ndg_node y = ndg_pick(b, x, index);
  fails(NDG_F64, 2, inputs, y, "pick: index 2 at place 1 of task 1 is not below 2");
  fails(NDG_F64, 2, unbound, y, "interpret: input 1 is needed and not bound");
  fails(NDG_F64, 0, inputs, y, "interpret: there must be at least one task");
  fails(NDG_I32, 1, inputs, y, "interpret: 4 is not a real or complex element type");
  fails(NDG_F64, 1, inputs, 999, "interpret: output 0 (999) is not a real node of this graph");
  fails(NDG_F64, 1, inputs, index, "interpret: output 0 (2) is not a real node of this graph");
  /* An input that the output does not need may stay unbound. */
  double out[4];
  run(1, unbound, ndg_exp(b, x), out);
}
END_TEST

/* An input, a constant and one node twice can be outputs. */
START_TEST(any_outputs) {
  static const double a[2] = {3, 4};
  const void *inputs[1] = {a};
  const ndg_node x = ndg_graph_input(g, NDG_REAL, true, 0, NDG_SCALAR);
  const ndg_node square = ndg_square(b, x), y[4] = {x, ndg_constant(b, 7), square, square};
  double out[4][2];
  void *const outputs[4] = {out[0], out[1], out[2], out[3]};
  ndg_error e = {0};
  ck_assert(ndg_graph_interpret(g, NDG_F64, 2, inputs, 4, y, outputs, NULL, &e) == NDG_OK);
  ck_assert(out[0][1] == 4 && out[1][0] == 7 && out[2][0] == 9 && out[3][1] == 16);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      products,
      moves,
      indices,
      tasks,
      stable_functions,
      stable_complex_functions,
      nothing_hides_a_nan,
      first_bad_node,
      bad_requests,
      any_outputs,
  };
  Suite *suite = suite_create("interpreter");
  TCase *c = tcase_create("interpreter");
  tcase_add_checked_fixture(c, setup, teardown);
  for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
    tcase_add_test(c, tests[i]);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
