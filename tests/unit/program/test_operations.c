/* SPDX-License-Identifier: MIT */
/* Every operation, form of broadcast, way of storing and mixture of shared and per-task operands:
   compiled against interpreted, in every element type. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "compiled.h"

enum { MAX_CASES = 64 };

/* A graph with many outputs, one per thing to try. */
typedef struct bed {
  ndg_graph *graph;
  ndg_builder b;
  ndg_node out[MAX_CASES];
  uint32_t n_out;
} bed;

static void begin(bed *t) {
  ndg_error e = {0};
  memset(t, 0, sizeof *t);
  ck_assert(ndg_graph_create(&t->graph, &e) == NDG_OK);
  t->b = ndg_graph_builder(t->graph);
}

static ndg_node input(bed *t, bool per_task, uint32_t flags, ndg_shape s) {
  return ndg_graph_input(t->graph, NDG_REAL, per_task, flags, s);
}

static void keep(bed *t, ndg_node n) {
  ck_assert(n != NDG_NO_NODE && t->n_out < COMPILED_MAX_OUTPUTS);
  t->out[t->n_out++] = n;
}

/* Compares all outputs at once and one by one (different chains form), for one and three tasks. */
static void check(bed *t, bool analytic, double low, double high) {
  ndg_error e = {0};
  ndg_rng rng = ndg_rng_root(3);
  ck_assert_msg(ndg_graph_status(t->graph, &e) == NDG_OK, "%s", e.text);
  for (uint64_t n_tasks = 1; n_tasks <= 3; n_tasks += 2)
    for (ndg_dtype dtype = NDG_F32; dtype <= (analytic ? NDG_C128 : NDG_LONG_DOUBLE); dtype++) {
      sample s;
      sample_begin(&s, t->graph, n_tasks);
      for (uint32_t i = 0; i < ndg_graph_input_count(t->graph); i++) {
        const ndg_graph_node *n = ndg_graph_get(t->graph, sample_input_node(t->graph, i));
        const bool data = n->attr.i[1] & NDG_INPUT_DATA;
        if (n->kind == NDG_INDEX)
          sample_fill_index(&s, i, 4, &rng);
        else
          sample_fill(&s, i, low, high, dtype == NDG_C128 && !data ? 0.25 : 0, &rng);
      }
      const long double tolerance = dtype == NDG_F32 ? 1e-5L : compiled_tolerance(dtype);
      compiled_check(&s, dtype, t->n_out, t->out, 0, NULL, tolerance, "together");
      compiled_check(&s, dtype, t->n_out, t->out, 3, NULL, tolerance, "together, with gaps");
      for (uint32_t j = 0; j < t->n_out; j++)
        compiled_check(&s, dtype, 1, &t->out[j], 0, NULL, tolerance, "alone");
      sample_end(&s);
    }
  ndg_graph_destroy(t->graph);
}

START_TEST(unary_operations) {
  bed t;
  begin(&t);
  const ndg_node x = input(&t, true, 0, NDG_MATRIX(7, 5)),
                 d = input(&t, true, NDG_INPUT_DATA, NDG_VECTOR(1100));
  for (uint32_t op = NDG_OP_NEG; op <= NDG_OP_COS; op++) {
    keep(&t, ndg_unary(&t.b, op, x));
    keep(&t, ndg_unary(&t.b, op, d));
  }
  keep(&t, ndg_power(&t.b, x, 3));
  keep(&t, ndg_power(&t.b, x, -0.7));
  keep(&t, ndg_tanh(&t.b, ndg_stop_gradient(&t.b, ndg_square(&t.b, x))));
  check(&t, true, 0.25, 2);
}
END_TEST

START_TEST(non_analytic_operations) {
  bed t;
  begin(&t);
  const ndg_node x = input(&t, true, 0, NDG_MATRIX(7, 5)), y = input(&t, false, 0, NDG_VECTOR(5));
  keep(&t, ndg_step(&t.b, x));
  keep(&t, ndg_relu(&t.b, x));
  keep(&t, ndg_abs(&t.b, x));
  keep(&t, ndg_sign(&t.b, x));
  keep(&t, ndg_max(&t.b, x, y));
  keep(&t, ndg_min(&t.b, x, y));
  keep(&t, ndg_greater(&t.b, x, y));
  keep(&t, ndg_select(&t.b, ndg_step(&t.b, x), y, ndg_exp(&t.b, x)));
  check(&t, false, -1, 1);
}
END_TEST

