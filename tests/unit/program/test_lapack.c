/* SPDX-License-Identifier: MIT */
/* LAPACK wrappers and products: solutions put back, small products of every size and cut. */
#include <check.h>
#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../suite.h"
#include "base/memory.h"
#include "base/random.h"
#include "tensor/dtype.h"
#include "tensor/gemm_small.h"
#include "tensor/kernels.h"
#include "tensor/lapack.h"

enum { N = 23, N_RHS = 3 };

static void fill(double *x, size_t n, ndg_rng *rng) {
  for (size_t i = 0; i < n; i++)
    x[i] = 2 * ndg_rng_uniform(rng) - 1;
}

/* y = A x, or Aᵀ x. */
static void multiply(bool transposed, double a[N][N], const double *x, double *y) {
  for (int i = 0; i < N; i++) {
    y[i] = 0;
    for (int j = 0; j < N; j++)
      y[i] += (transposed ? a[j][i] : a[i][j]) * x[j];
  }
}

/* G Gᵀ + I. */
static void make_definite(double a[N][N], ndg_rng *rng) {
  double g[N][N];
  fill(&g[0][0], (size_t)N * N, rng);
  for (int i = 0; i < N; i++) {
    multiply(false, g, g[i], a[i]);
    a[i][i] += 1;
  }
}

START_TEST(cholesky_solves) {
  double a[N][N], l[N][N], x[N_RHS][N], b[N];
  ndg_error e = {0};
  ndg_rng rng = ndg_rng_root(1);
  make_definite(a, &rng);
  memcpy(l, a, sizeof l);
  for (int i = 0; i < N; i++)
    for (int j = i + 1; j < N; j++)
      l[i][j] = NAN; /* only the lower triangle may be read */
  fill(&x[0][0], (size_t)N_RHS * N, &rng);
  double given[N_RHS][N];
  memcpy(given, x, sizeof x);
  ck_assert(ndg_cholesky(N, &l[0][0], &e) == NDG_OK);
  ndg_cholesky_solve(N, &l[0][0], N_RHS, &x[0][0]);
  for (int r = 0; r < N_RHS; r++) {
    multiply(false, a, x[r], b);
    for (int i = 0; i < N; i++)
      ck_assert_double_eq_tol(b[i], given[r][i], 1e-11);
  }
  a[5][5] = -1;
  ck_assert(ndg_cholesky(N, &a[0][0], &e) == NDG_ENUMERIC);
  ck_assert_ptr_nonnull(strstr(e.text, "positive definite"));
  ck_assert(ndg_cholesky(0, NULL, &e) == NDG_OK);
}
END_TEST

START_TEST(lu_solves) {
  double a[N][N], lu[N][N], x[N_RHS][N], given[N_RHS][N], b[N];
  int32_t pivots[N];
  ndg_error e = {0};
  ndg_rng rng = ndg_rng_root(2);
  fill(&a[0][0], (size_t)N * N, &rng);
  for (int transposed = 0; transposed < 2; transposed++) {
    memcpy(lu, a, sizeof lu);
    fill(&x[0][0], (size_t)N_RHS * N, &rng);
    memcpy(given, x, sizeof x);
    ck_assert(ndg_lu(N, &lu[0][0], pivots, &e) == NDG_OK);
    ndg_lu_solve(N, &lu[0][0], pivots, transposed, N_RHS, &x[0][0]);
    for (int r = 0; r < N_RHS; r++) {
      multiply(transposed, a, x[r], b);
      for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(b[i], given[r][i], 1e-10);
    }
  }
  memset(a[3], 0, sizeof a[3]);
  ck_assert(ndg_lu(N, &a[0][0], pivots, &e) == NDG_ENUMERIC);
}
END_TEST

