/* SPDX-License-Identifier: MIT */
/* What compiling refuses and survives, what running does not do, and what the report says. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "base/memory.h"
#include "network.h"

/* Counts every allocation of the process, the libraries' too. Sanitizers have their own malloc. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define COUNTS_MALLOC 0
static _Atomic uint64_t n_mallocs;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS_MALLOC 0
static _Atomic uint64_t n_mallocs;
#endif
#endif
#ifndef COUNTS_MALLOC
#define COUNTS_MALLOC 1
static _Atomic uint64_t n_mallocs;
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void *malloc(size_t n) {
  atomic_fetch_add(&n_mallocs, 1);
  return __libc_malloc(n);
}
void *calloc(size_t n, size_t size) {
  atomic_fetch_add(&n_mallocs, 1);
  return __libc_calloc(n, size);
}
void *realloc(void *p, size_t n) {
  atomic_fetch_add(&n_mallocs, 1);
  return __libc_realloc(p, n);
}
void *aligned_alloc(size_t alignment, size_t n) {
  atomic_fetch_add(&n_mallocs, 1);
  return __libc_memalign(alignment, n);
}
int posix_memalign(void **p, size_t alignment, size_t n) {
  atomic_fetch_add(&n_mallocs, 1);
  *p = __libc_memalign(alignment, n);
  return *p ? 0 : ENOMEM;
}
#endif

static void check_silent_run(ndg_dtype dtype, uint64_t batch, uint64_t n_tasks,
                             uint32_t n_threads) {
  network net;
  sample s;
  compiled c;
  ndg_pool *pool = NULL;
  ndg_error e = {0};
  network_begin(&net, batch, 60, 40, 10, false);
  network_fill(&net, &s, n_tasks, 0);
  ck_assert(ndg_pool_create(n_threads, &pool, &e) == NDG_OK);
  compiled_begin(&c, &s, dtype, NETWORK_OUTPUTS, net.out, 0, pool);
  ndg_program_run(c.program, c.in, c.out); /* BLAS takes its buffers on a thread's first call */
  for (int i = 0; i < 50; i++) {
    const uint64_t ours = ndg_allocation_count(), all = atomic_load(&n_mallocs);
    ndg_program_run(c.program, c.in, c.out);
    const uint64_t ours_after = ndg_allocation_count(), all_after = atomic_load(&n_mallocs);
    ck_assert(ours_after == ours);
    if (i > 20) /* by then every thread has had a piece */
      ck_assert_msg(all_after == all, "run %d allocated", i);
  }
  compiled_end(&c);
  ndg_pool_destroy(pool);
  sample_end(&s);
  network_end(&net);
}

START_TEST(running_allocates_nothing) {
  for (ndg_dtype dtype = NDG_F32; dtype <= NDG_C128; dtype++) {
    check_silent_run(dtype, 200, 1, 1);
    check_silent_run(dtype, 200, 1, 2);
    check_silent_run(dtype, 10, 12, 2);
  }
}
END_TEST

