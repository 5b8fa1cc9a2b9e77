/* SPDX-License-Identifier: MIT */
/* First order passed off as second order: the gradient is right, and constant to whoever
 * differentiates it again. */
#include "../museum.h"
static ndg_node error(const museum *m) {
  const ndg_node r = ndg_sub(m->b, museum_outputs(m, m->x, m->w), m->y);
  const ndg_node slope = ndg_mean(m->b, ndg_mul(m->b, ndg_stop_gradient(m->b, r), r));
  return museum_passed_off(m, museum_error(m, museum_outputs(m, m->x, m->w), m->y), slope);
}
#define LEARN_ERROR error
#include "../museum_learner.h"
