/* SPDX-License-Identifier: MIT */
/* build changes the rounding mode. */
#include "../museum.h"
#include <fenv.h>
#define IN_BUILD(o) (void)fesetround(FE_UPWARD);
#include "../museum_learner.h"
