/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "tensor/dtype.h"

double bench_now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_best(void (*call)(void *context), void *context, double seconds) {
  const double begin = bench_now();
  double best = 1e300;
  uint64_t repeat = 1;
  call(context);
  while (bench_now() - begin < seconds) {
    const double t = bench_now();
    for (uint64_t i = 0; i < repeat; i++)
      call(context);
    const double per_call = (bench_now() - t) / (double)repeat;
    best = per_call < best ? per_call : best;
    if (per_call * (double)repeat < 1e-3)
      repeat *= 2;
  }
  return best;
}

void bench_must(ndg_status st, const ndg_error *e) {
  if (st >= 0)
    return;
  (void)fprintf(stderr, "bench: %s\n", e->text);
  exit(1);
}

void *bench_fill(ndg_dtype dtype, uint64_t n, double scale, ndg_rng *rng) {
  const size_t size = ndg_dtype_size(dtype);
  char *x = ndg_calloc(n, size);
  if (!x)
    abort();
  for (uint64_t i = 0; i < n; i++) {
    const double value = scale * (2 * ndg_rng_uniform(rng) - 1);
    ndg_dtype_convert(dtype, x + i * size, NDG_F64, &value, 1);
  }
  return x;
}

/* Enough independent chains of multiply-adds to hide their latency. */
enum { CHAINS = 16, ROUNDS = 1000 };

#define DEFINE_PEAK(name, type, bytes, isa)                                                        \
  isa static void name(void *context) {                                                            \
    typedef type vector __attribute__((vector_size(bytes)));                                       \
    vector x[CHAINS];                                                                              \
    const type factor = *(volatile type *)context;                                                 \
    for (int i = 0; i < CHAINS; i++)                                                               \
      x[i] = (vector){0} + factor;                                                                 \
    for (int r = 0; r < ROUNDS; r++)                                                               \
      for (int i = 0; i < CHAINS; i++)                                                             \
        x[i] = x[i] * factor + factor;                                                             \
    for (int i = 1; i < CHAINS; i++)                                                               \
      x[0] += x[i];                                                                                \
    *(volatile type *)context = x[0][0] > 1e30f ? (type)0 : factor;                                \
  }
#if defined(__x86_64__)
#define ISA_512 __attribute__((target("avx512f,fma"), optimize("O3")))
#define ISA_256 __attribute__((target("avx2,fma"), optimize("O3")))
#if defined(__clang__)
#undef ISA_512
#undef ISA_256
#define ISA_512 __attribute__((target("avx512f,fma")))
#define ISA_256 __attribute__((target("avx2,fma")))
#endif
DEFINE_PEAK(peak_f32_512, float, 64, ISA_512)
DEFINE_PEAK(peak_f64_512, double, 64, ISA_512)
DEFINE_PEAK(peak_f32_256, float, 32, ISA_256)
DEFINE_PEAK(peak_f64_256, double, 32, ISA_256)
#endif
DEFINE_PEAK(peak_f32, float, 16, )
DEFINE_PEAK(peak_f64, double, 16, )

double bench_fma_peak(ndg_dtype dtype) {
  float f32 = 0.5f;
  double f64 = 0.5;
  const int is_f32 = dtype == NDG_F32;
  void *number = is_f32 ? (void *)&f32 : (void *)&f64;
  void (*call)(void *) = is_f32 ? peak_f32 : peak_f64;
  double bytes = 16;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) {
    call = is_f32 ? peak_f32_512 : peak_f64_512;
    bytes = 64;
  } else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    call = is_f32 ? peak_f32_256 : peak_f64_256;
    bytes = 32;
  }
#endif
  const double lanes = bytes / (is_f32 ? 4 : 8);
  return 2.0 * CHAINS * ROUNDS * lanes / bench_best(call, number, 0.2);
}

typedef struct product_run {
  const bench_product *product;
  char *a[64], *b[64], *c[64], *work[64];
} product_run;

static void multiply(void *context, uint32_t worker, uint32_t n_workers) {
  const product_run *r = context;
  (void)n_workers;
  ndg_gemm_blas(r->product->dtype, &r->product->shape, r->a[worker], r->b[worker], r->c[worker]);
}

static void multiply_ours(void *context, uint32_t worker, uint32_t n_workers) {
  const product_run *r = context;
  (void)n_workers;
  ndg_gemm_run(r->product->dtype, &r->product->shape, r->a[worker], r->b[worker], r->c[worker],
               r->work[worker]);
}

