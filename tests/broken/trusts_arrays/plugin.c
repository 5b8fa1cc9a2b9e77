/* SPDX-License-Identifier: MIT */
/* layout reads an array that is not there. */
#include "../museum.h"
#define MISSING(e, name) return ((void)(e), *(volatile int *)0)
#include "../museum_learner.h"
