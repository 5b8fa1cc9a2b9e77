/* SPDX-License-Identifier: MIT */
/* The only file that sees cblas.h: it defines I. */
#include "tensor/blas.h"

#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tensor/dtype.h"
#include "tensor/gemm_small.h"
#include "tensor/kernels.h"

static const char *const kernels_512[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
static const char *const kernels_256[] = {"Haswell", "Zen", "Excavator", "Steamroller",
                                          "Piledriver"};

static bool listed(const char *name, const char *const *names, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(name, names[i]) == 0)
      return true;
  return false;
}

static bool has_512_kernels(const char *core) {
  return listed(core, kernels_512, sizeof kernels_512 / sizeof *kernels_512);
}

void ndg_blas_prepare(int argc, char **argv) {
#if defined(__x86_64__)
  (void)argc;
  static const char guard[] = "NUDGE_BLAS_RESTARTED";
  const bool restarted = getenv(guard) != NULL;
  (void)unsetenv(guard);
  __builtin_cpu_init();
  const bool able = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (restarted || !able || getenv("OPENBLAS_CORETYPE") || has_512_kernels(openblas_get_corename()))
    return;
  /* A failed restart is no loss but speed: the name of the kernels is in every manifest. */
  if (setenv(guard, "1", 1) == 0 && setenv("OPENBLAS_CORETYPE", "SkylakeX", 1) == 0)
    (void)execv("/proc/self/exe", argv);
  (void)unsetenv("OPENBLAS_CORETYPE");
  (void)unsetenv(guard);
#else
  (void)argc;
  (void)argv;
#endif
}

static pthread_once_t single_thread_once = PTHREAD_ONCE_INIT;

static void set_single_thread(void) {
  openblas_set_num_threads(1);
}

void ndg_blas_single_thread(void) {
  (void)pthread_once(&single_thread_once, set_single_thread);
}

static void copy_text(char *out, size_t size, const char *text) {
  size_t n = strnlen(text, size - 1);
  while (n > 0 && text[n - 1] == ' ')
    n--;
  memcpy(out, text, n);
  out[n] = '\0';
}

void ndg_blas_describe(ndg_blas_info *out) {
  const char *core = openblas_get_corename();
  const char *family = "other";
  if (has_512_kernels(core))
    family = "AVX-512";
  else if (listed(core, kernels_256, sizeof kernels_256 / sizeof *kernels_256))
    family = "AVX2";
  copy_text(out->library, sizeof out->library, openblas_get_config());
  copy_text(out->core, sizeof out->core, core);
  copy_text(out->family, sizeof out->family, family);
}

/* Row-major product without a library, for long double: rows of B stay in cache. */
static void gemm_long_double(const ndg_gemm *g, const long double *a, const long double *b,
                             long double *c) {
  const size_t a_row = g->a_transposed ? 1 : g->lda, a_column = g->a_transposed ? g->lda : 1;
  const size_t b_row = g->b_transposed ? 1 : g->ldb, b_column = g->b_transposed ? g->ldb : 1;
  for (size_t i = 0; i < g->m; i++) {
    long double *row = c + i * g->ldc;
    for (size_t j = 0; !g->accumulate && j < g->n; j++)
      row[j] = 0;
    for (size_t p = 0; p < g->k; p++) {
      const long double x = a[i * a_row + p * a_column];
      const long double *y = b + p * b_row;
      for (size_t j = 0; j < g->n; j++)
        row[j] += x * y[j * b_column];
    }
  }
}

static CBLAS_TRANSPOSE flag(bool transposed) {
  return transposed ? CblasTrans : CblasNoTrans;
}

void ndg_gemm_blas(ndg_dtype dtype, const ndg_gemm *g, const void *a, const void *b, void *c) {
  const blasint m = (blasint)g->m, n = (blasint)g->n, k = (blasint)g->k;
  const blasint lda = (blasint)g->lda, ldb = (blasint)g->ldb, ldc = (blasint)g->ldc;
  const CBLAS_TRANSPOSE ta = flag(g->a_transposed), tb = flag(g->b_transposed);
  const double complex_one[2] = {1, 0}, complex_beta[2] = {g->accumulate, 0};
  switch (dtype) {
  case NDG_F32:
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, g->accumulate, c, ldc);
    break;
  case NDG_F64:
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, g->accumulate, c, ldc);
    break;
  case NDG_C128:
    cblas_zgemm(CblasRowMajor, ta, tb, m, n, k, complex_one, a, lda, b, ldb, complex_beta, c, ldc);
    break;
  default:
    gemm_long_double(g, a, b, c);
    break;
  }
}

/* The library's sizes are 32-bit integers; ours are not. */
static bool fits_library(const ndg_gemm *g) {
  return (g->m | g->n | g->k | g->lda | g->ldb | g->ldc) <= INT32_MAX;
}

static bool is_large(size_t m, size_t n, size_t k) {
  return m * n > NDG_SMALL_PRODUCT / k;
}

static const ndg_gemm_large *large_kernels(ndg_dtype dtype) {
  const ndg_gemm_kernels *k = ndg_kernels_best()->gemm;
  return dtype == NDG_F32 ? k->large_f32 : dtype == NDG_F64 ? k->large_f64 : NULL;
}

size_t ndg_gemm_work(ndg_dtype dtype, size_t m, size_t n, size_t k) {
  if (!is_large(m, n, k) || !large_kernels(dtype))
    return NDG_GEMM_WORK;
  const size_t columns = n < NDG_LARGE_COLUMNS ? (n + 63) / 64 * 64 : NDG_LARGE_COLUMNS;
  const size_t rows = m < NDG_LARGE_ROWS ? (m + 63) / 64 * 64 : NDG_LARGE_ROWS;
  return NDG_GEMM_WORK + (columns + rows) * NDG_SLICE_MOST * ndg_dtype_size(dtype);
}

void ndg_gemm_run(ndg_dtype dtype, const ndg_gemm *g, const void *a, const void *b, void *c,
                  void *work) {
  const bool large = is_large(g->m, g->n, g->k);
  const ndg_gemm_large *ours = large_kernels(dtype);
  if (g->b_packed || (large && ours)) {
    ours->multiply(g, a, b, c, work);
    return;
  }
  if (dtype == NDG_LONG_DOUBLE || (large && fits_library(g))) {
    ndg_gemm_blas(dtype, g, a, b, c);
    return;
  }
  const ndg_gemm_kernels *k = ndg_kernels_best()->gemm;
  (dtype == NDG_F32 ? k->f32 : dtype == NDG_F64 ? k->f64 : k->c128)(g, a, b, c, work);
}

size_t ndg_gemm_packed_width(ndg_dtype dtype, size_t m, size_t n, size_t k) {
  const ndg_gemm_large *ours = large_kernels(dtype);
  return ours && is_large(m, n, k) ? (n + ours->width - 1) / ours->width * ours->width : 0;
}

size_t ndg_gemm_slices(size_t k) {
  return ndg_n_slices(k);
}

void ndg_gemm_pack(ndg_dtype dtype, const ndg_gemm *g, const void *b, size_t begin, size_t end,
                   void *packed) {
  large_kernels(dtype)->pack(g, b, begin, end, packed);
}
