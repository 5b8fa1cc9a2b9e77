/* SPDX-License-Identifier: MIT */
/* Chains that become one with several results: an optimiser's step of large groups, whose gradient
   is a product, against the interpreter, with the same bits for any number of threads. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "compiled.h"

enum { ROWS = 203, COLUMNS = 70, SAMPLES = 30, MOMENTS = 3 };

typedef struct descent {
  ndg_graph *graph;
  ndg_node out[MOMENTS + 2];
} descent;

/* m' and s' are read by phi', s' also by a sum elsewhere if `watched`. */
static void descent_begin(descent *d, bool watched) {
  ndg_error e = {0};
  ck_assert(ndg_graph_create(&d->graph, &e) == NDG_OK);
  const ndg_builder build = ndg_graph_builder(d->graph), *b = &build;
  ndg_node in[6], rate[2];
  for (int i = 0; i < 4; i++) /* phi, strengths, m, s */
    in[i] = ndg_graph_input(d->graph, NDG_REAL, true, 0, NDG_MATRIX(ROWS, COLUMNS));
  in[4] = ndg_graph_input(d->graph, NDG_REAL, true, 0, NDG_MATRIX(SAMPLES, ROWS));
  in[5] = ndg_graph_input(d->graph, NDG_REAL, true, 0, NDG_MATRIX(SAMPLES, COLUMNS));
  for (int i = 0; i < 2; i++)
    rate[i] = ndg_graph_input(d->graph, NDG_REAL, false, 0, NDG_SCALAR);
  const ndg_node penalty = ndg_mul(b, ndg_scale(b, in[1], 2), in[0]);
  const ndg_node g = ndg_add(b, ndg_matmul(b, in[4], in[5], 1, 0), penalty);
  d->out[1] = ndg_add(b, ndg_mul(b, rate[0], in[2]), ndg_scale(b, g, 0.25));
  d->out[2] = ndg_add(b, ndg_mul(b, rate[1], in[3]), ndg_square(b, g));
  const ndg_node root = ndg_add(b, ndg_sqrt(b, d->out[2]), ndg_constant(b, 0.5));
  d->out[0] = ndg_sub(b, in[0], ndg_scale(b, ndg_div(b, d->out[1], root), 0.125));
  d->out[3] = ndg_sum(b, watched ? d->out[2] : in[3]);
  d->out[4] = in[2]; /* copied to an output of its own */
  ck_assert_msg(ndg_graph_status(d->graph, &e) == NDG_OK, "%s", e.text);
}

static void fill(const descent *d, sample *s, uint64_t n_tasks) {
  ndg_rng rng = ndg_rng_root(5);
  sample_begin(s, d->graph, n_tasks);
  for (uint32_t i = 0; i < 8; i++)
    sample_fill(s, i, i == 3 ? 0.25 : -1, 1, 0, &rng);
}

static const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE, NDG_C128};

START_TEST(several_results_are_those_of_the_graph) {
  const ndg_dtype dtype = dtypes[_i];
  for (int watched = 0; watched < 2; watched++)
    for (uint64_t n_tasks = 1; n_tasks <= 3; n_tasks += 2) {
      descent d;
      sample s;
      descent_begin(&d, watched);
      fill(&d, &s, n_tasks);
      const long double tolerance = 4 * compiled_tolerance(dtype);
      compiled_check(&s, dtype, MOMENTS + 2, d.out, 0, NULL, tolerance, "all");
      compiled_check(&s, dtype, MOMENTS, d.out, 5, NULL, tolerance, "with gaps");
      compiled_check(&s, dtype, 1, d.out, 0, NULL, tolerance, "phi alone");
      sample_end(&s);
      ndg_graph_destroy(d.graph);
    }
}
END_TEST

START_TEST(bits_do_not_depend_on_threads) {
  const ndg_dtype dtype = dtypes[_i];
  descent d;
  sample s;
  void *expected[MOMENTS + 2] = {0};
  descent_begin(&d, true);
  fill(&d, &s, 1);
  for (uint32_t n_threads = 1; n_threads <= 4; n_threads++) {
    compiled c;
    ndg_pool *pool;
    ndg_error e = {0};
    ck_assert(ndg_pool_create(n_threads, &pool, &e) == NDG_OK);
    compiled_begin(&c, &s, dtype, MOMENTS + 2, d.out, 0, pool);
    compiled_run(&c);
    for (uint32_t j = 0; j < MOMENTS + 2; j++) {
      const size_t bytes = compiled_bytes(&c, j);
      if (n_threads == 1) {
        expected[j] = malloc(bytes);
        memcpy(expected[j], c.out[j].data, bytes);
      }
      ck_assert(memcmp(expected[j], c.out[j].data, bytes) == 0);
    }
    compiled_end(&c);
    ndg_pool_destroy(pool);
  }
  for (uint32_t j = 0; j < MOMENTS + 2; j++)
    free(expected[j]);
  sample_end(&s);
  ndg_graph_destroy(d.graph);
}
END_TEST

/* phi', m' and s' may lie where phi, m and s are, but none where an old value is wanted later. */
START_TEST(new_values_take_the_place_of_old_ones) {
  for (int threads = 1; threads <= 2; threads++) {
    descent d;
    sample s;
    compiled c;
    ndg_pool *pool;
    ndg_error e = {0};
    descent_begin(&d, false);
    fill(&d, &s, 1);
    ck_assert(ndg_pool_create((uint32_t)threads, &pool, &e) == NDG_OK);
    ck_assert_uint_ge(compiled_check_overwriting(&s, dtypes[_i], MOMENTS, d.out, pool), MOMENTS);
    (void)compiled_check_overwriting(&s, dtypes[_i], MOMENTS + 2, d.out, pool);
    compiled_begin(&c, &s, dtypes[_i], MOMENTS + 2, d.out, 0, pool);
    /* inputs are read in the order of the graph: phi, strengths, m, s */
    ck_assert(ndg_program_may_overwrite(c.program, 0, 0));
    ck_assert(!ndg_program_may_overwrite(c.program, 0, 1)); /* phi' still needs phi */
    ck_assert(!ndg_program_may_overwrite(c.program, 4, 0)); /* of another size */
    compiled_end(&c);
    ndg_pool_destroy(pool);
    sample_end(&s);
    ndg_graph_destroy(d.graph);
  }
}
END_TEST

/* One pass through memory: the product, and all the rest in one chain. */
START_TEST(a_step_is_one_chain) {
  descent d;
  sample s;
  compiled c;
  descent_begin(&d, false);
  fill(&d, &s, 1);
  compiled_begin(&c, &s, NDG_F32, MOMENTS, d.out, 0, NULL);
  ck_assert_uint_eq(ndg_program_describe(c.program).instructions, 2);
  compiled_end(&c);
  sample_end(&s);
  ndg_graph_destroy(d.graph);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("merged chains");
  TCase *c = tcase_create("merged chains");
  tcase_set_timeout(c, 60);
  tcase_add_loop_test(c, several_results_are_those_of_the_graph, 0, 4);
  tcase_add_loop_test(c, bits_do_not_depend_on_threads, 0, 4);
  tcase_add_loop_test(c, new_values_take_the_place_of_old_ones, 0, 4);
  tcase_add_test(c, a_step_is_one_chain);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
