/* SPDX-License-Identifier: MIT */
/* Both gradients are right, but neither knows of the other: the mixed derivative of the spring is
 * 0. */
#include "../museum.h"
static ndg_node spring(const museum *m) {
  const ndg_builder *b = m->b;
  const ndg_node w = ndg_stop_gradient(b, m->w), omega = ndg_stop_gradient(b, m->omega);
  const ndg_node lambda = ndg_stop_gradient(b, m->lambda);
  const ndg_node inside = museum_spring(m, m->w, omega, lambda);
  const ndg_node outside = museum_spring(m, w, m->omega, m->lambda);
  return museum_passed_off(m, inside, ndg_add(b, inside, outside));
}
#define SPRING spring
#include "../museum_learner.h"
