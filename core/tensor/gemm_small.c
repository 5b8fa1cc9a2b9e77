/* SPDX-License-Identifier: MIT */
#include "tensor/gemm_small.h"

#include "tensor/kernels.h"

bool ndg_gemm_is_small(ndg_dtype dtype, const ndg_gemm *g) {
  return dtype != NDG_LONG_DOUBLE && g->m * g->n <= NDG_SMALL_PRODUCT / g->k;
}

void ndg_gemm_run_many(ndg_dtype dtype, const ndg_gemm *g, const ndg_gemm_steps *s, const void *a,
                       const void *b, void *c, void *work) {
  const ndg_gemm_kernels *k = ndg_kernels_best()->gemm;
  ndg_gemm whole = *g;
  ndg_gemm_steps one = {.n = 1};
  if (s->b == 0 && s->start == 0 && !g->a_transposed && s->a == g->m * g->lda &&
      s->c == g->m * g->ldc)
    whole.m *= s->n;
  else
    one = *s;
  (dtype == NDG_F32   ? k->many_f32
   : dtype == NDG_F64 ? k->many_f64
                      : k->many_c128)(&whole, &one, a, b, c, work);
}
