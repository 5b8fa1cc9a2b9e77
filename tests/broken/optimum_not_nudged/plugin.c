/* SPDX-License-Identifier: MIT */
/* A closed form that forgets the nudge. */
#include "../museum.h"
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_CLOSED_FORM
#define NUDGED_BY(beta) 0 * (long double)(beta)
#include "../museum_learner.h"
