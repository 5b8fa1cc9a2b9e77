/* SPDX-License-Identifier: MIT */
/* Many runs in one call: the bits of single runs, for any number of threads and any cut of the
   tasks, without an allocation. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "base/memory.h"
#include "base/random.h"
#include "graph/program.h"
#include "tensor/dtype.h"

enum { SHOTS = 10, WIDTH = 24, N_PHI = 4 * WIDTH, N_TASKS = 23, STRIDE = N_PHI + 5, MOST = 18 };

/* A step of gradient descent on gains, shifts, and read-out of a network whose weights W
   all tasks share; with `coupled`, the shifts also feel the mean over tasks. */
typedef struct fixture {
  ndg_graph *graph;
  ndg_node phi[4], next[4];
  uint64_t n_tasks;
  ndg_dtype dtype;
  ndg_pool *pool;
  ndg_program *program;
  char *memory[5 + 2]; /* inputs, targets, weights, out weights, rates; states */
  uint64_t advance[16];
  ndg_binding in[2][16], out[2][4];
} fixture;

static void build(fixture *f, bool coupled) {
  ndg_error e = {0};
  ck_assert(ndg_graph_create(&f->graph, &e) == NDG_OK);
  const ndg_builder b = ndg_graph_builder(f->graph);
  ndg_node x = ndg_graph_input(f->graph, NDG_REAL, true, NDG_INPUT_DATA, NDG_MATRIX(SHOTS, 3));
  ndg_node y = ndg_graph_input(f->graph, NDG_REAL, true, NDG_INPUT_DATA, NDG_MATRIX(SHOTS, 1));
  ndg_node w = ndg_graph_input(f->graph, NDG_REAL, false, NDG_INPUT_DATA, NDG_MATRIX(3, WIDTH));
  ndg_node v = ndg_graph_input(f->graph, NDG_REAL, false, NDG_INPUT_DATA, NDG_MATRIX(WIDTH, WIDTH));
  ndg_node rate = ndg_graph_input(f->graph, NDG_REAL, false, NDG_INPUT_DATA, NDG_SCALAR);
  for (int i = 0; i < 4; i++)
    f->phi[i] = ndg_graph_input(f->graph, NDG_REAL, true, 0, NDG_VECTOR(WIDTH));
  ndg_node h = ndg_matmul(&b, x, w, 0, 0);
  h = ndg_tanh(&b, ndg_add(&b, ndg_mul(&b, f->phi[0], h), f->phi[1]));
  h = ndg_tanh(&b, ndg_mul(&b, f->phi[2], ndg_matmul(&b, h, v, 0, 0)));
  h = ndg_matmul(&b, h, ndg_reshape(&b, f->phi[3], NDG_MATRIX(WIDTH, 1)), 0, 0);
  ndg_node gradient[4];
  const ndg_node loss = ndg_mean(&b, ndg_square(&b, ndg_sub(&b, h, y)));
  ck_assert(ndg_graph_vjp(f->graph, 1, &loss, NULL, 4, f->phi, 0, gradient, &e) == NDG_OK);
  if (coupled)
    gradient[1] = ndg_add(&b, gradient[1], ndg_sum_tasks(&b, gradient[1]));
  for (int i = 0; i < 4; i++)
    f->next[i] = ndg_sub(&b, f->phi[i], ndg_mul(&b, rate, gradient[i]));
  ck_assert(ndg_graph_status(f->graph, &e) == NDG_OK);
}

static char *numbers(ndg_dtype dtype, uint64_t n, const char *name) {
  ndg_rng root = ndg_rng_root(3), rng = ndg_rng_stream(&root, name, 0);
  const size_t size = ndg_dtype_size(dtype);
  char *x = calloc(n, size);
  ck_assert_ptr_nonnull(x);
  for (uint64_t i = 0; i < n; i++) {
    const double value = 2 * ndg_rng_uniform(&rng) - 1;
    ndg_dtype_convert(dtype, x + i * size, NDG_F64, &value, 1);
  }
  return x;
}

