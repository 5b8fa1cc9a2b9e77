/* SPDX-License-Identifier: MIT */
/* The learning loss changes with phi, the gradient does not say so. */
#include "../museum.h"
#define LEARN_ERROR(m)                                                                             \
  museum_error(m, museum_outputs(m, (m)->x, ndg_stop_gradient((m)->b, (m)->w)), (m)->y)
#define SPRING(m) museum_spring(m, ndg_stop_gradient((m)->b, (m)->w), (m)->omega, (m)->lambda)
#include "../museum_learner.h"