START_TEST(eigenvectors_are_eigenvectors) {
  double a[N][N], v[N][N], w[N], alone[N], av[N];
  ndg_error e = {0};
  ndg_rng rng = ndg_rng_root(4);
  make_definite(a, &rng);
  memcpy(v, a, sizeof v);
  ck_assert(ndg_symmetric_eigen(N, &v[0][0], true, w, &e) == NDG_OK);
  for (int i = 0; i < N; i++) {
    ck_assert(i == 0 || w[i] >= w[i - 1]);
    multiply(false, a, v[i], av);
    for (int j = 0; j < N; j++)
      ck_assert_double_eq_tol(av[j], w[i] * v[i][j], 1e-11);
  }
  ck_assert(ndg_symmetric_eigen(N, &a[0][0], false, alone, &e) == NDG_OK);
  for (int i = 0; i < N; i++)
    ck_assert_double_eq_tol(alone[i], w[i], 1e-11);
  for (uint64_t n = 0; n < 2; n++) {
    ndg_fail_allocations_after(n);
    const ndg_status st = ndg_symmetric_eigen(N, &a[0][0], false, alone, &e);
    ndg_fail_allocations_after(UINT64_MAX);
    ck_assert(st == NDG_ENOMEM);
  }
}
END_TEST

/* Small products. Integers, so that every order of addition gives the same. */
enum { LARGEST = 150 };

typedef struct operands {
  ndg_gemm g;
  ndg_dtype dtype;
  double complex a[LARGEST * 40], b[LARGEST * 40], c[40 * 40];
  _Alignas(16) char am[LARGEST * 40 * 16];
  _Alignas(16) char bm[LARGEST * 40 * 16];
  _Alignas(16) char cm[40 * 41 * 16];
} operands;

static void put_all(ndg_dtype dtype, char *to, const double complex *from, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const ndg_complex z = {creal(from[i]), cimag(from[i])};
    ndg_dtype_convert(dtype, to + i * ndg_dtype_size(dtype), NDG_C128, &z, 1);
  }
}

static double complex integer(ndg_rng *rng, ndg_dtype dtype) {
  const double re = (double)ndg_rng_below(rng, 9) - 4, im = (double)ndg_rng_below(rng, 9) - 4;
  return dtype == NDG_C128 ? re + I * im : re;
}

static void draw(operands *o, ndg_rng *rng) {
  ndg_gemm *g = &o->g;
  *g = (ndg_gemm){.m = 1 + ndg_rng_below(rng, 39),
                  .n = 1 + ndg_rng_below(rng, 39),
                  .k = 1 + ndg_rng_below(rng, ndg_rng_below(rng, 4) ? 20 : LARGEST - 1),
                  .a_transposed = ndg_rng_below(rng, 2),
                  .b_transposed = ndg_rng_below(rng, 2),
                  .accumulate = ndg_rng_below(rng, 2)};
  g->lda = g->a_transposed ? g->m : g->k;
  g->ldb = g->b_transposed ? g->k : g->n;
  g->ldc = g->n + ndg_rng_below(rng, 2);
  for (size_t i = 0; i < g->m * g->k; i++)
    o->a[i] = integer(rng, o->dtype);
  for (size_t i = 0; i < g->n * g->k; i++)
    o->b[i] = integer(rng, o->dtype);
  for (size_t i = 0; i < g->m * g->n; i++)
    o->c[i] = integer(rng, o->dtype);
  put_all(o->dtype, o->am, o->a, g->m * g->k);
  put_all(o->dtype, o->bm, o->b, g->n * g->k);
  memset(o->cm, 0x7f, sizeof o->cm);
  const size_t size = ndg_dtype_size(o->dtype);
  for (size_t i = 0; i < g->m; i++)
    put_all(o->dtype, o->cm + i * g->ldc * size, o->c + i * g->n, g->n);
}

