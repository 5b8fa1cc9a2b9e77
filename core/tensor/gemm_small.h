/* SPDX-License-Identifier: MIT */
/* Matrix products that are too small for a library call: no allocation, hardly any packing, and an
   element's bits depend on its row of A and column of B only, not on how the product is cut. */
#ifndef NUDGE_TENSOR_GEMM_SMALL_H
#define NUDGE_TENSOR_GEMM_SMALL_H

#include <stddef.h>

#include "tensor/blas.h"

/* k is cut into as few slices as have about NDG_SLICE steps each, all nearly as long as each other
   and begun at multiples of 8, so that a panel of B, one slice of at most so many bytes a row,
   stays in the first-level cache. Products of any size are cut so, for the same bits. */
#define NDG_SLICE 160
#define NDG_PANEL_BYTES 192
/* Multiply-adds of a small product at most. Up to here OpenBLAS has small kernels too, but they
   allocate on every call. */
#define NDG_SMALL_PRODUCT ((size_t)1000000)
/* The last slice may be up to 7 steps longer. */
#define NDG_SLICE_MOST (NDG_SLICE + 8)
_Static_assert(NDG_SLICE % 8 == 0, "no slice but the last is longer");
_Static_assert(NDG_SLICE_MOST *NDG_PANEL_BYTES <= NDG_GEMM_WORK, "work space of a panel");

static inline size_t ndg_n_slices(size_t k) {
  return k <= NDG_SLICE ? 1 : (k + NDG_SLICE - 1) / NDG_SLICE;
}

/* Where slice i of n begins, and where slice i - 1 ends. */
static inline size_t ndg_slice_begin(size_t k, size_t n, size_t i) {
  return i == n ? k : k * i / n / 8 * 8;
}

typedef void (*ndg_gemm_small)(const ndg_gemm *, const void *a, const void *b, void *c, void *work);

/* The same product of n triples of matrices, so many elements apart; `start` likewise. */
typedef struct ndg_gemm_steps {
  size_t n, a, b, c, start;
} ndg_gemm_steps;
typedef void (*ndg_gemm_many)(const ndg_gemm *, const ndg_gemm_steps *, const void *a,
                              const void *b, void *c, void *work);

/* gemm_large.h: large products of one element type. */
typedef struct ndg_gemm_large {
  size_t width; /* numbers of a vector */
  ndg_gemm_small multiply;
  /* Slices [begin, end) of the right operand, see ndg_gemm_pack. */
  void (*pack)(const ndg_gemm *, const void *b, size_t begin, size_t end, void *packed);
} ndg_gemm_large;

/* For one instruction set. */
typedef struct ndg_gemm_kernels {
  ndg_gemm_small f32, f64, c128;
  ndg_gemm_many many_f32, many_f64, many_c128;
  /* NULL where the library's are as fast */
  const ndg_gemm_large *large_f32, *large_f64;
} ndg_gemm_kernels;

/* [any; any; pure] Whether a product is small. */
bool ndg_gemm_is_small(ndg_dtype, const ndg_gemm *);
/* [any; any; hot] n small products; with b and start steps 0 and rows of A and C one after the
   other, one product of n times the rows, to the same bits. */
void ndg_gemm_run_many(ndg_dtype, const ndg_gemm *, const ndg_gemm_steps *, const void *a,
                       const void *b, void *c, void *work);

/* gemm_large_avx512.c */
extern const ndg_gemm_large ndg_gemm_large_f32, ndg_gemm_large_f64;
/* Work space of a large product: for a slice of k, so many columns of B and, if A is transposed, so
   many of its rows at a time. */
#define NDG_LARGE_COLUMNS ((size_t)512)
#define NDG_LARGE_ROWS ((size_t)256)

extern const ndg_gemm_kernels ndg_gemm_generic, ndg_gemm_avx2, ndg_gemm_avx512;

#endif
