/* SPDX-License-Identifier: MIT */
/* long double: the oracle's type. The C library's functions, element by element. */
#define NDG_SCALAR_KERNELS
#include <math.h>
#include <string.h>

#include "tensor/kernels.h"
#include "tensor/kernels_common.h"

#define T long double
#define NAME(x) x##_long
#define LANES 4
#define SQRT sqrtl

#define DEFINE_MAP(name)                                                                           \
  static void map_##name##_long(T *y, const T *x, size_t n) {                                      \
    for (size_t i = 0; i < n; i++)                                                                 \
      y[i] = name##l(x[i]);                                                                        \
  }
DEFINE_MAP(exp)
DEFINE_MAP(log)
DEFINE_MAP(log1p)
DEFINE_MAP(tanh)
DEFINE_MAP(sin)
DEFINE_MAP(cos)

static void map_pow_long(T *y, const T *x, T exponent, size_t n) {
  for (size_t i = 0; i < n; i++)
    y[i] = powl(x[i], exponent);
}

#define V long double
#define W 1
#include "tensor/kernels_real.h"

const ndg_real_kernels ndg_kernels_long_double = REAL_KERNELS;
