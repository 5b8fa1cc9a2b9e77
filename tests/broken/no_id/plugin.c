/* SPDX-License-Identifier: MIT */
#define ID NULL
#include "../sound.h"
