/* SPDX-License-Identifier: MIT */
#define LEVEL 7
#include "../sound.h"
