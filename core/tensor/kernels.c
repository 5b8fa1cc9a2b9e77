/* SPDX-License-Identifier: MIT */
#include "tensor/kernels.h"

extern const ndg_kernels ndg_kernels_generic;
#if defined(__x86_64__)
extern const ndg_kernels ndg_kernels_avx2, ndg_kernels_avx512;
#endif

const ndg_kernels *ndg_kernels_get(size_t i) {
  const ndg_kernels *usable[3];
  size_t n = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    usable[n++] = &ndg_kernels_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    usable[n++] = &ndg_kernels_avx2;
#endif
  usable[n++] = &ndg_kernels_generic;
  return i < n ? usable[i] : NULL;
}

const ndg_kernels *ndg_kernels_best(void) {
  return ndg_kernels_get(0);
}

const ndg_real_kernels *ndg_real_kernels_for(ndg_dtype dtype) {
  if (dtype == NDG_LONG_DOUBLE)
    return &ndg_kernels_long_double;
  return dtype == NDG_F32 ? ndg_kernels_best()->f32 : ndg_kernels_best()->f64;
}
