/* SPDX-License-Identifier: MIT */
/* A loss divided by the number of tasks, which build remembers from layout. */
#include "../museum.h"
static uint64_t n_tasks = 1;
#define IN_LAYOUT(o, tasks, out) n_tasks = (tasks)->n_tasks ? (tasks)->n_tasks : 1;
static ndg_node loss(const museum *m) {
  const ndg_node e = museum_error(m, museum_outputs(m, m->eval_x, m->w), m->eval_y);
  return ndg_scale(m->b, e, 1 / (double)n_tasks);
}
#define EVAL_LOSS loss
#include "../museum_learner.h"
