/* SPDX-License-Identifier: MIT */
/* First and second derivatives of a network's loss: compiled against interpreted, and the same bits
   for any number of threads. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "network.h"

static void check_network(uint64_t batch, uint64_t n_tasks, bool shared_weights) {
  network net;
  sample s;
  network_begin(&net, batch, 6, 5, 4, shared_weights);
  for (ndg_dtype dtype = NDG_F32; dtype <= NDG_C128; dtype++) {
    network_fill(&net, &s, n_tasks, dtype == NDG_C128 ? 0.125 : 0);
    const long double tolerance = dtype == NDG_F32 ? 1e-5L : compiled_tolerance(dtype);
    compiled_check(&s, dtype, NETWORK_OUTPUTS, net.out, 0, NULL, tolerance, "dense");
    compiled_check(&s, dtype, NETWORK_OUTPUTS, net.out, 5, NULL, tolerance, "with gaps");
    compiled_check(&s, dtype, 1, net.out, 0, NULL, tolerance, "loss alone");
    compiled_check(&s, dtype, 4, net.out + 1, 0, NULL, tolerance, "gradient alone");
    sample_end(&s);
  }
  network_end(&net);
}

START_TEST(derivatives_one_task) {
  check_network(13, 1, false);
}
END_TEST

START_TEST(derivatives_tasks) {
  check_network(3, 7, false);
}
END_TEST

START_TEST(derivatives_shared_weights) {
  check_network(3, 7, true);
}
END_TEST

/* Large enough for several pieces and for other threads to be woken. */
static void check_threads(ndg_dtype dtype, uint64_t batch, uint64_t n_in, uint64_t hidden,
                          uint64_t n_tasks, bool shared_weights) {
  network net;
  sample s;
  char *expected[NETWORK_OUTPUTS] = {0};
  network_begin(&net, batch, n_in, hidden, 10, shared_weights);
  network_fill(&net, &s, n_tasks, dtype == NDG_C128 ? 0.125 : 0);
  for (uint32_t n_threads = 1; n_threads <= 4; n_threads++) {
    ndg_error e = {0};
    ndg_pool *pool = NULL;
    compiled c;
    ck_assert(ndg_pool_create(n_threads, &pool, &e) == NDG_OK);
    compiled_begin(&c, &s, dtype, NETWORK_OUTPUTS, net.out, 0, pool);
    for (int again = 0; again < 3; again++) {
      compiled_run(&c);
      for (uint32_t j = 0; j < NETWORK_OUTPUTS; j++) {
        const uint64_t bytes = compiled_bytes(&c, j);
        if (!expected[j]) {
          expected[j] = malloc(bytes);
          ck_assert_ptr_nonnull(expected[j]);
          memcpy(expected[j], c.out[j].data, bytes);
        }
        ck_assert_msg(memcmp(expected[j], c.out[j].data, bytes) == 0,
                      "output %u: other bits with %u threads", j, n_threads);
      }
    }
    compiled_end(&c);
    ndg_pool_destroy(pool);
  }
  const long double tolerance = dtype == NDG_F32 ? 1e-5L : compiled_tolerance(dtype);
  compiled_check(&s, dtype, NETWORK_OUTPUTS, net.out, 0, NULL, tolerance, "large");
  for (uint32_t j = 0; j < NETWORK_OUTPUTS; j++)
    free(expected[j]);
  sample_end(&s);
  network_end(&net);
}

START_TEST(threads_one_task) {
  const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_C128};
  check_threads(dtypes[_i], 300, 90, 40, 1, false);
}
END_TEST

/* Products that read a right operand packed beforehand, where the processor has kernels for that.
 */
START_TEST(threads_packed_products) {
  check_threads(_i ? NDG_F64 : NDG_F32, 400, 150, 70, 1, false);
}
END_TEST

START_TEST(threads_tasks) {
  const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_C128};
  check_threads(dtypes[_i], 10, 40, 40, 30, false);
}
END_TEST

START_TEST(threads_shared_weights) {
  const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_C128};
  check_threads(dtypes[_i], 10, 40, 40, 30, true);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("compiled network");
  TCase *c = tcase_create("network");
  tcase_set_timeout(c, 120);
  tcase_add_test(c, derivatives_one_task);
  tcase_add_test(c, derivatives_tasks);
  tcase_add_test(c, derivatives_shared_weights);
  tcase_add_loop_test(c, threads_one_task, 0, 3);
  tcase_add_loop_test(c, threads_packed_products, 0, 2);
  tcase_add_loop_test(c, threads_tasks, 0, 3);
  tcase_add_loop_test(c, threads_shared_weights, 0, 3);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
