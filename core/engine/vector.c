/* SPDX-License-Identifier: MIT */
#include "engine/vector.h"

#include <complex.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

/* Numbers are converted and combined in chunks that stay in the first-level cache. */
enum { CHUNK = 256 };

uint64_t ndg_vector_bytes(const ndg_vector *v) {
  return v->n_tasks * v->stride * ndg_dtype_size(v->dtype);
}

bool ndg_vector_is_complex(const ndg_vector *v) {
  return v->dtype == NDG_C128;
}

ndg_vector *ndg_vector_create(uint32_t space, ndg_dtype dtype, uint64_t n_tasks, uint64_t length) {
  const size_t size = ndg_dtype_size(dtype);
  /* Tasks start on cache lines, so that threads do not share them. */
  const uint64_t line = NDG_ALIGNMENT / size;
  if (length > UINT64_MAX / 2 - line)
    return NULL;
  const uint64_t stride = n_tasks > 1 ? (length + line - 1) / line * line : length;
  if (stride > 0 && n_tasks > SIZE_MAX / size / stride)
    return NULL;
  ndg_vector *v = ndg_calloc(1, sizeof *v);
  if (!v)
    return NULL;
  v->space = space;
  v->dtype = dtype;
  v->n_tasks = n_tasks;
  v->length = length;
  v->stride = stride;
  v->data = ndg_calloc((size_t)(n_tasks * stride), size);
  if (!v->data) {
    ndg_free(v);
    return NULL;
  }
  return v;
}

void ndg_vector_destroy(ndg_vector *v) {
  if (!v)
    return;
  ndg_free(v->data);
  ndg_free(v);
}

void ndg_vector_zero(ndg_vector *v) {
  memset(v->data, 0, (size_t)ndg_vector_bytes(v));
  v->identity = (ndg_identity){0, 0};
}

static void *row(const ndg_vector *v, uint64_t task, uint64_t first) {
  return (char *)v->data + (size_t)(task * v->stride + first) * ndg_dtype_size(v->dtype);
}

void ndg_vector_void(ndg_vector *v, uint64_t task) {
  double nan[CHUNK];
  for (int i = 0; i < CHUNK; i++)
    nan[i] = NAN;
  for (uint64_t at = 0; at < v->length; at += CHUNK)
    ndg_convert_from_f64(v->dtype, row(v, task, at), nan,
                         v->length - at < CHUNK ? v->length - at : CHUNK);
  v->identity = (ndg_identity){0, 0};
}

/* n numbers of any type as long double complex parts; im may be NULL. */
static void load(ndg_dtype dtype, const void *in, uint64_t n, long double *re, double *im) {
  const float *f = in;
  const double *d = in;
  const long double *l = in;
  for (uint64_t i = 0; i < n; i++) {
    switch (dtype) {
    case NDG_F32:
      re[i] = f[i];
      break;
    case NDG_F64:
      re[i] = d[i];
      break;
    case NDG_LONG_DOUBLE:
      re[i] = l[i];
      break;
    default:
      re[i] = d[2 * i];
      break;
    }
    if (im)
      im[i] = dtype == NDG_C128 ? d[2 * i + 1] : 0;
  }
}

static void store(ndg_dtype dtype, void *out, uint64_t n, const long double *re, const double *im) {
  float *f = out;
  double *d = out;
  long double *l = out;
  for (uint64_t i = 0; i < n; i++) {
    switch (dtype) {
    case NDG_F32:
      f[i] = (float)re[i];
      break;
    case NDG_F64:
      d[i] = (double)re[i];
      break;
    case NDG_LONG_DOUBLE:
      l[i] = re[i];
      break;
    default:
      d[2 * i] = (double)re[i];
      d[2 * i + 1] = im ? im[i] : 0;
      break;
    }
  }
}

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

void ndg_vector_copy(ndg_vector *out, const ndg_vector *in) {
  const uint64_t n = least(out->length, in->length), tasks = least(out->n_tasks, in->n_tasks);
  if (out == in)
    return;
  for (uint64_t t = 0; t < tasks; t++)
    ndg_dtype_convert(out->dtype, row(out, t, 0), in->dtype, row(in, t, 0), (size_t)n);
  const bool whole = out->space == in->space && out->dtype == in->dtype &&
                     out->length == in->length && out->n_tasks == in->n_tasks;
  out->identity = whole ? in->identity : (ndg_identity){0, 0};
}

/* The sum of one chunk where everything is real and no wider than double, the case that is hot. */
static void combine_f64(ndg_vector *out, uint64_t m, double scale, uint64_t n,
                        const ndg_complex *weights, const ndg_vector *const *in, uint64_t task,
                        uint64_t at) {
  double sum[CHUNK] = {0};
  for (uint64_t k = 0; k < n; k++) {
    const double w = weights[k].re, *x = row(in[k], task, at);
    const float *f = row(in[k], task, at);
    if (in[k]->dtype == NDG_F32)
      for (uint64_t i = 0; i < m; i++)
        sum[i] += w * (double)f[i];
    else if (k == 0)
      for (uint64_t i = 0; i < m; i++)
        sum[i] = w * x[i];
    else
      for (uint64_t i = 0; i < m; i++)
        sum[i] += w * x[i];
  }
  double *d = row(out, task, at);
  float *f = row(out, task, at);
  if (out->dtype == NDG_F32)
    for (uint64_t i = 0; i < m; i++)
      f[i] = (float)(scale * sum[i]);
  else
    for (uint64_t i = 0; i < m; i++)
      d[i] = scale * sum[i];
}

