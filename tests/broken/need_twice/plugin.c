/* SPDX-License-Identifier: MIT */
#define NEEDS NDG_CAP_NUDGE, NDG_CAP_NUDGE
#include "../sound.h"
