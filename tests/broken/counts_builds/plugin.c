/* SPDX-License-Identifier: MIT */
/* A graph that depends on how often it was built. */
#include "../museum.h"
static int n_builds;
#define IN_BUILD(o) n_builds++;
#define EVAL_LOSS(m)                                                                               \
  ndg_scale((m)->b, museum_error(m, museum_outputs(m, (m)->eval_x, (m)->w), (m)->eval_y), n_builds)
#include "../museum_learner.h"
