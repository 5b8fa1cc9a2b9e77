/* SPDX-License-Identifier: MIT */
/* The front end to BLAS: matrix products of every element type, and which kernels serve them. */
#ifndef NUDGE_TENSOR_BLAS_H
#define NUDGE_TENSOR_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "nudge/types.h"

/* [main; first statement of main(); may re-execute the process] OpenBLAS of the distribution may
   not know a new processor and then runs kernels of half the width. Its choice can only be changed
   by the environment before it is loaded: where that helps and the user has not chosen, set
   OPENBLAS_CORETYPE and start this executable again, once. */
void ndg_blas_prepare(int argc, char **argv);
/* [any; any; cheap] All BLAS and LAPACK calls of this process run on their calling thread. */
void ndg_blas_single_thread(void);

typedef struct ndg_blas_info {
  char library[128]; /* version and build options */
  char core[32];     /* the kernels OpenBLAS chose */
  char family[32];   /* their vector width: "AVX-512", "AVX2", ... */
} ndg_blas_info;
/* [any; any; cheap] */
void ndg_blas_describe(ndg_blas_info *out);

/* A product C := op(A) op(B) (+ C if accumulate) of row-major matrices, to each row of which
   `start` is added if that is not NULL (small real products only, without accumulate). */
typedef struct ndg_gemm {
  size_t m, n, k;
  size_t lda, ldb, ldc; /* numbers from one stored row to the next */
  bool a_transposed, b_transposed, accumulate;
  bool b_packed; /* by ndg_gemm_pack; of B as it was, ldb and b_transposed mean nothing any more */
  const void *start; /* n numbers */
} ndg_gemm;
/* Bytes of work space, aligned to 64, for small products. */
#define NDG_GEMM_WORK 32256
/* [any; any; cheap] The same for a product of any size or part of its rows. */
size_t ndg_gemm_work(ndg_dtype, size_t m, size_t n, size_t k);
/* [any; any; hot] All three of one element type; never conjugates. Small products are our own (no
   allocation, no packing of what is used once), large ones too where the processor has AVX-512,
   else the library's; the choice depends on sizes and the processor only. */
void ndg_gemm_run(ndg_dtype, const ndg_gemm *, const void *a, const void *b, void *c, void *work);
/* A right operand that several products read can be packed once for all of them, in slices of k.
   [any; any; cheap] Numbers of a row of k of a packed B, or 0 if products of this size read B as it
   lies. */
size_t ndg_gemm_packed_width(ndg_dtype, size_t m, size_t n, size_t k);
/* [any; any; pure] How many slices there are. */
size_t ndg_gemm_slices(size_t k);
/* [any; any; hot] Packs slices [begin, end) to their place; `packed` is aligned to 64. */
void ndg_gemm_pack(ndg_dtype, const ndg_gemm *, const void *b, size_t begin, size_t end,
                   void *packed);
/* [any; any; hot] The library's; no size above INT32_MAX. */
void ndg_gemm_blas(ndg_dtype, const ndg_gemm *, const void *a, const void *b, void *c);

#endif
