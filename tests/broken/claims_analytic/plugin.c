/* SPDX-License-Identifier: MIT */
/* relu in a graph that is said to be analytic. */
#include "../museum.h"
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_COMPLEX
static ndg_node error(const museum *m) {
  const ndg_node r = ndg_sub(m->b, museum_outputs(m, m->x, m->w), m->y);
  return ndg_mean(m->b, ndg_relu(m->b, r));
}
#define LEARN_ERROR error
#include "../museum_learner.h"