/* The general case. Complex numbers are kept in double, real ones in long double. */
static void combine_any(ndg_vector *out, uint64_t m, ndg_complex scale, uint64_t n,
                        const ndg_complex *weights, const ndg_vector *const *in, uint64_t task,
                        uint64_t at) {
  long double re[CHUNK] = {0}, x[CHUNK];
  double im[CHUNK] = {0}, y[CHUNK];
  for (uint64_t k = 0; k < n; k++) {
    const ndg_complex w = weights[k];
    load(in[k]->dtype, row(in[k], task, at), m, x, y);
    for (uint64_t i = 0; i < m; i++) {
      re[i] += w.re * x[i] - (long double)(w.im * y[i]);
      im[i] += w.re * y[i] + w.im * (double)x[i];
    }
  }
  for (uint64_t i = 0; i < m; i++) {
    const long double real = scale.re * re[i] - (long double)(scale.im * im[i]);
    im[i] = scale.re * im[i] + scale.im * (double)re[i];
    re[i] = real;
  }
  store(out->dtype, row(out, task, at), m, re, im);
}

static bool fits_double(const ndg_vector *v) {
  return v->dtype == NDG_F32 || v->dtype == NDG_F64;
}

static bool all_fit_double(const ndg_vector *out, ndg_complex scale, uint64_t n,
                           const ndg_complex *weights, const ndg_vector *const *in) {
  bool yes = fits_double(out) && scale.im == 0;
  for (uint64_t k = 0; k < n; k++)
    yes = yes && fits_double(in[k]) && weights[k].im == 0;
  return yes;
}

void ndg_vector_combine(ndg_vector *out, ndg_complex scale, uint64_t n, const ndg_complex *weights,
                        const ndg_vector *const *in) {
  uint64_t length = out->length;
  for (uint64_t k = 0; k < n; k++)
    length = least(length, in[k]->length);
  if (n == 1 && scale.re == 1 && scale.im == 0 && weights[0].re == 1 && weights[0].im == 0) {
    ndg_vector_copy(out, in[0]);
    return;
  }
  const bool plain = n > 0 && all_fit_double(out, scale, n, weights, in);
  for (uint64_t t = 0; t < out->n_tasks; t++)
    for (uint64_t at = 0; at < length; at += CHUNK) {
      const uint64_t m = least(length - at, CHUNK);
      if (plain)
        combine_f64(out, m, scale.re, n, weights, in, t, at);
      else
        combine_any(out, m, scale, n, weights, in, t, at);
    }
  out->identity = (ndg_identity){0, 0};
}

/* Σ x y of float32: products are exact in double, and eight sums go side by side. */
static double dot_f32(const float *x, const float *y, uint64_t n) {
  double sum[8] = {0};
  uint64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int k = 0; k < 8; k++)
      sum[k] += (double)x[i + (uint64_t)k] * (double)y[i + (uint64_t)k];
  for (; i < n; i++)
    sum[i % 8] += (double)x[i] * (double)y[i];
  return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

/* Σ x y over n numbers: four sums, so that additions overlap, in an order that n alone decides. */
static long double dot(const ndg_vector *x, const ndg_vector *y, uint64_t task, uint64_t n,
                       bool modulus) {
  if (x->dtype == NDG_F32 && y->dtype == NDG_F32)
    return dot_f32(row(x, task, 0), row(y, task, 0), n);
  long double sum[4] = {0}, u[CHUNK], v[CHUNK];
  double ui[CHUNK], vi[CHUNK];
  for (uint64_t at = 0; at < n; at += CHUNK) {
    const uint64_t m = least(n - at, CHUNK);
    load(x->dtype, row(x, task, at), m, u, modulus ? ui : NULL);
    if (y != x)
      load(y->dtype, row(y, task, at), m, v, modulus ? vi : NULL);
    const long double *w = y != x ? v : u;
    for (uint64_t i = 0; i < m; i++)
      sum[i % 4] += u[i] * w[i];
    if (modulus && x->dtype == NDG_C128)
      for (uint64_t i = 0; i < m; i++)
        sum[i % 4] += (long double)ui[i] * ui[i];
  }
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void ndg_vector_dot(const ndg_vector *x, const ndg_vector *y, long double *out) {
  for (uint64_t t = 0; t < x->n_tasks; t++)
    out[t] = dot(x, y, t, least(x->length, y->length), false);
}

/* No branch per number. */
bool ndg_vector_is_finite(const ndg_vector *v, uint64_t task) {
  const void *x = row(v, task, 0);
  const float *f = x;
  const double *d = x;
  const long double *l = x;
  int bad = 0;
  for (uint64_t i = 0; v->dtype == NDG_F32 && i < v->length; i++)
    bad |= !(fabsf(f[i]) <= FLT_MAX);
  for (uint64_t i = 0; v->dtype == NDG_F64 && i < v->length; i++)
    bad |= !(fabs(d[i]) <= DBL_MAX);
  for (uint64_t i = 0; v->dtype == NDG_LONG_DOUBLE && i < v->length; i++)
    bad |= !(fabsl(l[i]) <= LDBL_MAX);
  return !bad;
}

void ndg_vector_norms(const ndg_vector *x, uint64_t length, double *out) {
  for (uint64_t t = 0; t < x->n_tasks; t++)
    out[t] = fabs((double)sqrtl(dot(x, x, t, least(x->length, length), true))); /* NaN: no sign */
}

double ndg_vector_norm(const ndg_vector *x, uint64_t length) {
  double largest = 0;
  for (uint64_t t = 0; t < x->n_tasks; t++) {
    const double norm = fabs((double)sqrtl(dot(x, x, t, least(x->length, length), true)));
    if (isnan(norm))
      return norm;
    largest = norm > largest ? norm : largest;
  }
  return largest;
}
