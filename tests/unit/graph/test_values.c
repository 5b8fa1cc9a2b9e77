/* SPDX-License-Identifier: MIT */
/* Simplifications keep values: while random graphs are built, each operation is also evaluated by
   itself on fresh inputs, where there is nothing to simplify. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "../suite.h"
#include "random_graph.h"
#include "sample.h"

enum { N_GRAPHS = 60, N_OPERATIONS = 40, N_TASKS = 2, MOST_OPERANDS = 8 };

static ndg_builder real;  /* of the graph under construction */
static random_graph made; /* its inputs, once they exist */
static sample numbers;

static void fill_inputs(ndg_graph *g) {
  ndg_rng rng = {11, 13, 0, 1};
  if (!numbers.graph)
    sample_begin(&numbers, g, N_TASKS);
  for (uint32_t i = 0; i < RANDOM_INPUTS && !numbers.index[RANDOM_SHARED_INDEX]; i++) {
    if (i == RANDOM_INDEX || i == RANDOM_SHARED_INDEX)
      sample_fill_index(&numbers, i, 2, &rng);
    else
      sample_fill(&numbers, i, -1, 1, 0, &rng);
  }
}

/* The same operation in a graph of its own, its operands inputs with the operands' values. */
static wide *evaluate_alone(ndg_graph *g, uint32_t op, uint32_t n, const ndg_node *in,
                            const ndg_attr *attr, const ndg_shape *target, uint64_t *count) {
  ndg_error e = {0};
  ndg_graph *own;
  sample s;
  ndg_node x[MOST_OPERANDS];
  ck_assert(n <= MOST_OPERANDS && ndg_graph_create(&own, &e) == NDG_OK);
  sample_begin(&s, own, N_TASKS);
  for (uint32_t i = 0; i < n; i++) {
    const ndg_graph_node *from = ndg_graph_get(g, in[i]);
    x[i] = ndg_graph_input(own, from->kind, from->per_task, 0, from->shape);
    const int64_t number = from->attr.i[0];
    if (from->kind == NDG_INDEX)
      s.index[i] = numbers.index[number];
    else
      s.value[i] = sample_evaluate(&numbers, NDG_LONG_DOUBLE, in[i]);
  }
  const ndg_builder b = ndg_graph_builder(own);
  const ndg_node y = b.api->apply(own, op, n, x, attr, target);
  ck_assert_msg(ndg_graph_status(own, &e) == NDG_OK, "%s", e.text);
  wide *value = sample_evaluate(&s, NDG_LONG_DOUBLE, y);
  *count = sample_count(own, y, N_TASKS);
  for (uint32_t i = 0; i < n; i++)
    s.index[i] = NULL;
  sample_end(&s);
  ndg_graph_destroy(own);
  return value;
}

static ndg_node apply(ndg_graph *g, uint32_t op, uint32_t n, const ndg_node *in,
                      const ndg_attr *attr, const ndg_shape *target) {
  ndg_error e = {0};
  fill_inputs(g);
  const ndg_node y = real.api->apply(g, op, n, in, attr, target);
  ck_assert_msg(ndg_graph_status(g, &e) == NDG_OK, "%s", e.text);
  uint64_t count;
  wide *alone = evaluate_alone(g, op, n, in, attr, target, &count);
  ck_assert_uint_eq(count, sample_count(g, y, N_TASKS));
  wide *here = sample_evaluate(&numbers, NDG_LONG_DOUBLE, y);
  const long double far = sample_distance(count, alone, here);
  ck_assert_msg(far <= 1e-16L * (1 + sample_norm(count, alone)),
                "%s became %s (node %u): values differ by %Lg", ndg_graph_op_name(op),
                ndg_graph_op_name(ndg_graph_get(g, y)->op), y, far);
  free(here);
  free(alone);
  return y;
}

START_TEST(simplified_values) {
  ndg_graph *any;
  ck_assert(ndg_graph_create(&any, NULL) == NDG_OK);
  real = ndg_graph_builder(any);
  ndg_graph_destroy(any);
  ndg_graph_api api = *real.api;
  api.apply = apply;
  numbers = (sample){.n_tasks = N_TASKS};
  random_graph_create_with(&made, 1000 + (uint64_t)_i, N_OPERATIONS, false, &api);
  ck_assert_uint_ne(made.loss, NDG_NO_NODE);
  sample_end(&numbers);
  random_graph_destroy(&made);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("values");
  TCase *c = tcase_create("values");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, simplified_values, 0, N_GRAPHS);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
