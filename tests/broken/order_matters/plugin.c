/* SPDX-License-Identifier: MIT */
/* The first sample counts for more, though it claims that order does not matter. */
#include "../museum.h"
static ndg_node loss(const museum *m) {
  const ndg_node first = ndg_slice(m->b, m->y, 0, 0, 1);
  const ndg_node r = ndg_sub(m->b, museum_outputs(m, m->x, m->w), ndg_add(m->b, m->y, first));
  return ndg_scale(m->b, ndg_mean(m->b, ndg_square(m->b, r)), 0.5);
}
#define LEARN_ERROR loss
#include "../museum_learner.h"
