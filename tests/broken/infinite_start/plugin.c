/* SPDX-License-Identifier: MIT */
/* A loss that is infinite where learning begins. */
#include "../museum.h"
#define IN_LAYOUT(o, tasks, out) (out)->phi[0].init = NDG_INIT_CONSTANT;
#define EVAL_LOSS(m) ndg_neg((m)->b, ndg_sum((m)->b, ndg_log((m)->b, ndg_square((m)->b, (m)->w))))
#include "../museum_learner.h"
