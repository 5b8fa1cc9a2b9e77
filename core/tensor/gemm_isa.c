/* SPDX-License-Identifier: MIT */
/* Small matrix products for one instruction set; compiled once for each, with fused multiply-adds
   where there are any. Blocks of MR rows by up to NV vectors of C stay in registers while k runs.
 */
#include <stdint.h>
#include <string.h>

#include "tensor/gemm_small.h"

#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL16 UNROLL
#else
#define UNROLL _Pragma("GCC unroll 8")
#define UNROLL16 _Pragma("GCC unroll 16")
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
/* Packing a transposed B moves so many times as many numbers in the time of turning A and C. */
#if defined(NDG_ISA_AVX512)
#define TURN_FACTOR 4
#else
#define TURN_FACTOR 1
#endif

_Static_assert(BYTES *NV <= NDG_PANEL_BYTES, "work space of a panel");

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
#define REDUCE(v) _mm512_reduce_add_ps(v)
/* Lower halves interleaved; pairs of A side by side, or one with a zero; pairs added. */
#define PAIR(even, odd)                                                                            \
  _mm512_permutex2var_ps(                                                                          \
      even, _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), odd)
INLINE VECTOR fill_pairs_f32(const float *x) {
  double pair;
  memcpy(&pair, x, sizeof pair);
  return _mm512_castpd_ps(_mm512_set1_pd(pair));
}
#define FILL_PAIRS(x) fill_pairs_f32(x)
#define FILL_EVEN(x) _mm512_maskz_mov_ps(0x5555, _mm512_set1_ps(*(x)))
#define JOIN_PAIRS(v)                                                                              \
  _mm512_permutexvar_ps(_mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 0, 0, 0, 0, 0, 0, 0, 0),      \
                        (v) + _mm512_permute_ps(v, 0xb1))
