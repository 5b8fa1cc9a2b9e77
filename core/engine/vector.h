/* SPDX-License-Identifier: MIT */
/* What ndg_vector is inside the engine: tasks x length numbers of one element type. */
#ifndef NUDGE_ENGINE_VECTOR_H
#define NUDGE_ENGINE_VECTOR_H

#include "nudge/rule.h"

struct ndg_vector {
  uint32_t space; /* NDG_PHI, NDG_THETA, NDG_STATE */
  ndg_dtype dtype;
  uint64_t n_tasks;
  uint64_t length; /* numbers per task: P, Q, or P (1 + slots) */
  uint64_t stride; /* elements from one task to the next, >= length */
  void *data;
};

/* [any; any; allocates] Zeroed; a vector of its own, outside any estimate. NULL: no memory. */
ndg_vector *ndg_vector_create(uint32_t space, ndg_dtype, uint64_t n_tasks, uint64_t length);
void ndg_vector_destroy(ndg_vector *);
/* [any; any; hot] The common leading part of each task, converted; complex to real keeps the real
 * part. */
void ndg_vector_copy(ndg_vector *out, const ndg_vector *in);
/* [any; any; hot] out = scale Σ weight_i in_i, elementwise over the leading part that all have. */
void ndg_vector_combine(ndg_vector *out, ndg_complex scale, uint64_t n, const ndg_complex *weights,
                        const ndg_vector *const *in);
/* [any; any; hot] y += a_task x with a number per task (a: n_tasks long doubles). */
void ndg_vector_axpy(ndg_vector *y, const long double *a, const ndg_vector *x);
/* [any; any; hot] Per task: Σ x y (no conjugation: real vectors), in fixed order; out: n_tasks. */
void ndg_vector_dot(const ndg_vector *x, const ndg_vector *y, long double *out);
/* [any; any; hot] Largest over tasks of ‖x‖₂ (PHI part of a STATE: pass length). NaN passes
 * through. */
double ndg_vector_norm(const ndg_vector *x, uint64_t length);

#endif
