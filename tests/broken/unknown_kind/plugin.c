/* SPDX-License-Identifier: MIT */
#define KIND "nudge.environment/1"
#define ID "later"
#include "../sound.h"
