/* SPDX-License-Identifier: MIT */
#include "tensor/dtype.h"

#include <string.h>

static const struct {
  size_t size;
  const char *name;
} facts[NDG_N_DTYPES] = {
    [NDG_F32] = {sizeof(float), "float32"},
    [NDG_F64] = {sizeof(double), "float64"},
    [NDG_LONG_DOUBLE] = {sizeof(long double), "long double"},
    [NDG_C128] = {sizeof(ndg_complex), "complex128"},
    [NDG_I32] = {sizeof(int32_t), "int32"},
};

size_t ndg_dtype_size(ndg_dtype dtype) {
  return dtype < NDG_N_DTYPES ? facts[dtype].size : 0;
}

const char *ndg_dtype_name(ndg_dtype dtype) {
  return dtype < NDG_N_DTYPES ? facts[dtype].name : NULL;
}

#define DEFINE_FROM(name, type, part)                                                              \
  static void from_##name(ndg_dtype out_type, void *out, const type *in, size_t n) {               \
    switch (out_type) {                                                                            \
    case NDG_F32:                                                                                  \
      for (size_t i = 0; i < n; i++)                                                               \
        ((float *)out)[i] = (float)in[i] part;                                                     \
      break;                                                                                       \
    case NDG_F64:                                                                                  \
      for (size_t i = 0; i < n; i++)                                                               \
        ((double *)out)[i] = (double)in[i] part;                                                   \
      break;                                                                                       \
    case NDG_LONG_DOUBLE:                                                                          \
      for (size_t i = 0; i < n; i++)                                                               \
        ((long double *)out)[i] = in[i] part;                                                      \
      break;                                                                                       \
    default:                                                                                       \
      for (size_t i = 0; i < n; i++)                                                               \
        ((ndg_complex *)out)[i] = (ndg_complex){(double)in[i] part, 0};                            \
      break;                                                                                       \
    }                                                                                              \
  }
DEFINE_FROM(f32, float, )
DEFINE_FROM(f64, double, )
DEFINE_FROM(long, long double, )
DEFINE_FROM(complex, ndg_complex, .re)

void ndg_dtype_convert(ndg_dtype out_type, void *out, ndg_dtype in_type, const void *in, size_t n) {
  if (out_type == in_type) {
    memmove(out, in, n * ndg_dtype_size(out_type));
    return;
  }
  switch (in_type) {
  case NDG_F32:
    from_f32(out_type, out, in, n);
    break;
  case NDG_F64:
    from_f64(out_type, out, in, n);
    break;
  case NDG_LONG_DOUBLE:
    from_long(out_type, out, in, n);
    break;
  default:
    from_complex(out_type, out, in, n);
    break;
  }
}
