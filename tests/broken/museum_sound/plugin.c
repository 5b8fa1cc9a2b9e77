/* SPDX-License-Identifier: MIT */
/* Nothing is wrong: what the others differ from passes. */
#include "../museum.h"
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_CLOSED_FORM
#include "../museum_learner.h"
