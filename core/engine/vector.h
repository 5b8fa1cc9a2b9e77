/* SPDX-License-Identifier: MIT */
/* What ndg_vector is inside the engine: tasks x length numbers of one element type. */
#ifndef NUDGE_ENGINE_VECTOR_H
#define NUDGE_ENGINE_VECTOR_H

#include <stdbool.h>

#include "nudge/rule.h"
#include "tensor/dtype.h"

/* Where a vector's contents come from: a hash of the phase that produced them (theta, start, beta,
   optimiser, steps), so that a later phase from the same point is recognised. {0, 0}: unknown. */
typedef struct ndg_identity {
  uint64_t high, low;
} ndg_identity;

struct ndg_vector {
  uint32_t space; /* NDG_PHI, NDG_THETA, NDG_STATE */
  ndg_dtype dtype;
  uint64_t n_tasks;
  uint64_t length;             /* numbers per task: P, Q, or P (1 + slots) */
  uint64_t stride;             /* elements from one task to the next, >= length */
  void *data;                  /* NDG_ALIGNMENT-aligned */
  ndg_identity identity;       /* whoever writes data resets it */
  ndg_vector *previous, *next; /* in the owner's list of live vectors */
};

/* [any; any; allocates] Zeroed; a vector of its own, outside any estimate. NULL: no memory. */
ndg_vector *ndg_vector_create(uint32_t space, ndg_dtype, uint64_t n_tasks, uint64_t length);
void ndg_vector_destroy(ndg_vector *);
/* [any; any; pure] Bytes that a vector's numbers take. */
uint64_t ndg_vector_bytes(const ndg_vector *);
/* [any; any; pure] First number of a task's part of a vector. */
static inline void *ndg_task_data(const ndg_vector *v, uint64_t task) {
  return (char *)v->data + task * v->stride * ndg_dtype_size(v->dtype);
}
/* [any; any; pure] Is the type NDG_C128? */
bool ndg_vector_is_complex(const ndg_vector *);
/* [any; any; hot] All zeros. */
void ndg_vector_zero(ndg_vector *);
/* [any; any; hot] One task's numbers all NaN. */
void ndg_vector_void(ndg_vector *, uint64_t task);
/* [any; any; hot] n doubles into, or numbers of any type out of, memory of another type. */
static inline void ndg_convert_from_f64(ndg_dtype dtype, void *out, const double *in, uint64_t n) {
  ndg_dtype_convert(dtype, out, NDG_F64, in, (size_t)n);
}
static inline void ndg_convert_to_f64(ndg_dtype dtype, const void *in, double *out, uint64_t n) {
  ndg_dtype_convert(NDG_F64, out, dtype, in, (size_t)n);
}
/* [any; any; hot] The common leading part of each task, converted; complex to real keeps the real
   part. An exact copy of a whole vector keeps its identity. */
void ndg_vector_copy(ndg_vector *out, const ndg_vector *in);
/* [any; any; hot] out = scale Σ weight_i in_i, elementwise over the leading part that all have. */
void ndg_vector_combine(ndg_vector *out, ndg_complex scale, uint64_t n, const ndg_complex *weights,
                        const ndg_vector *const *in);
/* [any; any; hot] Per task: Σ x y (no conjugation: real vectors), in fixed order; out: n_tasks. */
void ndg_vector_dot(const ndg_vector *x, const ndg_vector *y, long double *out);
/* [any; any; hot] Are all numbers of a task, real, finite? */
bool ndg_vector_is_finite(const ndg_vector *, uint64_t task);
/* [any; any; hot] Per task: ‖x‖₂ over its first `length` numbers; out: n_tasks. */
void ndg_vector_norms(const ndg_vector *x, uint64_t length, double *out);
/* [any; any; hot] Largest over tasks of ‖x‖₂ (PHI part of a STATE: pass length). NaN passes
 * through. */
double ndg_vector_norm(const ndg_vector *x, uint64_t length);

#endif