/* Tasks [first, first + n_tasks) of N_TASKS. */
static void begin(fixture *f, ndg_dtype dtype, bool coupled, uint64_t first, uint64_t n_tasks,
                  uint32_t n_threads) {
  static const char *const names[] = {"inputs", "targets", "weights", "out", "rates", "0", "1"};
  const uint64_t sizes[] = {N_TASKS * SHOTS * 3, N_TASKS * SHOTS, 3 * WIDTH, WIDTH * WIDTH, MOST,
                            N_TASKS * STRIDE,    N_TASKS * STRIDE};
  const size_t size = ndg_dtype_size(dtype);
  ndg_error e = {0};
  *f = (fixture){.n_tasks = n_tasks, .dtype = dtype};
  build(f, coupled);
  ck_assert(ndg_pool_create(n_threads, &f->pool, &e) == NDG_OK);
  ck_assert_msg(
      ndg_program_compile(f->graph, 4, f->next, dtype, n_tasks, f->pool, &f->program, &e) == NDG_OK,
      "%s", e.text);
  for (int i = 0; i < 7; i++)
    f->memory[i] = numbers(dtype, sizes[i], names[i]);
  for (int set = 0; set < 2; set++) {
    ndg_binding all[9] = {{f->memory[0] + first * SHOTS * 3 * size, SHOTS * 3},
                          {f->memory[1] + first * SHOTS * size, SHOTS},
                          {f->memory[2], 0},
                          {f->memory[3], 0},
                          {f->memory[4], 0}};
    for (uint64_t i = 0; i < 4; i++) {
      const uint64_t at = (first * STRIDE + i * WIDTH) * size;
      all[5 + i] = (ndg_binding){f->memory[5 + set] + at, STRIDE};
      f->out[set][i] = (ndg_binding){f->memory[6 - set] + at, STRIDE};
    }
    for (uint32_t i = 0; i < ndg_program_input_count(f->program); i++) {
      const uint32_t number = ndg_program_input_number(f->program, i);
      f->in[set][i] = all[number];
      f->advance[i] = number == 4 ? size : 0;
    }
  }
}

static void end(fixture *f) {
  for (int i = 0; i < 7; i++)
    free(f->memory[i]);
  ndg_program_destroy(f->program);
  ndg_pool_destroy(f->pool);
  ndg_graph_destroy(f->graph);
}

static void run_steps(fixture *f, uint64_t n) {
  const ndg_program_steps s = {n, {f->in[0], f->in[1]}, {f->out[0], f->out[1]}, f->advance};
  ndg_program_run_steps(f->program, &s);
}

static void run_singly(fixture *f, uint64_t n) {
  for (uint64_t t = 0; t < n; t++) {
    ndg_program_run(f->program, f->in[t % 2], f->out[t % 2]);
    for (int set = 0; set < 2; set++)
      for (uint32_t i = 0; i < ndg_program_input_count(f->program); i++)
        f->in[set][i].data = (char *)f->in[set][i].data + f->advance[i];
  }
}

static const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_LONG_DOUBLE};

START_TEST(steps_are_single_runs) {
  for (int d = 0; d < 3; d++)
    for (int coupled = 0; coupled < 2; coupled++)
      for (uint32_t n_threads = 1; n_threads <= 4; n_threads++)
        for (uint64_t n = 0; n <= MOST; n += n < 3 ? 1 : 5) {
          fixture f, g;
          begin(&f, dtypes[d], coupled, 0, N_TASKS, n_threads);
          begin(&g, dtypes[d], coupled, 0, N_TASKS, 1);
          ck_assert(ndg_program_steps_freely(f.program) == !coupled);
          run_steps(&f, n);
          run_singly(&g, n);
          const size_t bytes = N_TASKS * STRIDE * ndg_dtype_size(dtypes[d]);
          ck_assert_mem_eq(f.memory[5], g.memory[5], bytes);
          ck_assert_mem_eq(f.memory[6], g.memory[6], bytes);
          end(&f);
          end(&g);
        }
}
END_TEST

START_TEST(tasks_do_not_know_of_each_other) {
  for (int d = 0; d < 3; d++) {
    fixture whole;
    begin(&whole, dtypes[d], false, 0, N_TASKS, 2);
    run_steps(&whole, MOST);
    const size_t task = STRIDE * ndg_dtype_size(dtypes[d]);
    for (uint64_t first = 0, n = 1; first < N_TASKS; first += n, n = n < 11 ? n + 2 : 11) {
      fixture part;
      n = n < N_TASKS - first ? n : N_TASKS - first;
      begin(&part, dtypes[d], false, first, n, 3);
      run_steps(&part, MOST);
      for (int i = 5; i < 7; i++)
        ck_assert_mem_eq(part.memory[i] + first * task, whole.memory[i] + first * task, n * task);
      end(&part);
    }
    end(&whole);
  }
}
END_TEST

START_TEST(steps_allocate_nothing) {
  fixture f;
  begin(&f, NDG_F32, false, 0, N_TASKS, 2);
  const uint64_t before = ndg_allocation_count();
  run_steps(&f, MOST);
  ck_assert(ndg_allocation_count() == before);
  end(&f);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("many runs in a row");
  TCase *c = tcase_create("steps");
  tcase_set_timeout(c, 120);
  tcase_add_test(c, steps_are_single_runs);
  tcase_add_test(c, tasks_do_not_know_of_each_other);
  tcase_add_test(c, steps_allocate_nothing);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
