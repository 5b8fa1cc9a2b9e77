/* SPDX-License-Identifier: MIT */
/* PCG64 with DXSM output (O'Neill; 128-bit state, cheap 64-bit multiplier) as plain state. Streams
   are derived by name: state and increment are both hashed from the parent, a label and an index,
   so that adding a consumer shifts no other and order never matters. */
#ifndef NUDGE_RNG_H
#define NUDGE_RNG_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

__extension__ typedef unsigned __int128 ndg_u128;

typedef struct ndg_rng { /* 32 bytes, frozen */
  uint64_t state_high, state_low;
  uint64_t increment_high, increment_low; /* odd */
} ndg_rng;

#define NDG_PCG_MULTIPLIER UINT64_C(0xda942042e4dd58b5)

/* [any; any; hot] Next 64 uniform bits: output of the current state, then one LCG step. */
static inline uint64_t ndg_rng_next(ndg_rng *r) {
  const ndg_u128 state = ((ndg_u128)r->state_high << 64) | r->state_low;
  const ndg_u128 increment = ((ndg_u128)r->increment_high << 64) | r->increment_low;
  const ndg_u128 next = state * NDG_PCG_MULTIPLIER + increment;
  uint64_t high = (uint64_t)(state >> 64);
  const uint64_t low = (uint64_t)state | 1u;
  high ^= high >> 32;
  high *= NDG_PCG_MULTIPLIER;
  high ^= high >> 48;
  high *= low;
  r->state_high = (uint64_t)(next >> 64);
  r->state_low = (uint64_t)next;
  return high;
}

/* [any; any; hot] Uniform in [0, 1), 53 bits. */
static inline double ndg_rng_uniform(ndg_rng *r) {
  return (double)(ndg_rng_next(r) >> 11) * 0x1.0p-53;
}

#ifdef __cplusplus
}
#endif
#endif
