/* SPDX-License-Identifier: MIT */
/* A closed form that uses what it is lent as scratch memory. */
#include "../museum.h"
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_CLOSED_FORM
#define NUDGED_BY(beta) (((double *)theta)[0] += 1, beta)
#include "../museum_learner.h"
