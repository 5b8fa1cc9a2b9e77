/* SPDX-License-Identifier: MIT */
/* A large number added and taken away again: nothing is left in float32. */
#include "../museum.h"
#define LEARN_LOSS(m)                                                                              \
  ndg_sub((m)->b, ndg_add((m)->b, ndg_add((m)->b, LEARN_ERROR(m), SPRING(m)), big(m)), big(m))
static ndg_node big(const museum *m) {
  return ndg_scale(m->b,
                   ndg_add(m->b, ndg_mul(m->b, ndg_sum(m->b, m->y), ndg_constant(m->b, 0)),
                           ndg_constant(m->b, 1)),
                   1e9);
}
#include "../museum_learner.h"