static void check_product(const operands *o, const char *name) {
  const ndg_gemm *g = &o->g;
  const size_t size = ndg_dtype_size(o->dtype);
  for (size_t i = 0; i < g->m; i++)
    for (size_t j = 0; j < g->n; j++) {
      double complex sum = g->accumulate ? o->c[i * g->n + j] : 0;
      for (size_t p = 0; p < g->k; p++)
        sum += o->a[g->a_transposed ? p * g->lda + i : i * g->lda + p] *
               o->b[g->b_transposed ? j * g->ldb + p : p * g->ldb + j];
      ndg_complex z = {0, 0};
      ndg_dtype_convert(NDG_C128, &z, o->dtype, o->cm + (i * g->ldc + j) * size, 1);
      ck_assert_msg(z.re == creal(sum) && z.im == cimag(sum),
                    "%s %s %zu x %zu x %zu %d%d: (%zu,%zu)", name, ndg_dtype_name(o->dtype), g->m,
                    g->k, g->n, g->a_transposed, g->b_transposed, i, j);
    }
  for (size_t i = 0; i < g->m && g->ldc > g->n; i++)
    for (size_t b = 0; b < size; b++)
      ck_assert_msg(o->cm[(i * g->ldc + g->n) * size + b] == 0x7f, "written past a row");
}

/* For any large product. */
static _Alignas(
    64) char large_work[(NDG_LARGE_COLUMNS + NDG_LARGE_ROWS) * NDG_SLICE_MOST * sizeof(double)];

START_TEST(small_products_are_right) {
  static operands o;
  static _Alignas(64) char work[NDG_GEMM_WORK];
  const ndg_dtype dtypes[] = {NDG_F32, NDG_F64, NDG_C128, NDG_LONG_DOUBLE};
  const ndg_kernels *k;
  ndg_rng rng = ndg_rng_root(5);
  o.dtype = dtypes[_i];
  for (int round = 0; round < 300; round++) {
    for (size_t isa = 0; (k = ndg_kernels_get(isa)) && o.dtype != NDG_LONG_DOUBLE; isa++) {
      draw(&o, &rng);
      (o.dtype == NDG_F32   ? k->gemm->f32
       : o.dtype == NDG_F64 ? k->gemm->f64
                            : k->gemm->c128)(&o.g, o.am, o.bm, o.cm, work);
      check_product(&o, k->name);
      const ndg_gemm_large *large = o.dtype == NDG_F32   ? k->gemm->large_f32
                                    : o.dtype == NDG_F64 ? k->gemm->large_f64
                                                         : NULL;
      draw(&o, &rng);
      if (large) {
        large->multiply(&o.g, o.am, o.bm, o.cm, large_work);
        check_product(&o, "large");
      }
    }
    draw(&o, &rng);
    ndg_gemm_blas(o.dtype, &o.g, o.am, o.bm, o.cm);
    check_product(&o, "library");
    draw(&o, &rng);
    ndg_gemm_run(o.dtype, &o.g, o.am, o.bm, o.cm, work);
    check_product(&o, "chosen");
  }
}
END_TEST

/* Several products at once have the bits of each alone, also where they share the right operand and
   so become one of more rows. */
