/* SPDX-License-Identifier: MIT */
/* A learner for wrong mathematics, first half: what it is made of. A fixture includes this, defines
   what it does wrong, names it by a macro, and includes museum_learner.h.

     L^learn = ½ mean (X w − y)² + ½ Σ λ (w − ω)²,   L^eval = ½ mean (X' w − y')²

   phi: w; theta: omega, lambda >= 0. Arrays learn.inputs, learn.targets, eval.inputs, eval.targets.
 */
#ifndef MUSEUM_H
#define MUSEUM_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nudge/nudge.h"

enum { MUSEUM_MOST = 8 };

typedef struct museum_options {
  double scale;
} museum_options;

typedef struct museum {
  const ndg_builder *b;
  const museum_options *options;
  ndg_node x, y, eval_x, eval_y, w, omega, lambda;
} museum;

static inline int museum_find(uint64_t n, const ndg_array *arrays, const char *name) {
  for (uint64_t i = 0; i < n; i++)
    if (strcmp(arrays[i].name, name) == 0)
      return (int)i;
  return -1;
}

/* X w as a vector. */
static inline ndg_node museum_outputs(const museum *m, ndg_node x, ndg_node w) {
  const ndg_shape s = m->b->api->shape(m->b->graph, x);
  const ndg_node column = ndg_reshape(m->b, w, NDG_MATRIX(s.dim[1], 1));
  return ndg_reshape(m->b, ndg_matmul(m->b, x, column, 0, 0), NDG_VECTOR(s.dim[0]));
}

/* ½ mean (x − y)² */
static inline ndg_node museum_error(const museum *m, ndg_node x, ndg_node y) {
  return ndg_scale(m->b, ndg_mean(m->b, ndg_square(m->b, ndg_sub(m->b, x, y))), 0.5);
}

static inline ndg_node museum_spring(const museum *m, ndg_node w, ndg_node omega, ndg_node lambda) {
  const ndg_node squares = ndg_square(m->b, ndg_sub(m->b, w, omega));
  return ndg_scale(m->b, ndg_sum(m->b, ndg_mul(m->b, lambda, squares)), 0.5);
}

/* The value of one node with the derivatives of another. */
static inline ndg_node museum_passed_off(const museum *m, ndg_node value, ndg_node derivatives) {
  const ndg_node zero = ndg_sub(m->b, derivatives, ndg_stop_gradient(m->b, derivatives));
  return ndg_add(m->b, ndg_stop_gradient(m->b, value), zero);
}

#endif
