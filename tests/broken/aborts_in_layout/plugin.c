/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#define IN_LAYOUT(o, e) abort();
#include "../sound_learner.h"
