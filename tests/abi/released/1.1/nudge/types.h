/* SPDX-License-Identifier: MIT */
/* Status codes, error records, element types and shapes: what every other header builds on. */
#ifndef NUDGE_TYPES_H
#define NUDGE_TYPES_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NDG_PRINTF(format_, first_) __attribute__((format(printf, format_, first_)))
#define NDG_EXPORT __attribute__((visibility("default")))
#else
#define NDG_PRINTF(format_, first_)
#define NDG_EXPORT
#endif

/* 0: fine. Positive: soft, every object stays valid and the result says what happened.
   Negative: hard, no result. */
typedef int32_t ndg_status;
enum {
  NDG_OK = 0,
  NDG_DIVERGED = 1,      /* a phase left the finite numbers or its gradient grew without bound */
  NDG_NOT_CONVERGED = 2, /* a tolerance was asked for and not reached */
  NDG_PAST_RADIUS = 3,   /* the nudge lies past the stability radius */
  NDG_EINVAL = -1,       /* an argument or option is wrong */
  NDG_ENOMEM = -2,
  NDG_EIO = -3,         /* a file cannot be read or written */
  NDG_EFORMAT = -4,     /* a file's contents are wrong */
  NDG_ENOTFOUND = -5,   /* no such component, file or name */
  NDG_EABI = -6,        /* a plugin of another ABI, or not a plugin */
  NDG_ECAPABILITY = -7, /* a rule needs what the learner does not provide */
  NDG_ENUMERIC = -8,    /* singular matrix, non-finite value where none may be */
  NDG_EINTERNAL = -9    /* a defect in nudge */
};

/* Owned by the caller, one per thread; set once, at the place that knows. Frozen for ABI 1. */
typedef struct ndg_error {
  ndg_status code;
  uint32_t flags; /* 0 */
  char text[504]; /* one line, UTF-8, always terminated */
} ndg_error;

/* [any; any; no allocation] Fills *e (NULL: nothing to fill) and returns code. */
NDG_PRINTF(3, 0)
static inline ndg_status ndg_vfail(ndg_error *e, ndg_status code, const char *format,
                                   va_list arguments) {
  if (e) {
    e->code = code;
    e->flags = 0;
    (void)vsnprintf(e->text, sizeof e->text, format, arguments);
  }
  return code;
}

/* [any; any; no allocation] As ndg_vfail: `return ndg_fail(e, NDG_EINVAL, "...", value);` */
NDG_PRINTF(3, 4)
static inline ndg_status ndg_fail(ndg_error *e, ndg_status code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  code = ndg_vfail(e, code, format, arguments);
  va_end(arguments);
  return code;
}

/* Element types. A graph is written without one; a compiled program has one. */
enum { NDG_F32 = 0, NDG_F64 = 1, NDG_LONG_DOUBLE = 2, NDG_C128 = 3, NDG_I32 = 4, NDG_N_DTYPES = 5 };
typedef uint32_t ndg_dtype;

/* A value is a real number (of any real or complex element type) or an index. */
enum { NDG_REAL = 0, NDG_INDEX = 1 };

typedef struct ndg_complex {
  double re, im;
} ndg_complex;

/* Row-major, without the task axis; n_dims 0 is a scalar. Unused dim entries are 1. Frozen. */
#define NDG_MAX_DIMS 4
typedef struct ndg_shape {
  uint32_t n_dims;
  uint32_t reserved; /* 0 */
  uint64_t dim[NDG_MAX_DIMS];
} ndg_shape;

/* [any; any; pure] Shapes of zero to four axes. */
static inline ndg_shape ndg_shape_of(uint32_t n_dims, uint64_t d0, uint64_t d1, uint64_t d2,
                                     uint64_t d3) {
  ndg_shape s;
  s.n_dims = n_dims;
  s.reserved = 0;
  s.dim[0] = n_dims > 0 ? d0 : 1;
  s.dim[1] = n_dims > 1 ? d1 : 1;
  s.dim[2] = n_dims > 2 ? d2 : 1;
  s.dim[3] = n_dims > 3 ? d3 : 1;
  return s;
}
#define NDG_SCALAR ndg_shape_of(0, 1, 1, 1, 1)
#define NDG_VECTOR(n) ndg_shape_of(1, (n), 1, 1, 1)
#define NDG_MATRIX(rows, columns) ndg_shape_of(2, (rows), (columns), 1, 1)

/* [any; any; pure] Number of elements of one task's value. */
static inline uint64_t ndg_shape_size(const ndg_shape *s) {
  return s->dim[0] * s->dim[1] * s->dim[2] * s->dim[3];
}

#ifdef __cplusplus
}
#endif
#endif
