/* SPDX-License-Identifier: MIT */
/* A group of theta that nothing reads. */
#include "../museum.h"
#define SPRING(m) museum_spring(m, (m)->w, ndg_constant((m)->b, 1), (m)->lambda)
#include "../museum_learner.h"
