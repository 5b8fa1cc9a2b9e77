/* SPDX-License-Identifier: MIT */
/* Kernels for one instruction set; compiled once for each, with NDG_ISA_* and the compiler's flags
   set by the build. Only ndg_kernels_<isa> leaves this file, and it is called after the processor
   has been asked. */
#include <math.h>
#include <sleef.h>
#include <string.h>

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
#define DEFINE_MAPS()                                                                              \
  DEFINE_MAP(exp, LIBRARY(exp, u10))                                                               \
  DEFINE_MAP(log, LIBRARY(log, u10))                                                               \
  DEFINE_MAP(log1p, LIBRARY(log1p, u10))                                                           \
  DEFINE_MAP(tanh, LIBRARY(tanh, u10))                                                             \
  DEFINE_MAP(sin, LIBRARY(sin, u10))                                                               \
  DEFINE_MAP(cos, LIBRARY(cos, u10))                                                               \
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
#if defined(NDG_ISA_AVX512)
#define V __m512
#define W 16
#define LIBRARY(name, bound) Sleef_##name##f16_##bound##avx512f
#elif defined(NDG_ISA_AVX2)
#define V __m256
#define W 8
#define LIBRARY(name, bound) Sleef_##name##f8_##bound##avx2
#else
#define V float
#define W 1
#define LIBRARY(name, bound) Sleef_##name##f_##bound
#endif
DEFINE_MAPS()
#include "tensor/kernels_real.h"
static const ndg_real_kernels kernels_f32 = REAL_KERNELS;
#undef T
#undef NAME
#undef SQRT
#undef V
#undef W
#undef LIBRARY
#undef DEFINE_UNARY
#undef DEFINE_BINARY

/* float64 */
#define T double
#define NAME(x) x##_f64
#define SQRT sqrt
#if defined(NDG_ISA_AVX512)
#define V __m512d
#define W 8
#define LIBRARY(name, bound) Sleef_##name##d8_##bound##avx512f
#define LIBRARY_PAIR Sleef___m512d_2
#define ISA "AVX-512"
#define TABLE ndg_kernels_avx512
#elif defined(NDG_ISA_AVX2)
#define V __m256d
#define W 4
#define LIBRARY(name, bound) Sleef_##name##d4_##bound##avx2
#define LIBRARY_PAIR Sleef___m256d_2
#define ISA "AVX2"
#define TABLE ndg_kernels_avx2
#else
#define V double
#define W 1
#define LIBRARY(name, bound) Sleef_##name##_##bound
#define LIBRARY_PAIR Sleef_double2
#define ISA "generic"
#define TABLE ndg_kernels_generic
#endif
DEFINE_MAPS()
#include "tensor/kernels_real.h"
static const ndg_real_kernels kernels_f64 = REAL_KERNELS;

/* complex128, planar, from the real functions */
DEFINE_MAP(expm1, LIBRARY(expm1, u10))
DEFINE_MAP2(hypot, LIBRARY(hypot, u05))
DEFINE_MAP2(atan2, LIBRARY(atan2, u10))
static void map_sincos_f64(double *s, double *c, const double *x, size_t n) {
  for (size_t i = 0; i < n; i += W) {
    const size_t m = n - i < W ? n - i : W;
    double t[W] = {0};
    V v;
    memcpy(t, x + i, m * sizeof *t);
    memcpy(&v, t, sizeof v);
    const LIBRARY_PAIR both = LIBRARY(sincos, u10)(v);
    memcpy(t, &both.x, sizeof v);
    memcpy(s + i, t, m * sizeof *t);
    memcpy(t, &both.y, sizeof v);
    memcpy(c + i, t, m * sizeof *t);
  }
}
#include "tensor/kernels_complex.h"

static const ndg_complex_kernels kernels_c128 = COMPLEX_KERNELS;

extern const ndg_kernels TABLE;
const ndg_kernels TABLE = {
    .name = ISA, .f32 = &kernels_f32, .f64 = &kernels_f64, .c128 = &kernels_c128};