/* 16 x 16: pairs, pairs of pairs, then quarters of the vectors. */
INLINE void turn_f32(VECTOR *v) {
  VECTOR t[16];
  UNROLL16 for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
  }
  UNROLL16 for (int i = 0; i < 16; i += 4) {
    v[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
    v[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
    v[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    v[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
  UNROLL16 for (int i = 0; i < 4; i++) {
    const VECTOR a = _mm512_shuffle_f32x4(v[i], v[i + 4], 0x88);
    const VECTOR b = _mm512_shuffle_f32x4(v[i], v[i + 4], 0xdd);
    const VECTOR c = _mm512_shuffle_f32x4(v[i + 8], v[i + 12], 0x88);
    const VECTOR d = _mm512_shuffle_f32x4(v[i + 8], v[i + 12], 0xdd);
    t[i] = _mm512_shuffle_f32x4(a, c, 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
    t[i + 8] = _mm512_shuffle_f32x4(a, c, 0xdd);
    t[i + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
  }
  UNROLL16 for (int i = 0; i < 16; i++) v[i] = t[i];
}
#define TURN_BLOCK turn_f32
#elif defined(NDG_ISA_AVX2)
#define VECTOR __m256
#define MASK __m256i
#define LOAD_PART(mask, from) _mm256_maskload_ps(from, mask)
#define STORE_PART(mask, to, v) _mm256_maskstore_ps(to, mask, v)
static MASK mask_f32(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#define REDUCE(v) reduce_f32(v)
#else
typedef float vector_f32 __attribute__((vector_size(BYTES)));
#define VECTOR vector_f32
#define MASK size_t
#define LOAD_PART(mask, from) load_f32(mask, from)
#define STORE_PART(mask, to, v) store_f32(mask, to, v)
static MASK mask_f32(size_t n) {
  return n;
}
#define REDUCE(v) reduce_f32(v)
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
#if !defined(NDG_ISA_AVX512)
/* In a fixed order: halves onto each other. */
INLINE float reduce_f32(VECTOR v) {
  enum { N = BYTES / sizeof(float) };
  UNROLL for (int half = N / 2; half > 0; half /= 2) UNROLL for (int i = 0; i < half; i++) v[i] +=
      v[i + half];
  return v[0];
}
#endif
#include "tensor/gemm_block.h"
#undef TURN_BLOCK
#undef REDUCE
#undef PAIR
#undef FILL_PAIRS
#undef FILL_EVEN
#undef JOIN_PAIRS
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
#define REDUCE(v) _mm512_reduce_add_pd(v)
#define PAIR(even, odd)                                                                            \
  _mm512_permutex2var_pd(even, _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), odd)
#define FILL_PAIRS(x) _mm512_broadcast_f64x2(_mm_loadu_pd(x))
#define FILL_EVEN(x) _mm512_maskz_mov_pd(0x55, _mm512_set1_pd(*(x)))
#define JOIN_PAIRS(v)                                                                              \
  _mm512_permutexvar_pd(_mm512_setr_epi64(0, 2, 4, 6, 0, 0, 0, 0), (v) + _mm512_permute_pd(v, 0x55))
INLINE void turn_f64(VECTOR *v) {
  VECTOR t[8];
  UNROLL16 for (int i = 0; i < 8; i += 2) {
    t[i] = _mm512_unpacklo_pd(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_pd(v[i], v[i + 1]);
  }
  UNROLL16 for (int i = 0; i < 2; i++) {
    const VECTOR a = _mm512_shuffle_f64x2(t[i], t[i + 2], 0x88);
    const VECTOR b = _mm512_shuffle_f64x2(t[i], t[i + 2], 0xdd);
    const VECTOR c = _mm512_shuffle_f64x2(t[i + 4], t[i + 6], 0x88);
    const VECTOR d = _mm512_shuffle_f64x2(t[i + 4], t[i + 6], 0xdd);
    v[i] = _mm512_shuffle_f64x2(a, c, 0x88);
    v[i + 2] = _mm512_shuffle_f64x2(b, d, 0x88);
    v[i + 4] = _mm512_shuffle_f64x2(a, c, 0xdd);
    v[i + 6] = _mm512_shuffle_f64x2(b, d, 0xdd);
  }
}
#define TURN_BLOCK turn_f64
#elif defined(NDG_ISA_AVX2)
#define VECTOR __m256d
#define MASK __m256i
#define LOAD_PART(mask, from) _mm256_maskload_pd(from, mask)
#define STORE_PART(mask, to, v) _mm256_maskstore_pd(to, mask, v)
static MASK mask_f64(size_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), _mm256_setr_epi64x(0, 1, 2, 3));
}
#define REDUCE(v) reduce_f64(v)
#else
typedef double vector_f64 __attribute__((vector_size(BYTES)));
#define VECTOR vector_f64
#define MASK size_t
#define LOAD_PART(mask, from) load_f64(mask, from)
#define STORE_PART(mask, to, v) store_f64(mask, to, v)
static MASK mask_f64(size_t n) {
  return n;
}
#define REDUCE(v) reduce_f64(v)
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
#if !defined(NDG_ISA_AVX512)
/* In a fixed order: halves onto each other. */
INLINE double reduce_f64(VECTOR v) {
  enum { N = BYTES / sizeof(double) };
  UNROLL for (int half = N / 2; half > 0; half /= 2) UNROLL for (int i = 0; i < half; i++) v[i] +=
      v[i + half];
  return v[0];
}
#endif
#include "tensor/gemm_block.h"

#define DEFINE(name, real, parts)                                                                  \
  static void many_##name(const ndg_gemm *g, const ndg_gemm_steps *s, const void *a,               \
                          const void *b, void *c, void *work) {                                    \
    multiply_##real(g, s, a, b, c, work, parts);                                                   \
  }                                                                                                \
  static void name(const ndg_gemm *g, const void *a, const void *b, void *c, void *work) {         \
    many_##name(g, &(ndg_gemm_steps){.n = 1}, a, b, c, work);                                      \
  }
DEFINE(f32, f32, 1)
DEFINE(f64, f64, 1)
/* Interleaved, B and C are real matrices of twice the columns; rows of A count twice, real part and
   imaginary part, and are joined again in C. */
DEFINE(c128, f64, 2)

const ndg_gemm_kernels TABLE = {.f32 = f32,
                                .f64 = f64,
                                .c128 = c128,
                                .many_f32 = many_f32,
                                .many_f64 = many_f64,
                                .many_c128 = many_c128,
#if defined(NDG_ISA_AVX512)
                                .large_f32 = &ndg_gemm_large_f32,
                                .large_f64 = &ndg_gemm_large_f64
#endif
};
