/* SPDX-License-Identifier: MIT */
/* Learning sees the evaluation samples. */
#include "../museum.h"
static ndg_node loss(const museum *m) {
  const ndg_node one = museum_error(m, museum_outputs(m, m->x, m->w), m->y);
  const ndg_node other = museum_error(m, museum_outputs(m, m->eval_x, m->w), m->eval_y);
  return ndg_add(m->b, one, ndg_scale(m->b, other, 0.01));
}
#define LEARN_ERROR loss
#include "../museum_learner.h"