START_TEST(many_products_are_each_of_them) {
  static const size_t shapes[][3] = {{10, 40, 40}, {10, 1, 40}, {10, 40, 1}, {40, 10, 1},
                                     {1, 10, 40},  {7, 9, 33},  {3, 64, 64}, {40, 10, 40}};
  enum { COUNT = 5, MOST = 64 * 64 };
  static _Alignas(64) char work[NDG_GEMM_WORK];
  static float a[COUNT * MOST], b[COUNT * MOST], rows[COUNT * 64], one[MOST], many[COUNT * MOST];
  const ndg_kernels *k;
  ndg_rng rng = ndg_rng_root(8);
  for (size_t i = 0; i < (size_t)COUNT * MOST; i++) {
    a[i] = (float)ndg_rng_uniform(&rng) - 0.5f;
    b[i] = (float)ndg_rng_uniform(&rng) - 0.5f;
    rows[i % (COUNT * 64)] = (float)ndg_rng_uniform(&rng) - 0.5f;
  }
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (int form = 0; form < 16; form++) {
      const size_t m = shapes[i][0], depth = shapes[i][1], n = shapes[i][2];
      const bool ta = form & 1, tb = form & 2, shared = form & 4, started = form & 8;
      ndg_gemm g = {m, n, depth, ta ? m : depth, tb ? depth : n, n, ta, tb, false, false, NULL};
      const ndg_gemm_steps s = {COUNT, m * depth, shared ? 0 : depth * n, m * n, shared ? 0 : n};
      g.start = started ? rows : NULL;
      ndg_gemm_run_many(NDG_F32, &g, &s, a, b, many, work);
      for (size_t t = 0; t < COUNT; t++) {
        g.start = started ? rows + t * s.start : NULL;
        ndg_gemm_run(NDG_F32, &g, a + t * s.a, b + t * s.b, one, work);
        ck_assert_mem_eq(many + t * s.c, one, m * n * sizeof *one);
        for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++) {
          k->gemm->f32(&g, a + t * s.a, b + t * s.b, one, work);
          for (size_t j = 0; j < m * n; j++)
            ck_assert(fabsf(one[j] - many[t * s.c + j]) < 1e-4f);
        }
        g.start = NULL;
        ndg_gemm_run(NDG_F32, &g, a + t * s.a, b + t * s.b, one, work);
        for (size_t j = 0; j < m * n; j++) {
          const float row = started ? rows[t * s.start + j % n] : 0;
          ck_assert(fabsf(one[j] + row - many[t * s.c + j]) < 1e-4f);
        }
      }
    }
}
END_TEST

/* A row of the result has the same bits whether it is computed with others or alone. */
START_TEST(small_products_may_be_cut) {
  static _Alignas(64) char work[NDG_GEMM_WORK];
  enum { M = 19, K = 300, COLUMNS = 29 };
  static double a[M * K], b[K * COLUMNS], whole[M * COLUMNS], part[M * COLUMNS];
  const ndg_kernels *k;
  ndg_rng rng = ndg_rng_root(6);
  fill(a, (size_t)M * K, &rng);
  fill(b, (size_t)K * COLUMNS, &rng);
  for (size_t isa = 0; (k = ndg_kernels_get(isa)); isa++) {
    ndg_gemm g = {.m = M, .n = COLUMNS, .k = K, .lda = K, .ldb = COLUMNS, .ldc = COLUMNS};
    k->gemm->f64(&g, a, b, whole, work);
    g.m = 1;
    for (size_t i = 0; i < M; i++)
      k->gemm->f64(&g, a + i * K, b, part + i * COLUMNS, work);
    ck_assert_mem_eq(whole, part, sizeof whole);
  }
}
END_TEST

/* Narrow products take two steps of k at a time where the columns end: the same for any cut of the
   rows and any layout of B, and an infinite number in a step that has no partner stays infinite. */
