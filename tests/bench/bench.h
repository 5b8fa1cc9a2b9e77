/* SPDX-License-Identifier: MIT */
/* Clocks and limits of the machine, measured in the same run as what they are compared with. */
#ifndef NUDGE_TESTS_BENCH_H
#define NUDGE_TESTS_BENCH_H

#include <stdint.h>
#include <stdio.h>

#include "base/pool.h"
#include "base/random.h"
#include "tensor/blas.h"

/* Seconds of a call, the best of several batches; at least `seconds` in all. */
double bench_best(void (*call)(void *context), void *context, double seconds);
double bench_now(void);

/* Ends the program on an error. */
void bench_must(ndg_status, const ndg_error *);
/* n numbers within +-scale, at a multiple of 64 bytes; for free(). */
void *bench_fill(ndg_dtype, uint64_t n, double scale, ndg_rng *);

/* The table that all benchmarks add their rows to (tests/bench/README.md): of --csv PATH, else of
   NUDGE_BENCH_CSV in the environment, else NULL. Ends the program if it cannot be written. */
FILE *bench_csv_open(int argc, char **argv);
/* NULL is fine. */
void bench_csv_row(FILE *, const char *benchmark, const char *what, const char *quantity,
                   double value, const char *unit);
void bench_csv_close(FILE *);

/* Multiply-adds count two. One thread, the widest vectors that the processor has. */
double bench_fma_peak(ndg_dtype);

/* Products of one size, done by all threads of a pool at once, each its own. */
typedef struct bench_product {
  ndg_dtype dtype;
  ndg_gemm shape;
} bench_product;
/* Seconds per product and thread while all threads work, by the library or by our own kernels,
   whichever is faster. */
double bench_gemm(const bench_product *, ndg_pool *, double seconds);
/* Seconds of all products of a dense network's step on a batch, perfectly shared by the threads:
   forward, of the weights, and back but for the data. Each is measured for `seconds`. */
typedef struct bench_layers {
  uint32_t n;
  const uint64_t *width; /* n + 1 */
  uint64_t batch;
  ndg_dtype dtype;
} bench_layers;
double bench_step_products(const bench_layers *, ndg_pool *, double seconds);

#endif
