/* SPDX-License-Identifier: MIT */
/* Kernels on whole tasks have the bits of those on runs, wherever their operands lie. */
#include <check.h>
#include <string.h>

#include "../suite.h"
#include "base/random.h"
#include "graph/graph.h"
#include "tensor/dtype.h"
#include "tensor/kernels.h"

enum { TASKS = 3, SIZE = 120, STEP = 131, ROOM = TASKS * STEP };

/* Of one element type, as bytes. */
typedef struct numbers {
  _Alignas(64) char at[ROOM * 16];
} numbers;

static void fill(ndg_dtype dtype, numbers *x, ndg_rng *rng) {
  for (size_t i = 0; i < ROOM; i++) {
    const double value = 3 * (2 * ndg_rng_uniform(rng) - 1);
    ndg_dtype_convert(dtype, x->at + i * ndg_dtype_size(dtype), NDG_F64, &value, 1);
  }
}

/* What an operand of a shape stands for, one task after the other. */
static void lay_out(const ndg_tasks_shape *s, int k, size_t bytes, const numbers *x, numbers *out) {
  for (size_t t = 0; t < s->n_tasks; t++)
    for (size_t i = 0; i < s->size; i++) {
      const size_t at = t * s->step[k] + (s->repeats[k] ? i % s->period : i);
      memcpy(out->at + (t * s->size + i) * bytes, x->at + at * bytes, bytes);
    }
}

static void check_shape(ndg_dtype dtype, const ndg_real_kernels *k, const ndg_tasks_shape *s,
                        ndg_rng *rng) {
  static numbers in[3], laid[3], y, expected;
  const size_t bytes = ndg_dtype_size(dtype), n = s->n_tasks * s->size;
  for (int i = 0; i < 3; i++) {
    fill(dtype, &in[i], rng);
    lay_out(s, i + 1, bytes, &in[i], &laid[i]);
  }
  for (uint32_t op = 0; op <= NDG_N_FUSED; op++) {
    if (op == NDG_N_FUSED) {
      k->mul_tasks(y.at, in[0].at, in[1].at, NULL, s);
      k->binary[NDG_OP_MUL - NDG_FIRST_BINARY](expected.at, laid[0].at, laid[1].at, n);
    } else {
      k->fused_tasks[op](y.at, in[0].at, in[1].at, in[2].at, s);
      k->fused[op](expected.at, laid[0].at, laid[1].at, laid[2].at, n);
    }
    for (size_t t = 0; t < s->n_tasks; t++)
      for (size_t i = 0; i < s->size; i++) {
        const char *a = y.at + (t * s->step[0] + i) * bytes;
        ck_assert_mem_eq(a, expected.at + (t * s->size + i) * bytes, bytes == 16 ? 10 : bytes);
      }
  }
}

static void check_type(ndg_dtype dtype, const ndg_real_kernels *k) {
  static const size_t sizes[] = {1, 7, 16, 40, 80, 100, SIZE}, periods[] = {16, 32, 80};
  ndg_rng rng = ndg_rng_root(31);
  for (int i = 0; i < 7; i++)
    for (int form = 0; form < 32; form++) {
      const size_t n = sizes[i], period = periods[form % 3];
      ndg_tasks_shape s = {.n_tasks = TASKS, .size = n, .period = n};
      s.step[0] = form & 1 ? STEP : n;
      for (int o = 1; o < 4; o++) {
        s.repeats[o] = form & 8 << (o - 1) && period <= n;
        s.period = s.repeats[o] ? period : s.period;
      }
      for (int o = 1; o < 4; o++)
        s.step[o] = s.repeats[o] ? s.period : form & 2 ? STEP : n;
      check_shape(dtype, k, &s, &rng);
    }
}

START_TEST(tasks_are_runs) {
  const ndg_kernels *k;
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++) {
    check_type(NDG_F32, k->f32);
    check_type(NDG_F64, k->f64);
  }
  check_type(NDG_LONG_DOUBLE, &ndg_kernels_long_double);
}
END_TEST

/* Products that are summed have the bits of products, then sums. */
START_TEST(sums_of_products_are_sums) {
  const ndg_kernels *k;
  ndg_rng rng = ndg_rng_root(32);
  static numbers x, z, product, y, expected;
  fill(NDG_F32, &x, &rng);
  fill(NDG_F32, &z, &rng);
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++)
    for (size_t columns = 2; columns <= 45; columns++) {
      const size_t rows = 4, blocks = 2, n = blocks * rows * columns;
      k->f32->binary[NDG_OP_MUL - NDG_FIRST_BINARY](product.at, x.at, z.at, n);
      k->f32->sum_columns(expected.at, product.at, blocks, rows, columns);
      k->f32->sum_products(y.at, x.at, z.at, blocks, rows, columns);
      ck_assert_mem_eq(y.at, expected.at, blocks * columns * sizeof(float));
    }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("kernels_tasks");
  TCase *c = tcase_create("kernels_tasks");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, tasks_are_runs);
  tcase_add_test(c, sums_of_products_are_sums);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
