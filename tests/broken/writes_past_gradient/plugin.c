/* SPDX-License-Identifier: MIT */
/* A closed form that writes one number too many. */
#include "../museum.h"
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_CLOSED_FORM
#define GRADIENT(x) (gradient[2 * q.n] = (x))
#include "../museum_learner.h"
