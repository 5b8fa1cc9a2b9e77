/* SPDX-License-Identifier: MIT */
/* Standard normals by the ziggurat method (Marsaglia and Tsang) with 256 layers of equal area: one
   number per acceptance and no state beyond the generator's, so that bulk fills equal single draws.
   Only + - * / and integer operations: the same bits from every compiler, machine and libm. */
#include <stdbool.h>
#include <string.h>

#include "base/random.h"
#include "base/ziggurat.h"

/* A fused multiply-add would round differently from machine to machine; gcc leaves them out in ISO
   mode and does not know the pragma. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#define LN2_HIGH 0x1.62e42fee00000p-1 /* trailing zeros: k * LN2_HIGH is exact */
#define LN2_LOW 0x1.a39ef35793c76p-33

/* exp(-t) for 0 <= t < 700: exp(-r) by its series for |r| <= ln(2) / 2, then the power of two. */
static double exp_minus(double t) {
  const int64_t k = (int64_t)(t * 0x1.71547652b82fep+0 + 0.5);
  const double r = (t - (double)k * LN2_HIGH) - (double)k * LN2_LOW;
  double sum = 1.0;
  for (int i = 14; i > 0; i--) {
    sum = 1.0 - sum * r / (double)i;
  }
  const uint64_t bits = (uint64_t)(1023 - k) << 52;
  double scale;
  memcpy(&scale, &bits, sizeof scale);
  return sum * scale;
}

/* -log(u) for normal 0 < u <= 1: u = 2^-k m with m in [sqrt(1/2), sqrt(2)), log m = 2 artanh(s). */
static double minus_log(double u) {
  uint64_t bits;
  memcpy(&bits, &u, sizeof bits);
  int64_t k = 1023 - (int64_t)(bits >> 52);
  bits = (bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3ff0000000000000);
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m >= 0x1.6a09e667f3bcdp+0) {
    m *= 0.5;
    k -= 1;
  }
  const double s = (m - 1.0) / (m + 1.0), s2 = s * s;
  double sum = 0.0;
  for (int i = 21; i >= 1; i -= 2) {
    sum = sum * s2 + 1.0 / (double)i;
  }
  return (double)k * LN2_HIGH + ((double)k * LN2_LOW - 2.0 * s * sum);
}

/* Beyond the last edge: an exponential proposal, accepted as in Marsaglia (1964). */
static double tail(ndg_rng *r) {
  double x, y;
  do {
    x = minus_log(1.0 - ndg_rng_uniform(r)) / edge[1];
    y = minus_log(1.0 - ndg_rng_uniform(r));
  } while (y + y < x * x);
  return edge[1] + x;
}

/* Layer i between its inscribed rectangle and its edge: below the curve? */
static bool under_curve(ndg_rng *r, unsigned i, double x) {
  const double bottom = exp_minus(0.5 * edge[i] * edge[i]);
  const double top = exp_minus(0.5 * edge[i + 1] * edge[i + 1]);
  return bottom + ndg_rng_uniform(r) * (top - bottom) < exp_minus(0.5 * x * x);
}

/* One draw for 98.9 % of the numbers: 8 bits layer, 1 bit sign, 53 bits place. */
static inline double draw(ndg_rng *r) {
  for (;;) {
    const uint64_t bits = ndg_rng_next(r);
    const unsigned i = (unsigned)(bits & 255u);
    const double x = (double)(bits >> 11) * 0x1.0p-53 * edge[i];
    const double sign = 1.0 - (double)((bits >> 7) & 2u);
    if (x < edge[i + 1]) {
      return sign * x;
    }
    if (i == 0) {
      return sign * tail(r);
    }
    if (under_curve(r, i, x)) {
      return sign * x;
    }
  }
}

void ndg_rng_fill_normal(ndg_rng *rng, ndg_dtype dtype, void *out, uint64_t n) {
  ndg_rng r = *rng;
  if (dtype == NDG_F64) {
    double *const x = out;
    for (uint64_t i = 0; i < n; i++) {
      x[i] = draw(&r);
    }
  } else if (dtype == NDG_F32) {
    float *const x = out;
    for (uint64_t i = 0; i < n; i++) {
      x[i] = (float)draw(&r);
    }
  } else if (dtype == NDG_LONG_DOUBLE) {
    long double *const x = out;
    for (uint64_t i = 0; i < n; i++) {
      x[i] = (long double)draw(&r);
    }
  } else if (dtype == NDG_C128) {
    ndg_complex *const x = out;
    for (uint64_t i = 0; i < n; i++) {
      x[i].re = draw(&r);
      x[i].im = 0.0;
    }
  }
  *rng = r;
}
