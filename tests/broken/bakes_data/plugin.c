/* SPDX-License-Identifier: MIT */
/* A number of the first tasks becomes a constant of the graph. */
#include "../museum.h"
static double first = 1;
#define IN_LAYOUT(o, tasks, out)                                                                   \
  if ((tasks)->arrays[0].data)                                                                     \
    first = ((const double *)(tasks)->arrays[0].data)[0];
#define EVAL_LOSS(m)                                                                               \
  ndg_scale((m)->b, museum_error(m, museum_outputs(m, (m)->eval_x, (m)->w), (m)->eval_y), first)
#include "../museum_learner.h"
