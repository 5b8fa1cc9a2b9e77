/* SPDX-License-Identifier: MIT */
/* Matrix products that are too small for a library call: no allocation, hardly any packing, and an
   element's bits depend on its row of A and column of B only, not on how the product is cut. */
#ifndef NUDGE_TENSOR_GEMM_SMALL_H
#define NUDGE_TENSOR_GEMM_SMALL_H

#include <stddef.h>

#include "tensor/blas.h"

/* A panel of B, packed in the work space, has so many rows of at most so many bytes. */
#define NDG_SMALL_DEPTH 128
#define NDG_SMALL_PANEL_BYTES 192
_Static_assert(NDG_SMALL_DEPTH *NDG_SMALL_PANEL_BYTES <= NDG_GEMM_WORK, "work space of a panel");

typedef void (*ndg_gemm_small)(const ndg_gemm *, const void *a, const void *b, void *c, void *work);

/* For one instruction set. */
typedef struct ndg_gemm_kernels {
  ndg_gemm_small f32, f64, c128;
} ndg_gemm_kernels;

extern const ndg_gemm_kernels ndg_gemm_generic, ndg_gemm_avx2, ndg_gemm_avx512;

#endif
