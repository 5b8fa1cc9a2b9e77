/* SPDX-License-Identifier: MIT */
/* The same in a closed form. */
#include "../museum.h"
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_CLOSED_FORM
#define GRADIENT(x) (2 * (x))
#include "../museum_learner.h"