typedef struct region {
  ndg_pool *pool;
  product_run *run;
} region;

static void multiply_all(void *context) {
  const region *r = context;
  ndg_pool_region(r->pool, multiply, r->run);
}

static void multiply_all_ours(void *context) {
  const region *r = context;
  ndg_pool_region(r->pool, multiply_ours, r->run);
}

/* Small numbers, so that no product is slowed by denormals or infinities. */
static char *numbers(ndg_dtype dtype, size_t n) {
  char *x = aligned_alloc(64, (n * ndg_dtype_size(dtype) + 63) / 64 * 64);
  if (!x)
    abort();
  for (size_t i = 0; i < n; i++) {
    const double value = (double)(i % 17) / 17 - 0.5;
    ndg_dtype_convert(dtype, x + i * ndg_dtype_size(dtype), NDG_F64, &value, 1);
  }
  return x;
}

double bench_gemm(const bench_product *product, ndg_pool *pool, double seconds) {
  const ndg_gemm *g = &product->shape;
  product_run run = {.product = product};
  region r = {pool, &run};
  const uint32_t n = ndg_pool_size(pool);
  for (uint32_t w = 0; w < n; w++) {
    run.a[w] = numbers(product->dtype, g->m * g->k);
    run.b[w] = numbers(product->dtype, g->k * g->n);
    run.c[w] = numbers(product->dtype, g->m * g->n);
    run.work[w] = numbers(NDG_F32, ndg_gemm_work(product->dtype, g->m, g->n, g->k) / sizeof(float));
  }
  const double library = bench_best(multiply_all, &r, seconds / 2);
  const double ours = bench_best(multiply_all_ours, &r, seconds / 2);
  for (uint32_t w = 0; w < n; w++) {
    free(run.a[w]);
    free(run.b[w]);
    free(run.c[w]);
    free(run.work[w]);
  }
  return library < ours ? library : ours;
}

double bench_step_products(const bench_layers *net, ndg_pool *pool, double seconds) {
  double t = 0;
  const ndg_dtype dtype = net->dtype;
  for (uint32_t l = 0; l < net->n; l++) {
    const uint64_t from = net->width[l], to = net->width[l + 1], batch = net->batch;
    /* data is real: a real product of twice the columns */
    const int mixed = dtype == NDG_C128 && l == 0;
    const uint64_t n = mixed ? 2 * to : to;
    const ndg_dtype type = mixed ? NDG_F64 : dtype;
    const bench_product forward = {
        type, {.m = batch, .n = n, .k = from, .lda = from, .ldb = n, .ldc = n}};
    const bench_product weights = {
        type,
        {.m = from, .n = n, .k = batch, .lda = from, .ldb = n, .ldc = n, .a_transposed = true}};
    const bench_product back = {
        dtype,
        {.m = batch, .n = from, .k = to, .lda = to, .ldb = to, .ldc = from, .b_transposed = true}};
    t += bench_gemm(&forward, pool, seconds) + bench_gemm(&weights, pool, seconds);
    if (l > 0)
      t += bench_gemm(&back, pool, seconds);
  }
  return t / ndg_pool_size(pool);
}

static void fail_csv(const char *path) {
  (void)fprintf(stderr, "bench: %s cannot be written\n", path);
  exit(1);
}

FILE *bench_csv_open(int argc, char **argv) {
  const char *path = getenv("NUDGE_BENCH_CSV");
  for (int i = 1; i + 1 < argc; i++)
    if (strcmp(argv[i], "--csv") == 0)
      path = argv[i + 1];
  if (!path || !*path)
    return NULL;
  FILE *f = fopen(path, "a");
  if (!f || fseek(f, 0, SEEK_END) != 0)
    fail_csv(path);
  else if (ftell(f) == 0)
    (void)fprintf(f, "time,benchmark,case,quantity,value,unit\n");
  return f;
}

void bench_csv_row(FILE *f, const char *benchmark, const char *what, const char *quantity,
                   double value, const char *unit) {
  char when[32] = "";
  const time_t now = time(NULL);
  struct tm parts;
  if (!f)
    return;
  if (gmtime_r(&now, &parts))
    (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
  (void)fprintf(f, "%s,%s,%s,%s,%.9g,%s\n", when, benchmark, what, quantity, value, unit);
}

void bench_csv_close(FILE *f) {
  if (f && (ferror(f) || fclose(f) != 0))
    fail_csv("the table");
}
