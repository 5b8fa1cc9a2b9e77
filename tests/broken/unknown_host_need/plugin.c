/* SPDX-License-Identifier: MIT */
#define NEEDS "nudge.host.gpu/1"
#include "../sound.h"
