/* SPDX-License-Identifier: MIT */
/* Predictions are half the answers. */
#include "../museum.h"
static ndg_node cheat(const museum *m) {
  const ndg_node own = museum_outputs(m, m->eval_x, m->w);
  return ndg_add(m->b, ndg_scale(m->b, own, 0.5), ndg_scale(m->b, m->eval_y, 0.5));
}
#define PREDICTIONS cheat
#include "../museum_learner.h"
