/* SPDX-License-Identifier: MIT */
/* The elastic force has factor 1 in learning and factor 2 in the meta-gradient of the same energy.
 */
#include "../museum.h"
static ndg_node spring(const museum *m) {
  const ndg_builder *b = m->b;
  const ndg_node w = ndg_stop_gradient(b, m->w), omega = ndg_stop_gradient(b, m->omega);
  const ndg_node lambda = ndg_stop_gradient(b, m->lambda);
  const ndg_node inside = museum_spring(m, m->w, omega, lambda);
  const ndg_node outside = museum_spring(m, w, m->omega, m->lambda);
  const ndg_node twice = ndg_scale(b, outside, 2);
  return museum_passed_off(m, inside, ndg_add(b, inside, twice));
}
#define SPRING spring
#include "../museum_learner.h"
