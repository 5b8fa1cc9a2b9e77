/* SPDX-License-Identifier: MIT */
#define IN_CHECK(o, e) ((learner_options *)(unsigned long)(o))->length++;
#include "../sound_learner.h"
