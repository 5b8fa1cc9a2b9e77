/* SPDX-License-Identifier: MIT */
#include "engine/task_algebra.h"

#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "engine/dense.h"

double ndg_epsilon(ndg_dtype dtype) {
  switch (dtype) {
  case NDG_F32:
    return FLT_EPSILON;
  case NDG_LONG_DOUBLE:
    return (double)LDBL_EPSILON;
  default:
    return DBL_EPSILON;
  }
}

/* The three real types differ in nothing but their name. */
#define DEFINE_TASK_ALGEBRA(suffix, type)                                                          \
  static void axpy_##suffix(type *y, type a, const type *x, uint64_t n) {                          \
    for (uint64_t i = 0; i < n; i++) {                                                             \
      y[i] += a * x[i];                                                                            \
    }                                                                                              \
  }                                                                                                \
  static void xpay_##suffix(type *y, type a, const type *x, uint64_t n) {                          \
    for (uint64_t i = 0; i < n; i++) {                                                             \
      y[i] = x[i] + a * y[i];                                                                      \
    }                                                                                              \
  }                                                                                                \
  static void scale_##suffix(type *y, long double a, uint64_t n) {                                 \
    for (uint64_t i = 0; i < n; i++) {                                                             \
      y[i] = (type)(a * y[i]);                                                                     \
    }                                                                                              \
  }                                                                                                \
  static type peak_##suffix(const type *x, uint64_t n) {                                           \
    type peak = 0;                                                                                 \
    for (uint64_t i = 0; i < n; i++) {                                                             \
      const type size = x[i] < 0 ? -x[i] : x[i];                                                   \
      peak = size > peak || isnan(size) ? size : peak;                                             \
      if (isnan(peak)) {                                                                           \
        break;                                                                                     \
      }                                                                                            \
    }                                                                                              \
    return peak;                                                                                   \
  }
DEFINE_TASK_ALGEBRA(f32, float)
DEFINE_TASK_ALGEBRA(f64, double)
DEFINE_TASK_ALGEBRA(ld, long double)
#undef DEFINE_TASK_ALGEBRA

static const ndg_identity UNKNOWN = {0, 0};

/* y += a x, or y = x + a y. */
static void update(ndg_vector *y, const long double *a, const ndg_vector *x, bool scale_y) {
  y->identity = UNKNOWN;
  for (uint64_t t = 0; t < y->n_tasks; t++) {
    void *to = ndg_task_data(y, t);
    const void *from = ndg_task_data(x, t);
    if (a[t] == 0) {
      continue;
    }
    switch (y->dtype) {
    case NDG_F32:
      (scale_y ? xpay_f32 : axpy_f32)(to, (float)a[t], from, y->length);
      break;
    case NDG_LONG_DOUBLE:
      (scale_y ? xpay_ld : axpy_ld)(to, a[t], from, y->length);
      break;
    default:
      (scale_y ? xpay_f64 : axpy_f64)(to, (double)a[t], from, y->length);
    }
  }
}

void ndg_task_axpy(ndg_vector *y, const long double *a, const ndg_vector *x) {
  update(y, a, x, false);
}

void ndg_task_xpay(ndg_vector *y, const long double *a, const ndg_vector *x) {
  update(y, a, x, true);
}

void ndg_task_scale(ndg_vector *y, const long double *a) {
  y->identity = UNKNOWN;
  for (uint64_t t = 0; t < y->n_tasks; t++) {
    void *to = ndg_task_data(y, t);
    switch (y->dtype) {
    case NDG_F32:
      scale_f32(to, a[t], y->length);
      break;
    case NDG_LONG_DOUBLE:
      scale_ld(to, a[t], y->length);
      break;
    default:
      scale_f64(to, a[t], y->length);
    }
  }
}

void ndg_task_peaks(const ndg_vector *x, long double *peak) {
  for (uint64_t t = 0; t < x->n_tasks; t++) {
    const void *from = ndg_task_data(x, t);
    switch (x->dtype) {
    case NDG_F32:
      peak[t] = peak_f32(from, x->length);
      break;
    case NDG_LONG_DOUBLE:
      peak[t] = peak_ld(from, x->length);
      break;
    default:
      peak[t] = peak_f64(from, x->length);
    }
  }
}