/* Scalars, rows, columns, blocks and transposes, shared and per task, real and complex. */
START_TEST(broadcasts) {
  bed t;
  begin(&t);
  const ndg_shape shapes[] = {NDG_SCALAR,
                              NDG_VECTOR(6),
                              NDG_MATRIX(4, 1),
                              NDG_MATRIX(4, 6),
                              ndg_shape_of(3, 5, 1, 1, 1),
                              ndg_shape_of(3, 5, 4, 6, 1)};
  ndg_node x[12];
  for (uint32_t i = 0; i < 12; i++)
    x[i] = input(&t, i % 2, i % 3 ? 0 : NDG_INPUT_DATA, shapes[i / 2]);
  const uint32_t ops[] = {NDG_OP_ADD, NDG_OP_SUB, NDG_OP_MUL, NDG_OP_DIV};
  for (uint32_t i = 0; i < 12; i++)
    for (uint32_t j = 0; j < 4; j++)
      if (t.n_out < COMPILED_MAX_OUTPUTS - 2)
        keep(&t, ndg_binary(&t.b, ops[(i + j) % 4], x[i], x[(5 * i + 3 * j + 1) % 12]));
  const ndg_node turned = ndg_attributed(&t.b, NDG_OP_TRANSPOSE, 1, &x[11], 2, 0, 1);
  keep(&t, ndg_mul(&t.b, turned, ndg_tanh(&t.b, turned)));
  keep(&t, ndg_reshape(&t.b, turned, NDG_VECTOR(120)));
  check(&t, true, 0.5, 1.5);
}
END_TEST

START_TEST(products) {
  bed t;
  begin(&t);
  for (uint32_t kind = 0; kind < 16; kind++) {
    const bool a_transposed = kind & 1, b_transposed = kind & 2;
    const ndg_node a = input(&t, kind & 4, kind % 3 ? 0 : NDG_INPUT_DATA,
                             a_transposed ? NDG_MATRIX(3, 5) : NDG_MATRIX(5, 3));
    const ndg_node b = input(&t, kind & 8, kind % 5 ? 0 : NDG_INPUT_DATA,
                             b_transposed ? NDG_MATRIX(7, 3) : NDG_MATRIX(3, 7));
    const ndg_node c = ndg_matmul(&t.b, a, b, a_transposed, b_transposed);
    keep(&t, c);
    if (kind & 12) {
      keep(&t, ndg_sum_tasks(&t.b,
                             ndg_matmul(&t.b, ndg_square(&t.b, a), b, a_transposed, b_transposed)));
      keep(&t, ndg_sum_tasks(&t.b, c));
    }
  }
  check(&t, true, -1, 1);
}
END_TEST

/* Operands of products that lie in memory in other ways. */
START_TEST(products_of_views) {
  bed t;
  begin(&t);
  const ndg_node a = input(&t, true, 0, NDG_MATRIX(6, 8)), v = input(&t, false, 0, NDG_VECTOR(4));
  const ndg_node part = ndg_slice(&t.b, a, 1, 2, 4), rows = ndg_slice(&t.b, a, 0, 1, 4);
  const ndg_node turned = ndg_attributed(&t.b, NDG_OP_TRANSPOSE, 1, &part, 1, 0, 0);
  const ndg_node stretched = ndg_broadcast(&t.b, v, NDG_MATRIX(6, 4));
  const ndg_shape square = NDG_MATRIX(4, 4);
  const ndg_node twos = t.b.api->constant(t.graph, 2, &square);
  keep(&t, ndg_matmul(&t.b, part, rows, 0, 0));
  keep(&t, ndg_matmul(&t.b, turned, part, 0, 0));
  keep(&t, ndg_matmul(&t.b, stretched, rows, 0, 0));
  keep(&t, ndg_matmul(&t.b, part, twos, 0, 0));
  keep(&t, ndg_matmul(&t.b, ndg_reshape(&t.b, v, NDG_MATRIX(1, 4)), rows, 0, 0));
  keep(&t, ndg_matmul(&t.b, rows, ndg_reshape(&t.b, v, NDG_MATRIX(4, 1)), 1, 0));
  keep(&t, ndg_matmul(&t.b, ndg_reshape(&t.b, v, NDG_MATRIX(4, 1)),
                      ndg_reshape(&t.b, v, NDG_MATRIX(1, 4)), 0, 0));
  check(&t, true, -1, 1);
}
END_TEST

