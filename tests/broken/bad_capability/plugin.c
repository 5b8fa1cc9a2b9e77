/* SPDX-License-Identifier: MIT */
#define NEEDS "nudge"
#include "../sound.h"
