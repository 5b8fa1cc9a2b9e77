/* SPDX-License-Identifier: MIT */
/* Small matrix products for one instruction set; compiled once for each, with fused multiply-adds
   where there are any. Blocks of MR rows by up to NV vectors of C stay in registers while k runs.
 */
#include <string.h>

#include "tensor/gemm_small.h"

#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

#if defined(NDG_ISA_AVX512)
#include <immintrin.h>
#define BYTES 64
#define MR 8
#define NV 3
#define TABLE ndg_gemm_avx512
#elif defined(NDG_ISA_AVX2)
#include <immintrin.h>
#define BYTES 32
#define MR 4
#define NV 3
#define TABLE ndg_gemm_avx2
#else
#define BYTES 16
#define MR 4
#define NV 2
#define TABLE ndg_gemm_generic
#endif

/* Packing a panel that is read by this many rows, of a B that spans many pages, pays. */
#define PACK_ROWS 32
#define PACK_SIZE 16384

_Static_assert(BYTES *NV <= NDG_SMALL_PANEL_BYTES, "work space of a panel");

/* float32 */
#define T float
#define NAME(x) x##_f32
#if defined(NDG_ISA_AVX512)
#define VECTOR __m512
#define MASK __mmask16
#define LOAD_PART(mask, from) _mm512_maskz_loadu_ps(mask, from)
#define STORE_PART(mask, to, v) _mm512_mask_storeu_ps(to, mask, v)
static MASK mask_f32(size_t n) {
  return (MASK)((1u << n) - 1);
}
#elif defined(NDG_ISA_AVX2)
#define VECTOR __m256
#define MASK __m256i
#define LOAD_PART(mask, from) _mm256_maskload_ps(from, mask)
#define STORE_PART(mask, to, v) _mm256_maskstore_ps(to, mask, v)
static MASK mask_f32(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#else
typedef float vector_f32 __attribute__((vector_size(BYTES)));
#define VECTOR vector_f32
#define MASK size_t
#define LOAD_PART(mask, from) load_f32(mask, from)
#define STORE_PART(mask, to, v) store_f32(mask, to, v)
static MASK mask_f32(size_t n) {
  return n;
}
INLINE VECTOR load_f32(size_t n, const float *from) {
  VECTOR v = {0};
  for (size_t i = 0; i < BYTES / sizeof *from; i++)
    v[i] = i < n ? from[i] : 0;
  return v;
}
INLINE void store_f32(size_t n, float *to, VECTOR v) {
  for (size_t i = 0; i < n; i++)
    to[i] = v[i];
}
#endif
#include "tensor/gemm_block.h"
#undef T
#undef NAME
#undef VECTOR
#undef MASK
#undef LOAD_PART
#undef STORE_PART

/* float64 */
#define T double
#define NAME(x) x##_f64
#if defined(NDG_ISA_AVX512)
#define VECTOR __m512d
#define MASK __mmask8
#define LOAD_PART(mask, from) _mm512_maskz_loadu_pd(mask, from)
#define STORE_PART(mask, to, v) _mm512_mask_storeu_pd(to, mask, v)
static MASK mask_f64(size_t n) {
  return (MASK)((1u << n) - 1);
}
#elif defined(NDG_ISA_AVX2)
#define VECTOR __m256d
#define MASK __m256i
#define LOAD_PART(mask, from) _mm256_maskload_pd(from, mask)
#define STORE_PART(mask, to, v) _mm256_maskstore_pd(to, mask, v)
static MASK mask_f64(size_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), _mm256_setr_epi64x(0, 1, 2, 3));
}
#else
typedef double vector_f64 __attribute__((vector_size(BYTES)));
#define VECTOR vector_f64
#define MASK size_t
#define LOAD_PART(mask, from) load_f64(mask, from)
#define STORE_PART(mask, to, v) store_f64(mask, to, v)
static MASK mask_f64(size_t n) {
  return n;
}
INLINE VECTOR load_f64(size_t n, const double *from) {
  VECTOR v = {0};
  for (size_t i = 0; i < BYTES / sizeof *from; i++)
    v[i] = i < n ? from[i] : 0;
  return v;
}
INLINE void store_f64(size_t n, double *to, VECTOR v) {
  for (size_t i = 0; i < n; i++)
    to[i] = v[i];
}
#endif
#include "tensor/gemm_block.h"

static void f32(const ndg_gemm *g, const void *a, const void *b, void *c, void *work) {
  multiply_f32(g, a, b, c, work, 1);
}
static void f64(const ndg_gemm *g, const void *a, const void *b, void *c, void *work) {
  multiply_f64(g, a, b, c, work, 1);
}
/* Interleaved, B and C are real matrices of twice the columns; rows of A count twice, real part and
   imaginary part, and are joined again in C. */
static void c128(const ndg_gemm *g, const void *a, const void *b, void *c, void *work) {
  multiply_f64(g, a, b, c, work, 2);
}

const ndg_gemm_kernels TABLE = {.f32 = f32,
                                .f64 = f64,
                                .c128 = c128,
#if defined(NDG_ISA_AVX512)
                                .large_f32 = ndg_gemm_large_f32,
                                .large_f64 = ndg_gemm_large_f64
#endif
};
