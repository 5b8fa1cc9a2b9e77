/* SPDX-License-Identifier: MIT */
/* The gradient of eval_loss points uphill. */
#include "../museum.h"
static ndg_node loss(const museum *m) {
  const ndg_node e = museum_error(m, museum_outputs(m, m->eval_x, m->w), m->eval_y);
  return museum_passed_off(m, e, ndg_neg(m->b, e));
}
#define EVAL_LOSS loss
#include "../museum_learner.h"
