/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#define IN_LAYOUT(o, e) (void)printf("length %d\n", (int)(o)->length);
#include "../sound_learner.h"
