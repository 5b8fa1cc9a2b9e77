/* SPDX-License-Identifier: MIT */
/* Kernels for one instruction set; compiled once for each, with NDG_ISA_* and the compiler's flags
   set by the build. Only ndg_kernels_<isa> leaves this file, and it is called after the processor
   has been asked. */
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include <math.h>
#include <sleef.h>
#include <string.h>

#include "tensor/gemm_small.h"
#include "tensor/kernels.h"
#include "tensor/kernels_common.h"

/* Whole vectors of W elements go to the vector library; a remainder goes there too, padded, so that
   an element's bits do not depend on its place. */
#define DEFINE_MAP(name, function)                                                                 \
  static void NAME(map_##name)(T * y, const T *x, size_t n) {                                      \
    size_t i = 0;                                                                                  \
    V v;                                                                                           \
    for (; i + W <= n; i += W) {                                                                   \
      memcpy(&v, x + i, sizeof v);                                                                 \
      v = function(v);                                                                             \
      memcpy(y + i, &v, sizeof v);                                                                 \
    }                                                                                              \
    if (i < n) {                                                                                   \
      T t[W] = {0};                                                                                \
      memcpy(t, x + i, (n - i) * sizeof(T));                                                       \
      memcpy(&v, t, sizeof v);                                                                     \
      v = function(v);                                                                             \
      memcpy(t, &v, sizeof v);                                                                     \
      memcpy(y + i, t, (n - i) * sizeof(T));                                                       \
    }                                                                                              \
  }
#define DEFINE_MAP2(name, function)                                                                \
  static void NAME(map_##name)(T * y, const T *a, const T *b, size_t n) {                          \
    for (size_t i = 0; i < n; i += W) {                                                            \
      const size_t m = n - i < W ? n - i : W;                                                      \
      T s[W] = {0}, t[W] = {0};                                                                    \
      V u, v;                                                                                      \
      memcpy(s, a + i, m * sizeof(T));                                                             \
      memcpy(t, b + i, m * sizeof(T));                                                             \
      memcpy(&u, s, sizeof u);                                                                     \
      memcpy(&v, t, sizeof v);                                                                     \
      v = function(u, v);                                                                          \
      memcpy(t, &v, sizeof v);                                                                     \
      memcpy(y + i, t, m * sizeof(T));                                                             \
    }                                                                                              \
  }
/* The library reduces large angles otherwise than small ones, and a whole vector at a time: each
   kind goes alone, so that an element's bits do not depend on its neighbours. */
