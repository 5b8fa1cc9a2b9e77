/* SPDX-License-Identifier: MIT */
/* A closed form with the half that the loss does not have. */
#include "../museum.h"
#define PROVIDES NDG_CAP_GRAPH, NDG_CAP_CLOSED_FORM
#define IN_LAYOUT(o, tasks, out) (out)->theta[1].a = 0.2;
#define SPRING(m) ndg_scale((m)->b, museum_spring(m, (m)->w, (m)->omega, (m)->lambda), 2)
#include "../museum_learner.h"
