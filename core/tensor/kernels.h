/* SPDX-License-Identifier: MIT */
/* Block kernels: what one elementwise operation does to a run of numbers. The bits of an element
   never depend on its place in the run, so work may be cut anywhere. Complex numbers are planar
   here (real parts and imaginary parts in arrays of their own).

   Error bounds, in units of the last place, over the whole range (tested against long double):
   exp, log, sin, cos 1; tanh 2; sigmoid, softplus 3; the rest of the real ones correctly rounded
   (power by other than small integers and halves: 1). Complex functions: 12 DBL_EPSILON of the
   modulus (softplus: of at least 1). */
#ifndef NUDGE_TENSOR_KERNELS_H
#define NUDGE_TENSOR_KERNELS_H

#include <stddef.h>

#include "nudge/types.h"

/* Operations are numbered as in enum ndg_op: unary ones from 10, binary ones from 40. */
#define NDG_FIRST_UNARY 10
#define NDG_N_UNARY 17
#define NDG_FIRST_BINARY 40
#define NDG_N_BINARY 7
/* Operations that only compiled programs know: several at once, to the same bits. */
#define NDG_FIRST_FUSED 1000
enum {
  NDG_FUSED_MULTIPLY_ADD = NDG_FIRST_FUSED, /* a b + c */
  NDG_FUSED_MINUS_PRODUCT,                  /* a - b c */
  NDG_FUSED_TIMES_REST,                     /* a (b - c^2) */
  NDG_FUSED_TANH_SUM                        /* tanh(a b + c) */
};
#define NDG_N_FUSED 4

/* y may be x, a or b themselves, but not overlap them otherwise. */
typedef void (*ndg_map1)(void *y, const void *x, size_t n);
typedef void (*ndg_map2)(void *y, const void *a, const void *b, size_t n);
typedef void (*ndg_map3)(void *y, const void *a, const void *b, const void *c, size_t n);

/* The same for whole tasks of `size` numbers, step[0] for y, step[1], ... for a, b, c from one task
   to the next. An operand that repeats has `period` numbers, read again and again. */
typedef struct ndg_tasks_shape {
  size_t n_tasks, size, period;
  size_t step[4];
  unsigned char repeats[4]; /* of y never */
} ndg_tasks_shape;
typedef void (*ndg_map_tasks)(void *y, const void *a, const void *b, const void *c,
                              const ndg_tasks_shape *);

/* One element type on one kind of processor. A member is NULL where the type lacks it. */
typedef struct ndg_real_kernels {
  ndg_map1 unary[NDG_N_UNARY]; /* but POWER and STOP_GRADIENT */
  ndg_map2 binary[NDG_N_BINARY];
  ndg_map3 fused[NDG_N_FUSED];
  ndg_map_tasks fused_tasks[NDG_N_FUSED], mul_tasks; /* c is not read by the latter */
  void (*power)(void *y, const void *x, double exponent, size_t n);
  /* y = c != 0 ? a : b */
  void (*select)(void *y, const void *c, const void *a, const void *b, size_t n);
  void (*fill)(void *y, double value, size_t n);
  /* y[i] = x[i stride] */
  void (*take)(void *y, const void *x, ptrdiff_t stride, size_t n);
  /* y[i stride] = x[i] */
  void (*put)(void *y, ptrdiff_t stride, const void *x, size_t n);
  /* y[i] (+)= Σ of row i of x (rows x columns), in an order that depends on `columns` only. */
  void (*sum_rows)(void *y, const void *x, size_t rows, size_t columns, int accumulate);
  /* y[j] += Σ_i x[i][j], in order of i. */
  void (*add_rows)(void *y, const void *x, size_t rows, size_t columns);
  /* The same for `blocks` such x, one after the other, from y = 0. */
  void (*sum_columns)(void *y, const void *x, size_t blocks, size_t rows, size_t columns);
  /* The same of the products of x and z. */
  void (*sum_products)(void *y, const void *x, const void *z, size_t blocks, size_t rows,
                       size_t columns);
  /* Rows of `columns` numbers, y_step and x_step apart. */
  void (*copy_rows)(void *y, ptrdiff_t y_step, const void *x, ptrdiff_t x_step, size_t rows,
                    size_t columns);
  /* y[i][j] = x[i step] */
  void (*spread)(void *y, const void *x, ptrdiff_t step, size_t rows, size_t columns);
  /* y[i] = log Σ exp of row i; work: rows (columns + 1) numbers. */
  void (*log_sum_exp)(void *y, const void *x, size_t rows, size_t columns, void *work);
} ndg_real_kernels;

/* Real and imaginary parts of a run. */
typedef struct ndg_planes {
  double *re, *im;
} ndg_planes;

typedef void (*ndg_complex_map1)(ndg_planes y, ndg_planes x, size_t n);
typedef void (*ndg_complex_map2)(ndg_planes y, ndg_planes a, ndg_planes b, size_t n);

typedef struct ndg_complex_kernels {
  ndg_complex_map1 unary[NDG_N_UNARY];   /* analytic operations only */
  ndg_complex_map2 binary[NDG_N_BINARY]; /* ADD, SUB, MUL, DIV */
  void (*power)(ndg_planes y, ndg_planes x, double exponent, size_t n);
  void (*select)(ndg_planes y, ndg_planes c, ndg_planes a, ndg_planes b, size_t n);
  /* Between planes and complex numbers in memory, `stride` of them apart. */
  void (*split)(ndg_planes y, const ndg_complex *x, ptrdiff_t stride, size_t n);
  void (*join)(ndg_complex *y, ptrdiff_t stride, ndg_planes x, size_t n);
  /* y[i] = log Σ exp of row i; work: 2 rows (columns + 1) numbers. */
  void (*log_sum_exp)(ndg_planes y, ndg_planes x, size_t rows, size_t columns, double *work);
} ndg_complex_kernels;

struct ndg_gemm_kernels; /* gemm_small.h */

typedef struct ndg_kernels {
  const char *name; /* "AVX-512", "AVX2", "generic" */
  const ndg_real_kernels *f32, *f64;
  const ndg_complex_kernels *c128;
  const struct ndg_gemm_kernels *gemm;
} ndg_kernels;

/* [any; any; cheap] The fastest that this processor runs. */
const ndg_kernels *ndg_kernels_best(void);
/* [any; any; pure] All that this processor runs, best first; NULL past the last. */
const ndg_kernels *ndg_kernels_get(size_t i);
/* [any; any; cheap] F32, F64, LONG_DOUBLE; C128 gives F64's. */
const ndg_real_kernels *ndg_real_kernels_for(ndg_dtype);

extern const ndg_real_kernels ndg_kernels_long_double;

#endif
