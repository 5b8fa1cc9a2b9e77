/* SPDX-License-Identifier: MIT */
/* Large matrix products for AVX-512, where the distribution's library reaches two thirds of what
   the processor can do; on others it serves well. As in the small products an element's bits depend
   on its row of A and column of B only, not on how the product is cut. */
#include <immintrin.h>
#include <string.h>

#include "tensor/gemm_small.h"

#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define MR 8
#define NV 3
/* Per step of k so much of the next strip is fetched: all of it while a dozen blocks are computed,
   and never so much at a time that the cache's own traffic waits. */
#define FETCH_BYTES 16

/* One step of turning a square: the two halves of the rows interleaved. After log2 W steps rows
   have become columns. */
#define TURN_STEP(v, low, high)                                                                    \
  do {                                                                                             \
    VECTOR next[W];                                                                                \
    UNROLL for (size_t i = 0; i < W / 2; i++) {                                                    \
      next[2 * i] = low(v[i], v[i + W / 2]);                                                       \
      next[2 * i + 1] = high(v[i], v[i + W / 2]);                                                  \
    }                                                                                              \
    UNROLL for (size_t i = 0; i < W; i++) v[i] = next[i];                                          \
  } while (0)

/* float32 */
#define T float
#define NAME(x) x##_f32
#define W 16
#define VECTOR __m512
#define MASK __mmask16
#define FILL(x) _mm512_set1_ps(x)
#define LOAD(from) _mm512_loadu_ps(from)
#define STORE(to, v) _mm512_storeu_ps(to, v)
#define LOAD_PART(mask, from) _mm512_maskz_loadu_ps(mask, from)
#define STORE_PART(mask, to, v) _mm512_mask_storeu_ps(to, mask, v)
static MASK mask_f32(size_t n) {
  return (MASK)((1u << n) - 1);
}
INLINE __m512 low_f32(__m512 a, __m512 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
INLINE __m512 high_f32(__m512 a, __m512 b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                 31);
}
INLINE void turn_f32(__m512 *v) {
  UNROLL for (int step = 0; step < 4; step++) TURN_STEP(v, low_f32, high_f32);
}
#include "tensor/gemm_large.h"
#undef T
#undef NAME
#undef W
#undef VECTOR
#undef MASK
#undef FILL
#undef LOAD
#undef STORE
#undef LOAD_PART
#undef STORE_PART

/* float64 */
#define T double
#define NAME(x) x##_f64
#define W 8
#define VECTOR __m512d
#define MASK __mmask8
#define FILL(x) _mm512_set1_pd(x)
#define LOAD(from) _mm512_loadu_pd(from)
#define STORE(to, v) _mm512_storeu_pd(to, v)
#define LOAD_PART(mask, from) _mm512_maskz_loadu_pd(mask, from)
#define STORE_PART(mask, to, v) _mm512_mask_storeu_pd(to, mask, v)
static MASK mask_f64(size_t n) {
  return (MASK)((1u << n) - 1);
}
INLINE __m512d low_f64(__m512d a, __m512d b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
INLINE __m512d high_f64(__m512d a, __m512d b) {
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
INLINE void turn_f64(__m512d *v) {
  UNROLL for (int step = 0; step < 3; step++) TURN_STEP(v, low_f64, high_f64);
}
#include "tensor/gemm_large.h"

const ndg_gemm_large ndg_gemm_large_f32 = {16, multiply_f32, pack_f32};
const ndg_gemm_large ndg_gemm_large_f64 = {8, multiply_f64, pack_f64};
