/* SPDX-License-Identifier: MIT */
#define ID "sound"
#include "../sound.h"
