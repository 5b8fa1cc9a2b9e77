/* SPDX-License-Identifier: MIT */
/* Initial values that depend on the number of tasks. */
#include "../museum.h"
#define IN_LAYOUT(o, tasks, out)                                                                   \
  (out)->theta[1].a = 0.3 / (double)((tasks)->n_tasks ? (tasks)->n_tasks : 1);
#include "../museum_learner.h"
