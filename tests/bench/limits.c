/* SPDX-License-Identifier: MIT */
/* What this machine can do now, for benchmarks that are scripts: limits PRECISION THREADS prints
   the multiply-add peak of so many cores and the rate of a large product on all of them at once, in
   GFLOP/s, then the seconds that the products alone of a step of the large task take: dense network
   784-256-256-256-256-256-10, batch 500. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

int main(int argc, char **argv) {
  enum { N = 256 };
  ndg_blas_prepare(argc, argv);
  ndg_blas_single_thread();
  const ndg_dtype dtype = argc > 1 && strcmp(argv[1], "float64") == 0 ? NDG_F64 : NDG_F32;
  const long wanted = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
  const uint32_t n_threads = wanted > 0 && wanted <= 64 ? (uint32_t)wanted : 1;
  const bench_product product = {dtype, {.m = N, .n = N, .k = N, .lda = N, .ldb = N, .ldc = N}};
  ndg_pool *pool;
  ndg_error e;
  if (ndg_pool_create(n_threads, &pool, &e) < 0) {
    (void)fprintf(stderr, "bench: %s\n", e.text);
    return 1;
  }
  const double flops = 2.0 * N * N * N * n_threads;
  static const uint64_t width[] = {784, 256, 256, 256, 256, 256, 10};
  const bench_layers large = {sizeof width / sizeof *width - 1, width, 500, dtype};
  double products = 1e300; /* the best of several rounds, because the machine may be shared */
  for (int i = 0; i < 3; i++) {
    const double t = bench_step_products(&large, pool, 0.1);
    products = t < products ? t : products;
  }
  printf("%.6g %.6g %.6g\n", bench_fma_peak(dtype) * n_threads / 1e9,
         flops / bench_gemm(&product, pool, 0.4) / 1e9, products);
  ndg_pool_destroy(pool);
  return 0;
}