START_TEST(shapes_and_indices) {
  bed t;
  begin(&t);
  const ndg_node x = input(&t, true, 0, NDG_MATRIX(5, 4)),
                 y = input(&t, false, 0, NDG_MATRIX(5, 3));
  const ndg_node d = input(&t, true, NDG_INPUT_DATA, NDG_MATRIX(5, 2));
  const ndg_node i = ndg_graph_input(t.graph, NDG_INDEX, true, 0, NDG_VECTOR(5));
  const ndg_node shared = ndg_graph_input(t.graph, NDG_INDEX, false, 0, NDG_VECTOR(5));
  const ndg_node turned = ndg_attributed(&t.b, NDG_OP_TRANSPOSE, 1, &x, 1, 0, 0);
  const ndg_node wide_parts[] = {x, y, d}, tall[] = {turned, turned};
  keep(&t, ndg_concat(&t.b, 3, wide_parts, 1));
  keep(&t, ndg_concat(&t.b, 2, tall, 0));
  keep(&t, ndg_tanh(&t.b, ndg_concat(&t.b, 2, tall, 1)));
  keep(&t, ndg_attributed(&t.b, NDG_OP_PAD, 1, &x, 0, 1, 2));
  keep(&t, ndg_attributed(&t.b, NDG_OP_PAD, 1, &turned, 1, 3, 1));
  keep(&t, ndg_gather(&t.b, x, i));
  keep(&t, ndg_gather(&t.b, turned, shared));
  keep(&t, ndg_gather(&t.b, y, i));
  const ndg_node scattered[] = {x, i}, shared_scattered[] = {y, shared};
  keep(&t, ndg_attributed(&t.b, NDG_OP_SCATTER_ADD, 2, scattered, 6, 0, 0));
  keep(&t, ndg_attributed(&t.b, NDG_OP_SCATTER_ADD, 2, shared_scattered, 4, 0, 0));
  keep(&t, ndg_pick(&t.b, x, i));
  keep(&t, ndg_pick(&t.b, ndg_exp(&t.b, x), shared));
  const ndg_node column = ndg_pick(&t.b, ndg_square(&t.b, x), i), placed[] = {column, i};
  keep(&t, ndg_attributed(&t.b, NDG_OP_PLACE, 2, placed, 4, 0, 0));
  keep(&t, ndg_slice(&t.b, ndg_slice(&t.b, x, 0, 1, 3), 1, 1, 2));
  keep(&t, ndg_reshape(&t.b, ndg_slice(&t.b, x, 1, 1, 2), NDG_VECTOR(10)));
  keep(&t, ndg_spread(&t.b, y));
  keep(&t, ndg_sum_tasks(&t.b, ndg_spread(&t.b, ndg_square(&t.b, y))));
  keep(&t, ndg_sum_tasks(&t.b, ndg_slice(&t.b, x, 1, 1, 2)));
  keep(&t, x);
  keep(&t, d);
  keep(&t, ndg_constant(&t.b, 2.5));
  check(&t, true, -1, 1);
}
END_TEST

/* Sums over every set of axes, with chains before them, longer and shorter than a tile. */
START_TEST(reductions) {
  bed t;
  begin(&t);
  const ndg_node x = input(&t, true, 0, ndg_shape_of(4, 3, 4, 5, 2));
  const ndg_node y = input(&t, false, 0, NDG_MATRIX(3, 1500));
  const ndg_node z = input(&t, true, 0, NDG_MATRIX(700, 3));
  for (int64_t mask = 1; mask < 16; mask++)
    keep(&t, ndg_sum_axes(&t.b, ndg_square(&t.b, x), mask));
  const ndg_node row = ndg_reshape(&t.b, ndg_slice(&t.b, y, 1, 7, 1), NDG_VECTOR(3));
  for (int64_t mask = 1; mask < 4; mask++) {
    keep(&t, ndg_sum_axes(&t.b, y, mask));
    keep(&t, ndg_sum_axes(&t.b, ndg_mul(&t.b, y, ndg_tanh(&t.b, y)), mask));
    keep(&t, ndg_sum_axes(&t.b, ndg_mul(&t.b, z, row), mask & 1));
    keep(&t, ndg_sum_axes(&t.b, ndg_exp(&t.b, z), mask));
  }
  check(&t, true, -1, 1);
}
END_TEST

START_TEST(log_sum_exps) {
  bed t;
  begin(&t);
  const ndg_node x = input(&t, true, 0, NDG_MATRIX(300, 10));
  const ndg_node y = input(&t, false, NDG_INPUT_DATA, NDG_MATRIX(2, 1300));
  const ndg_node turned = ndg_attributed(&t.b, NDG_OP_TRANSPOSE, 1, &x, 1, 0, 0);
  const ndg_node total = ndg_log_sum_exp(&t.b, x);
  keep(&t, total);
  keep(&t, ndg_exp(&t.b, ndg_sub(&t.b, x, total)));
  keep(&t, ndg_log_sum_exp(&t.b, y));
  keep(&t, ndg_log_sum_exp(&t.b, turned));
  keep(&t, ndg_log_sum_exp(&t.b, ndg_reshape(&t.b, x, NDG_VECTOR(3000))));
  check(&t, true, -3, 3);
}
END_TEST

/* A chain longer than one may be is split. */
START_TEST(long_chains) {
  bed t;
  begin(&t);
  const ndg_node x = input(&t, true, 0, NDG_MATRIX(9, 31)), y = input(&t, false, 0, NDG_VECTOR(31));
  ndg_node a = x;
  for (int i = 0; i < 150; i++)
    a = i % 3 == 0 ? ndg_tanh(&t.b, a) : i % 3 == 1 ? ndg_mul(&t.b, a, y) : ndg_add(&t.b, a, x);
  keep(&t, a);
  keep(&t, ndg_sum(&t.b, ndg_square(&t.b, a)));
  check(&t, true, -1, 1);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("compiled operations");
  TCase *c = tcase_create("against the interpreter");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, unary_operations);
  tcase_add_test(c, non_analytic_operations);
  tcase_add_test(c, broadcasts);
  tcase_add_test(c, products);
  tcase_add_test(c, products_of_views);
  tcase_add_test(c, shapes_and_indices);
  tcase_add_test(c, reductions);
  tcase_add_test(c, log_sum_exps);
  tcase_add_test(c, long_chains);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
