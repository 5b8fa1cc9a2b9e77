/* SPDX-License-Identifier: MIT */
#define VERSION NULL
#include "../sound.h"