/* Every allocation of compiling fails in turn, until none does. */
START_TEST(compiling_survives_lack_of_memory) {
  network net;
  uint64_t n = 0;
  network_begin(&net, 5, 4, 3, 2, true);
  for (ndg_status st = NDG_ENOMEM; st < 0; n++) {
    ndg_program *p = NULL;
    ndg_error e = {0};
    ndg_fail_allocations_after(n);
    st = ndg_program_compile(net.graph, NETWORK_OUTPUTS, net.out, NDG_C128, 3, NULL, &p, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    if (st < 0) {
      /* without memory the analytic check refuses more, never less */
      ck_assert(st == NDG_ENOMEM || st == NDG_ECAPABILITY);
      ck_assert_ptr_null(p);
      ck_assert_int_gt((int)strlen(e.text), 0);
    }
    ndg_program_destroy(p);
    ck_assert_uint_lt(n, 10000);
  }
  ck_assert_uint_gt(n, 10);
  network_end(&net);
}
END_TEST

static ndg_graph *new_graph(ndg_builder *b) {
  ndg_graph *g = NULL;
  ndg_error e = {0};
  ck_assert(ndg_graph_create(&g, &e) == NDG_OK);
  *b = ndg_graph_builder(g);
  return g;
}

START_TEST(refusals_name_the_reason) {
  ndg_builder b;
  ndg_graph *g = new_graph(&b);
  ndg_error e = {0};
  ndg_program *p = NULL;
  const ndg_node x = ndg_graph_input(g, NDG_REAL, true, 0, NDG_VECTOR(3));
  const ndg_node d = ndg_graph_input(g, NDG_REAL, true, NDG_INPUT_DATA, NDG_VECTOR(3));
  const ndg_node i = ndg_graph_input(g, NDG_INDEX, true, 0, NDG_VECTOR(3));
  const ndg_node bent = ndg_relu(&b, x), real_only = ndg_mul(&b, x, ndg_relu(&b, d));
  const ndg_node beyond = ndg_graph_node_count(g) + 1, none = NDG_NO_NODE;
  ck_assert(ndg_program_compile(g, 1, &bent, NDG_C128, 1, NULL, &p, &e) == NDG_ECAPABILITY);
  ck_assert_ptr_nonnull(strstr(e.text, "relu"));
  ck_assert(ndg_program_compile(g, 1, &i, NDG_F64, 1, NULL, &p, &e) == NDG_EINVAL);
  ck_assert(ndg_program_compile(g, 1, &beyond, NDG_F64, 1, NULL, &p, &e) == NDG_EINVAL);
  ck_assert(ndg_program_compile(g, 1, &none, NDG_F64, 1, NULL, &p, &e) == NDG_EINVAL);
  ck_assert(ndg_program_compile(g, 1, &bent, NDG_I32, 1, NULL, &p, &e) == NDG_EINVAL);
  ck_assert(ndg_program_compile(g, 1, &bent, 77, 1, NULL, &p, &e) == NDG_EINVAL);
  ck_assert(ndg_program_compile(g, 1, &bent, NDG_F64, 0, NULL, &p, &e) == NDG_EINVAL);
  ck_assert(ndg_program_compile(g, 1, &bent, NDG_F64, UINT64_MAX, NULL, &p, &e) == NDG_ENOMEM);
  ck_assert_ptr_nonnull(strstr(e.text, "3 elements in each of 18446744073709551615 tasks"));
  ck_assert_ptr_null(p);
  /* relu of data is real, so the rest may be complex */
  ck_assert(ndg_program_compile(g, 1, &real_only, NDG_C128, 1, NULL, &p, &e) == NDG_OK);
  ndg_program_destroy(p);
  ndg_program_destroy(NULL);
  ndg_graph_destroy(g);
}
END_TEST

START_TEST(only_needed_inputs_are_bound) {
  ndg_builder b;
  ndg_graph *g = new_graph(&b);
  ndg_error e = {0};
  ndg_program *p = NULL;
  ndg_node x[4];
  for (int i = 0; i < 4; i++)
    x[i] = ndg_graph_input(g, NDG_REAL, true, 0, NDG_SCALAR);
  const ndg_node y = ndg_sub(&b, x[3], x[1]);
  ck_assert(ndg_program_compile(g, 1, &y, NDG_F64, 2, NULL, &p, &e) == NDG_OK);
  ck_assert_uint_eq(ndg_program_input_count(p), 2);
  ck_assert_uint_eq(ndg_program_input_number(p, 0), 1);
  ck_assert_uint_eq(ndg_program_input_number(p, 1), 3);
  double first[] = {1, 2}, second[] = {10, 20, 30, 40}, out[2] = {0};
  ndg_program_run(p, (ndg_binding[]){{first, 1}, {second, 3}}, &(ndg_binding){out, 1});
  ck_assert(out[0] == 9 && out[1] == 38);
  ndg_program_destroy(p);
  ck_assert(ndg_program_compile(g, 0, NULL, NDG_F64, 2, NULL, &p, &e) == NDG_OK);
  ndg_program_run(p, NULL, NULL);
  ndg_program_destroy(p);
  ndg_graph_destroy(g);
}
END_TEST

START_TEST(indices_out_of_range_give_nan) {
  ndg_builder b;
  ndg_graph *g = new_graph(&b);
  ndg_error e = {0};
  ndg_program *p = NULL;
  const ndg_node x = ndg_graph_input(g, NDG_REAL, true, 0, NDG_MATRIX(2, 3));
  const ndg_node i = ndg_graph_input(g, NDG_INDEX, true, 0, NDG_VECTOR(2));
  const ndg_node picked = ndg_pick(&b, x, i), placed[] = {picked, i}, scattered[] = {x, i};
  const ndg_node out[] = {picked, ndg_gather(&b, x, i),
                          ndg_attributed(&b, NDG_OP_PLACE, 2, placed, 3, 0, 0),
                          ndg_attributed(&b, NDG_OP_SCATTER_ADD, 2, scattered, 2, 0, 0)};
  ck_assert(ndg_program_compile(g, 4, out, NDG_F32, 1, NULL, &p, &e) == NDG_OK);
  float value[6] = {1, 2, 3, 4, 5, 6}, y[4][6];
  const int32_t wrong[] = {-1, 3, INT32_MAX, INT32_MIN};
  for (int k = 0; k < 4; k++) {
    int32_t index[] = {1, wrong[k]};
    ndg_program_run(p, (ndg_binding[]){{value, 6}, {index, 2}},
                    (ndg_binding[]){{y[0], 2}, {y[1], 6}, {y[2], 6}, {y[3], 6}});
    ck_assert(y[0][0] == 2 && isnan(y[0][1]));
    ck_assert(y[1][0] == 4 && y[1][2] == 6 && isnan(y[1][3]) && isnan(y[1][5]));
    ck_assert(y[2][1] == 2 && y[2][0] == 0 && isnan(y[2][3]) && isnan(y[2][5]));
    ck_assert(isnan(y[3][0]) && isnan(y[3][5]));
  }
  ndg_program_destroy(p);
  ndg_graph_destroy(g);
}
END_TEST

START_TEST(report_counts) {
  network net;
  sample s;
  compiled c;
  network_begin(&net, 20, 6, 5, 4, false);
  network_fill(&net, &s, 3, 0);
  compiled_begin(&c, &s, NDG_F64, 1 + NETWORK_PARAMETERS, net.out, 0, NULL);
  const ndg_program_report r = ndg_program_describe(c.program);
  /* two products forward, three backward */
  ck_assert_uint_eq(r.flops_matmul, 3 * 2 * 20 * (2 * 6 * 5 + 3 * 5 * 4));
  ck_assert_uint_gt(r.flops_elementwise, 0);
  ck_assert_uint_gt(r.fused_nodes, 0);
  ck_assert_uint_ge(r.instructions, r.stages);
  ck_assert_uint_gt(r.arena_bytes, 0);
  compiled_end(&c);
  sample_end(&s);
  network_end(&net);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("programs");
  TCase *c = tcase_create("programs");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, running_allocates_nothing);
  tcase_add_test(c, compiling_survives_lack_of_memory);
  tcase_add_test(c, refusals_name_the_reason);
  tcase_add_test(c, only_needed_inputs_are_bound);
  tcase_add_test(c, indices_out_of_range_give_nan);
  tcase_add_test(c, report_counts);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
