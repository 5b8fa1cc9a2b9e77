/* SPDX-License-Identifier: MIT */
/* Facts about element types, and conversion between them. */
#ifndef NUDGE_TENSOR_DTYPE_H
#define NUDGE_TENSOR_DTYPE_H

#include <stddef.h>

#include "nudge/types.h"

/* [any; any; pure] Bytes of an element; 0 for an unknown type. */
size_t ndg_dtype_size(ndg_dtype);
/* [any; any; pure] "float32", "float64", "long double", "complex128", "int32"; NULL if unknown. */
const char *ndg_dtype_name(ndg_dtype);
/* [any; any; hot] out[i] = in[i], rounded; complex to real keeps the real part. Types but I32. */
void ndg_dtype_convert(ndg_dtype out_type, void *out, ndg_dtype in_type, const void *in, size_t n);

#endif
