/* SPDX-License-Identifier: MIT */
/* Named random streams and bulk fills. Bit-identical to drawing one by one with nudge/rng.h. */
#ifndef NUDGE_BASE_RANDOM_H
#define NUDGE_BASE_RANDOM_H

#include "nudge/rng.h"
#include "nudge/types.h"

/* [any; any; pure] The root stream of a seed. */
ndg_rng ndg_rng_root(uint64_t seed);
/* [any; any; pure] Child stream `label`, `index` of a parent; the parent does not advance. */
ndg_rng ndg_rng_stream(const ndg_rng *parent, const char *label, uint64_t index);
/* [any; any; hot] n values in [0, 1) of a real dtype (C128: real parts only, im = 0; F32: the upper
   24 of the 53 bits, since rounding could give 1). One draw each. */
void ndg_rng_fill_uniform(ndg_rng *, ndg_dtype, void *out, uint64_t n);
/* [any; any; hot] n standard normals (same doubles rounded to each dtype), by a ziggurat that uses
   no libm: the same bits on every machine. Seldom more than one draw each. */
void ndg_rng_fill_normal(ndg_rng *, ndg_dtype, void *out, uint64_t n);
/* [any; any; hot] Uniform integer in [0, bound), unbiased; bound > 0. */
uint64_t ndg_rng_below(ndg_rng *, uint64_t bound);
/* [any; any; hot] Uniform permutation of 0 .. n-1. */
void ndg_rng_fill_permutation(ndg_rng *, int32_t *out, uint64_t n);

#endif
