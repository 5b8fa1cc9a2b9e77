/* SPDX-License-Identifier: MIT */
/* A closed-form meta-gradient of the wrong sign. */
#include "../museum.h"
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_CLOSED_FORM
#define GRADIENT(x) (-(x))
#include "../museum_learner.h"
