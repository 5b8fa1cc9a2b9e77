/* SPDX-License-Identifier: MIT */
#define PROPS 0x101u
#include "../sound.h"