START_TEST(narrow_products_may_be_cut) {
  static _Alignas(64) char work[NDG_GEMM_WORK];
  enum { M = 21, MOST_K = 301, MOST_N = 40 };
  static const size_t columns[] = {2, 8, 17, 24, 33, 40}, depths[] = {2, 3, 40, 129, 301};
  static float a[M * MOST_K], b[MOST_K * MOST_N], turned[MOST_K * MOST_N];
  static float whole[M * MOST_N], part[M * MOST_N];
  const ndg_kernels *kernels;
  ndg_rng rng = ndg_rng_root(9);
  for (size_t i = 0; i < sizeof a / sizeof *a; i++)
    a[i] = (float)ndg_rng_uniform(&rng) - 0.5f;
  for (size_t i = 0; i < sizeof b / sizeof *b; i++)
    b[i] = (float)ndg_rng_uniform(&rng) + 0.5f;
  for (size_t c = 0; c < 30; c++) {
    const size_t n = columns[c % 6], k = depths[c / 6];
    a[3 * k - 1] = INFINITY; /* the last step of row 2 */
    for (size_t p = 0; p < k; p++)
      for (size_t j = 0; j < n; j++)
        turned[j * k + p] = b[p * n + j];
    for (size_t isa = 0; (kernels = ndg_kernels_get(isa)); isa++) {
      ndg_gemm g = {.m = M, .n = n, .k = k, .lda = k, .ldb = n, .ldc = n};
      kernels->gemm->f32(&g, a, b, whole, work);
      for (size_t begin = 0, end; begin < M; begin = end) {
        end = begin + 1 + begin / 3 < M ? begin + 1 + begin / 3 : M;
        g.m = end - begin;
        kernels->gemm->f32(&g, a + begin * k, b, part + begin * n, work);
      }
      ck_assert_mem_eq(whole, part, M * n * sizeof *whole);
      g.m = M;
      g.ldb = k;
      g.b_transposed = true;
      kernels->gemm->f32(&g, a, turned, part, work);
      ck_assert_mem_eq(whole, part, M * n * sizeof *whole);
      for (size_t i = 0; i < M * n; i++) {
        double sum = 0;
        for (size_t p = 0; p < k; p++)
          sum += (double)a[i / n * k + p] * (double)b[p * n + i % n];
        ck_assert(i / n == 2 ? whole[i] == INFINITY : fabs(whole[i] - sum) < 1e-5 * (double)k);
      }
    }
    a[3 * k - 1] = 0.25f;
  }
}
END_TEST

static void fill_integers(ndg_dtype dtype, void *x, size_t n, ndg_rng *rng) {
  for (size_t i = 0; i < n; i++) {
    const double value = (double)ndg_rng_below(rng, 7) - 3;
    ndg_dtype_convert(dtype, (char *)x + i * ndg_dtype_size(dtype), NDG_F64, &value, 1);
  }
}

/* The same with B packed beforehand, slice by slice; c begins as 0. */
static void check_packed(ndg_dtype dtype, const ndg_gemm *given, const void *a, const void *b,
                         const void *expected) {
  ndg_gemm g = *given;
  const size_t size = ndg_dtype_size(dtype), width = ndg_gemm_packed_width(dtype, g.m, g.n, g.k);
  if (width == 0 || g.accumulate)
    return;
  char *packed = aligned_alloc(64, (width * g.k * size + 63) / 64 * 64);
  char *c = calloc(g.m * g.n, size);
  for (size_t s = ndg_gemm_slices(g.k); s-- > 0;)
    ndg_gemm_pack(dtype, &g, b, s, s + 1, packed);
  g.b_packed = true;
  ndg_gemm_run(dtype, &g, a, packed, c, large_work);
  ck_assert_mem_eq(c, expected, g.m * g.n * size);
  free(c);
  free(packed);
}

/* More columns and rows than are packed at a time, several slices of k, and edges everywhere;
   integers, so that both are exact. */
START_TEST(large_products_are_the_librarys) {
  enum { M = 2 * NDG_LARGE_ROWS + 5, R = NDG_LARGE_COLUMNS + 37, K = 2 * NDG_SLICE + 9 };
  const ndg_dtype dtype = _i & 1 ? NDG_F64 : NDG_F32;
  const size_t size = ndg_dtype_size(dtype);
  const ndg_gemm g = {.m = M,
                      .n = R,
                      .k = K,
                      .lda = _i & 2 ? M : K,
                      .ldb = _i & 4 ? K : R,
                      .ldc = R,
                      .a_transposed = _i & 2,
                      .b_transposed = _i & 4,
                      .accumulate = _i & 8};
  static double a[M * K], b[K * R], c[M * R], expected[M * R];
  ndg_rng rng = ndg_rng_root(7);
  fill_integers(dtype, a, (size_t)M * K, &rng);
  fill_integers(dtype, b, (size_t)K * R, &rng);
  fill_integers(dtype, c, (size_t)M * R, &rng);
  memcpy(expected, c, sizeof c);
  ndg_gemm_blas(dtype, &g, a, b, expected);
  char *work = aligned_alloc(64, ndg_gemm_work(dtype, M, R, K));
  ndg_gemm_run(dtype, &g, a, b, c, work);
  free(work);
  ck_assert_mem_eq(c, expected, (size_t)M * R * size);
  check_packed(dtype, &g, a, b, expected);
}
END_TEST