#define DEFINE_ANGLES(name, function)                                                              \
  static V NAME(angles_##name)(V v) {                                                              \
    static const T limit[] = {0, ANGLE_LIMIT_1, ANGLE_LIMIT_2, (T)INFINITY};                       \
    T x[W], part[W], y[W];                                                                         \
    int n_small = 0;                                                                               \
    memcpy(x, &v, sizeof v);                                                                       \
    for (int i = 0; i < W; i++)                                                                    \
      n_small += x[i] > -limit[1] && x[i] < limit[1];                                              \
    if (n_small == W)                                                                              \
      return function(v);                                                                          \
    for (int kind = 0; kind < 3; kind++) {                                                         \
      int mine[W];                                                                                 \
      for (int i = 0; i < W; i++) {                                                                \
        const T size = x[i] < 0 ? -x[i] : x[i];                                                    \
        mine[i] = kind == 2 ? !(size < limit[2]) : size >= limit[kind] && size < limit[kind + 1];  \
        part[i] = mine[i] ? x[i] : limit[kind];                                                    \
      }                                                                                            \
      memcpy(&v, part, sizeof v);                                                                  \
      v = function(v);                                                                             \
      memcpy(part, &v, sizeof v);                                                                  \
      for (int i = 0; i < W; i++)                                                                  \
        y[i] = mine[i] ? part[i] : y[i];                                                           \
    }                                                                                              \
    memcpy(&v, y, sizeof v);                                                                       \
    return v;                                                                                      \
  }                                                                                                \
  DEFINE_MAP(name, NAME(angles_##name))
#define DEFINE_MAPS()                                                                              \
  DEFINE_MAP(exp, LIBRARY(exp, u10))                                                               \
  DEFINE_MAP(log, LIBRARY(log, u10))                                                               \
  DEFINE_MAP(log1p, LIBRARY(log1p, u10))                                                           \
  DEFINE_ANGLES(sin, LIBRARY(sin, u10))                                                            \
  DEFINE_ANGLES(cos, LIBRARY(cos, u10))                                                            \
  DEFINE_MAP2(pow2, LIBRARY(pow, u10))                                                             \
  static void NAME(map_pow)(T * y, const T *x, T exponent, size_t n) {                             \
    T e[NDG_BLOCK];                                                                                \
    for (size_t i = 0; i < NDG_BLOCK; i++)                                                         \
      e[i] = exponent;                                                                             \
    for (size_t i = 0; i < n; i += NDG_BLOCK)                                                      \
      NAME(map_pow2)(y + i, x + i, e, n - i < NDG_BLOCK ? n - i : NDG_BLOCK);                      \
  }

/* float32 */
#define T float
#define NAME(x) x##_f32
#define LANES 16
#define SQRT sqrtf
#define ANGLE_LIMIT_1 125
#define ANGLE_LIMIT_2 39000
#if defined(NDG_ISA_AVX512)
#define V __m512
#define W 16
#define LOAD_PART(from, n) _mm512_maskz_loadu_ps((__mmask16)((1u << (n)) - 1), from)
#define STORE_PART(to, n, v) _mm512_mask_storeu_ps(to, (__mmask16)((1u << (n)) - 1), v)
#define LIBRARY(name, bound) Sleef_##name##f16_##bound##avx512f
#elif defined(NDG_ISA_AVX2)
#define V __m256
#define W 8
#define LOAD_PART(from, n) _mm256_maskload_ps(from, first_f32(n))
#define STORE_PART(to, n, v) _mm256_maskstore_ps(to, first_f32(n), v)
static inline __m256i first_f32(size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#define LIBRARY(name, bound) Sleef_##name##f8_##bound##avx2
#else
#define V float
#define W 1
typedef float four_f32 __attribute__((vector_size(16)));
#define TASKS_V four_f32
#define TASKS_W 4
#define LOAD_PART(from, n) load_part_f32(from, n)
#define STORE_PART(to, n, v) store_part_f32(to, n, v)
static inline four_f32 load_part_f32(const float *from, size_t n) {
  four_f32 v = {0};
  for (size_t i = 0; i < 4; i++)
    v[i] = i < n ? from[i] : 0;
  return v;
}
static inline void store_part_f32(float *to, size_t n, four_f32 v) {
  for (size_t i = 0; i < n; i++)
    to[i] = v[i];
}
#define LIBRARY(name, bound) Sleef_##name##f_##bound
#endif
DEFINE_MAPS()
#if W > 1
#include "tensor/kernels_tanh_f32.h"
DEFINE_MAP(tanh, vector_tanh_f32)
#define VECTOR_TANH vector_tanh_f32
#else
#define N_TANH 5
static const T tanh_coefficients_f32[N_TANH] = {-0.33333332008f, 0.13333113729f, -0.0539094288275f,
                                                0.0213093886644f, -0.00661022783111f};
#include "tensor/kernels_tanh.h"
#undef N_TANH
#endif
#include "tensor/kernels_real.h"
static const ndg_real_kernels kernels_f32 = REAL_KERNELS;
#undef T
#undef NAME
#undef SQRT
#undef ANGLE_LIMIT_1
#undef ANGLE_LIMIT_2
#undef V
#undef W
#undef LOAD_PART
#undef STORE_PART
#undef TASKS_V
#undef TASKS_W
#undef VECTOR_TANH
#undef LIBRARY
#undef DEFINE_UNARY
#undef DEFINE_BINARY
#undef DEFINE_TERNARY

/* float64 */
#define T double
#define NAME(x) x##_f64
#define SQRT sqrt
#define ANGLE_LIMIT_1 15
#define ANGLE_LIMIT_2 1e14
#if defined(NDG_ISA_AVX512)
#define V __m512d
#define W 8
#define LOAD_PART(from, n) _mm512_maskz_loadu_pd((__mmask8)((1u << (n)) - 1), from)
#define STORE_PART(to, n, v) _mm512_mask_storeu_pd(to, (__mmask8)((1u << (n)) - 1), v)
#define LIBRARY(name, bound) Sleef_##name##d8_##bound##avx512f
#define LIBRARY_PAIR Sleef___m512d_2
#define ISA "AVX-512"
#define TABLE ndg_kernels_avx512
#define GEMM ndg_gemm_avx512
#elif defined(NDG_ISA_AVX2)
#define V __m256d
#define W 4
#define LOAD_PART(from, n) _mm256_maskload_pd(from, first_f64(n))
#define STORE_PART(to, n, v) _mm256_maskstore_pd(to, first_f64(n), v)
static inline __m256i first_f64(size_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), _mm256_setr_epi64x(0, 1, 2, 3));
}
#define LIBRARY(name, bound) Sleef_##name##d4_##bound##avx2
#define LIBRARY_PAIR Sleef___m256d_2
#define ISA "AVX2"
#define TABLE ndg_kernels_avx2
#define GEMM ndg_gemm_avx2
#else
#define V double
#define W 1
typedef double four_f64 __attribute__((vector_size(16)));
#define TASKS_V four_f64
#define TASKS_W 2
#define LOAD_PART(from, n) load_part_f64(from, n)
#define STORE_PART(to, n, v) store_part_f64(to, n, v)
static inline four_f64 load_part_f64(const double *from, size_t n) {
  four_f64 v = {0};
  for (size_t i = 0; i < 2; i++)
    v[i] = i < n ? from[i] : 0;
  return v;
}
static inline void store_part_f64(double *to, size_t n, four_f64 v) {
  for (size_t i = 0; i < n; i++)
    to[i] = v[i];
}
#define LIBRARY(name, bound) Sleef_##name##_##bound
#define LIBRARY_PAIR Sleef_double2
#define ISA "generic"
#define TABLE ndg_kernels_generic
#define GEMM ndg_gemm_generic
#endif
DEFINE_MAPS()
#define N_TANH 11
static const T tanh_coefficients_f64[N_TANH] = {
    -0.33333333333333332561,    0.13333333333332714826,     -0.053968253967434014504,
    0.021869488493666941903,    -0.0088632343978143548378,  0.0035921103786890238773,
    -0.0014556618301007160336,  0.00058893605200740577697,  -0.00023463474108872371445,
    0.000085113136855776715155, -0.000020602765376366341605};
#include "tensor/kernels_tanh.h"
#undef N_TANH
#include "tensor/kernels_real.h"
static const ndg_real_kernels kernels_f64 = REAL_KERNELS;

/* complex128, planar, from the real functions */
DEFINE_MAP2(hypot, LIBRARY(hypot, u05))
DEFINE_MAP2(atan2, LIBRARY(atan2, u10))
static inline LIBRARY_PAIR sincos_vector(V v) {
  double x[W];
  int n_small = 0;
  memcpy(x, &v, sizeof v);
  for (int l = 0; l < W; l++)
    n_small += x[l] > -ANGLE_LIMIT_1 && x[l] < ANGLE_LIMIT_1;
  if (n_small == W)
    return LIBRARY(sincos, u10)(v);
  LIBRARY_PAIR both;
  both.x = angles_sin_f64(v);
  both.y = angles_cos_f64(v);
  return both;
}
static void map_sincos_f64(double *s, double *c, const double *x, size_t n) {
  size_t i = 0;
  V v;
  for (; i + W <= n; i += W) {
    memcpy(&v, x + i, sizeof v);
    const LIBRARY_PAIR both = sincos_vector(v);
    memcpy(s + i, &both.x, sizeof v);
    memcpy(c + i, &both.y, sizeof v);
  }
  if (i < n) {
    double t[W] = {0};
    memcpy(t, x + i, (n - i) * sizeof *t);
    memcpy(&v, t, sizeof v);
    const LIBRARY_PAIR both = sincos_vector(v);
    memcpy(t, &both.x, sizeof v);
    memcpy(s + i, t, (n - i) * sizeof *t);
    memcpy(t, &both.y, sizeof v);
    memcpy(c + i, t, (n - i) * sizeof *t);
  }
}
#include "tensor/kernels_complex.h"

static const ndg_complex_kernels kernels_c128 = COMPLEX_KERNELS;

extern const ndg_kernels TABLE;
const ndg_kernels TABLE = {
    .name = ISA, .f32 = &kernels_f32, .f64 = &kernels_f64, .c128 = &kernels_c128, .gemm = &GEMM};
