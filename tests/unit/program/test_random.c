/* SPDX-License-Identifier: MIT */
/* Random graphs and their derivatives: compiled against interpreted, in every element type. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../suite.h"
#include "compiled.h"
#include "random_graph.h"

enum { N_GRAPHS = 200, N_OPERATIONS = 30 };

/* The loss, its first and second derivatives, and nodes on the way, so that chains end anywhere. */
static uint32_t choose_outputs(const random_graph *r, uint64_t seed, ndg_node *out) {
  ndg_error e = {0};
  uint32_t n = 0;
  ndg_node gradient[2], curved[2];
  const uint32_t n_built = ndg_graph_node_count(r->graph);
  ck_assert(ndg_graph_vjp(r->graph, 1, &r->loss, NULL, 2, r->input, 0, gradient, &e) == NDG_OK);
  ck_assert(ndg_graph_vjp(r->graph, 2, gradient, r->input, 2, r->input, 0, curved, &e) == NDG_OK);
  out[n++] = r->loss;
  for (uint32_t i = 0; i < 2; i++) {
    out[n++] = gradient[i];
    out[n++] = curved[i];
  }
  for (ndg_node node = 1 + (ndg_node)(seed % 7); node <= n_built && n < 12; node += 7)
    if (ndg_graph_get(r->graph, node)->kind == NDG_REAL)
      out[n++] = node;
  out[n++] = gradient[0]; /* asked for twice */
  return n;
}

static void check_graph(uint64_t seed, uint64_t n_tasks) {
  ndg_error e = {0};
  random_graph r;
  sample s;
  ndg_node out[COMPILED_MAX_OUTPUTS];
  char what[64];
  (void)snprintf(what, sizeof what, "graph %llu, %llu tasks", (unsigned long long)seed,
                 (unsigned long long)n_tasks);
  random_graph_create(&r, seed, N_OPERATIONS, seed % 2 == 0);
  ck_assert_ptr_nonnull(r.graph);
  ck_assert_msg(ndg_graph_status(r.graph, &e) == NDG_OK, "%s", e.text);
  const uint32_t n = choose_outputs(&r, seed, out);
  sample_begin(&s, r.graph, n_tasks);
  ndg_rng rng = {seed + 77, 5, 0, 3};
  for (uint32_t i = 0; i < RANDOM_INPUTS; i++) {
    if (i == RANDOM_INDEX || i == RANDOM_SHARED_INDEX)
      sample_fill_index(&s, i, 2, &rng);
    else
      sample_fill(&s, i, -1, 1, 0, &rng);
  }
  for (ndg_dtype dtype = NDG_F32; dtype <= NDG_LONG_DOUBLE; dtype++) {
    compiled_check(&s, dtype, n, out, seed % 3, NULL, compiled_tolerance(dtype), what);
    (void)compiled_check_overwriting(&s, dtype, n, out, NULL);
  }
  if (r.analytic) {
    sample_fill(&s, RANDOM_PHI, -1, 1, 0.125, &rng);
    sample_fill(&s, RANDOM_THETA, -1, 1, 0.125, &rng);
    compiled_check(&s, NDG_C128, n, out, seed % 3, NULL, compiled_tolerance(NDG_C128), what);
    (void)compiled_check_overwriting(&s, NDG_C128, n, out, NULL);
  }
  sample_end(&s);
  random_graph_destroy(&r);
}

START_TEST(random_graphs_one_task) {
  check_graph((uint64_t)_i, 1);
}
END_TEST

START_TEST(random_graphs_three_tasks) {
  check_graph((uint64_t)_i, 3);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("compiled random graphs");
  TCase *c = tcase_create("against the interpreter");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, random_graphs_one_task, 0, N_GRAPHS);
  tcase_add_loop_test(c, random_graphs_three_tasks, 0, N_GRAPHS);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