/* The same bits alone, with others, and from the kernels for small products. */
START_TEST(large_products_may_be_cut) {
  enum { M = 300, K = 3 * NDG_SLICE + 5, COLUMNS = 100 };
  const ndg_gemm_kernels *k = ndg_kernels_best()->gemm;
  static double a[M * K], b[K * COLUMNS], whole[M * COLUMNS], part[M * COLUMNS];
  ndg_rng rng = ndg_rng_root(8);
  fill(a, (size_t)M * K, &rng);
  fill(b, (size_t)K * COLUMNS, &rng);
  ndg_gemm g = {.m = M,
                .n = COLUMNS,
                .k = K,
                .lda = _i ? M : K,
                .ldb = COLUMNS,
                .ldc = COLUMNS,
                .a_transposed = _i};
  if (!k->large_f64)
    return; /* the library's serve */
  k->large_f64->multiply(&g, a, b, whole, large_work);
  for (size_t i = 0, rows; i < M; i += rows) {
    rows = i % 7 + 1 < M - i ? i % 7 + 1 : M - i;
    g.m = rows;
    (i % 2 ? k->large_f64->multiply : k->f64)(&g, _i ? a + i : a + i * K, b, part + i * COLUMNS,
                                              large_work);
  }
  ck_assert_mem_eq(whole, part, sizeof whole);
}
END_TEST

/* Two rows further apart than the library's integers count; only their own pages are touched. */
START_TEST(far_rows_are_not_the_librarys) {
  enum { K = 1000, COLUMNS = 600 };
  static float b[K * COLUMNS], c[2 * COLUMNS];
  const size_t apart = ((size_t)INT32_MAX + 1) * 2, bytes = (apart + K) * sizeof(float);
  float *a =
      mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (a == MAP_FAILED)
    return; /* this machine maps no so large range */
  for (size_t p = 0; p < K; p++) {
    a[p] = 1;
    a[apart + p] = 2;
    for (size_t j = 0; j < COLUMNS; j++)
      b[p * COLUMNS + j] = (float)(j % 7);
  }
  const ndg_gemm g = {.m = 2, .n = COLUMNS, .k = K, .lda = apart, .ldb = COLUMNS, .ldc = COLUMNS};
  ndg_gemm_run(NDG_F32, &g, a, b, c, large_work);
  ck_assert_int_eq(munmap(a, bytes), 0);
  for (size_t j = 0; j < COLUMNS; j++)
    ck_assert(c[j] == (float)(K * (j % 7)) && c[COLUMNS + j] == (float)(2 * K * (j % 7)));
}
END_TEST

START_TEST(blas_describes_itself) {
  ndg_blas_info info;
  ndg_blas_describe(&info);
  ck_assert_int_gt((int)strlen(info.library), 0);
  ck_assert_int_gt((int)strlen(info.core), 0);
  ck_assert_int_gt((int)strlen(info.family), 0);
}
END_TEST

int main(int argc, char **argv) {
  ndg_blas_prepare(argc, argv);
  Suite *suite = suite_create("linear algebra");
  TCase *c = tcase_create("linear algebra");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, cholesky_solves);
  tcase_add_test(c, lu_solves);
  tcase_add_test(c, eigenvectors_are_eigenvectors);
  tcase_add_loop_test(c, small_products_are_right, 0, 4);
  tcase_add_test(c, many_products_are_each_of_them);
  tcase_add_test(c, small_products_may_be_cut);
  tcase_add_test(c, narrow_products_may_be_cut);
  tcase_add_loop_test(c, large_products_are_the_librarys, 0, 16);
  tcase_add_loop_test(c, large_products_may_be_cut, 0, 2);
  tcase_add_test(c, far_rows_are_not_the_librarys);
  tcase_add_test(c, blas_describes_itself);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
