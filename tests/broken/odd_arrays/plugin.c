/* SPDX-License-Identifier: MIT */
/* Arrays that nobody can guess, and no example. */
#include "../museum.h"
#define IN_LAYOUT(o, tasks, out)                                                                   \
  if (museum_find((tasks)->n_arrays, (tasks)->arrays, "zebra") < 0)                                \
    return ndg_fail(e, NDG_EINVAL, "the tasks have no array 'zebra'");
#include "../museum_learner.h"
