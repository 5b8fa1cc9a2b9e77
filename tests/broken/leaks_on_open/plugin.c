/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
static void *volatile table;
#define IN_LAYOUT(o, e) table = malloc(40);
#include "../sound_learner.h"
