/* SPDX-License-Identifier: MIT */
/* Groups that depend on how often they were asked for. */
#include "../museum.h"
static int n_layouts;
#define IN_LAYOUT(o, tasks, out) (out)->phi[0].b = ++n_layouts;
#include "../museum_learner.h"
