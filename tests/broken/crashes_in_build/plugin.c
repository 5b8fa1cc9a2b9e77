/* SPDX-License-Identifier: MIT */
static int *volatile nowhere;
#define IN_BUILD(o, e) *nowhere = 1;
#include "../sound_learner.h"
