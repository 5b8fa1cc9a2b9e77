/* SPDX-License-Identifier: MIT */
/* First-derivative stencils: G'(0) ≈ (scale/β) Σ_k Re[weight_k G(β node_k)]. */
#ifndef STENCIL_H
#define STENCIL_H

#include "nudge/types.h"

enum { FORWARD, SYMMETRIC, SECOND_ORDER, CENTRAL, RICHARDSON, HOLOMORPHIC };

#define STENCIL_MAX_CENTRAL 16
#define STENCIL_MAX_HOLOMORPHIC 64
#define STENCIL_MAX_NODES (STENCIL_MAX_HOLOMORPHIC / 2 + 1)

/* Real stencils have integer weights: products and sums of them lose nothing to round-off before
   the one division. Holomorphic ones keep the nodes with Im >= 0: for real losses G at a conjugate
   node is the conjugate. */
typedef struct stencil {
  uint32_t n;
  uint32_t order; /* of the truncation error in β */
  double scale;
  double reach; /* largest |node| */
  ndg_complex node[STENCIL_MAX_NODES], weight[STENCIL_MAX_NODES];
} stencil;

/* [any; any; cheap] points: CENTRAL: even, up to STENCIL_MAX_CENTRAL; HOLOMORPHIC: 2 up to
   STENCIL_MAX_HOLOMORPHIC; else ignored. */
void stencil_make(int32_t variant, uint32_t points, stencil *);
/* [any; any; cheap] Σ_k Re[scale weight_k node_k^j]: what the stencil makes of β^j, in units of
   β^(j-1). 1 for j = 1, and 0 for every other j up to the order. */
double stencil_moment(const stencil *, uint32_t j);
/* [any; any; pure] e^{2πik/n}, exact on the axes. */
ndg_complex stencil_root_of_unity(uint32_t k, uint32_t n);

#endif
