/* SPDX-License-Identifier: MIT */
#include "base/random.h"

/* Each fill works on a copy of the generator, which the compiler can then keep in registers. */
void ndg_rng_fill_uniform(ndg_rng *rng, ndg_dtype dtype, void *out, uint64_t n) {
  ndg_rng r = *rng;
  if (dtype == NDG_F64) {
    double *const x = out;
    for (uint64_t i = 0; i < n; i++) {
      x[i] = ndg_rng_uniform(&r);
    }
  } else if (dtype == NDG_F32) {
    float *const x = out;
    for (uint64_t i = 0; i < n; i++) {
      /* The upper 24 of the 53 bits: rounding the double could give 1. */
      x[i] = (float)(ndg_rng_next(&r) >> 40) * 0x1.0p-24f;
    }
  } else if (dtype == NDG_LONG_DOUBLE) {
    long double *const x = out;
    for (uint64_t i = 0; i < n; i++) {
      x[i] = (long double)ndg_rng_uniform(&r);
    }
  } else if (dtype == NDG_C128) {
    ndg_complex *const x = out;
    for (uint64_t i = 0; i < n; i++) {
      x[i].re = ndg_rng_uniform(&r);
      x[i].im = 0.0;
    }
  }
  *rng = r;
}

/* The high word of a 64 x 64-bit product is below bound; values whose low word is under
   2^64 mod bound would come once too often and are drawn again. */
uint64_t ndg_rng_below(ndg_rng *r, uint64_t bound) {
  ndg_u128 product = (ndg_u128)ndg_rng_next(r) * bound;
  if ((uint64_t)product < bound) {
    const uint64_t excess = (0 - bound) % bound;
    while ((uint64_t)product < excess) {
      product = (ndg_u128)ndg_rng_next(r) * bound;
    }
  }
  return (uint64_t)(product >> 64);
}

/* Fisher and Yates's shuffle, built from the front: element i goes to a place in 0 .. i. */
void ndg_rng_fill_permutation(ndg_rng *rng, int32_t *out, uint64_t n) {
  ndg_rng r = *rng;
  for (uint64_t i = 0; i < n; i++) {
    const uint64_t j = ndg_rng_below(&r, i + 1);
    out[i] = out[j];
    out[j] = (int32_t)i;
  }
  *rng = r;
}
