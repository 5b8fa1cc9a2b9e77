/* SPDX-License-Identifier: MIT */
#define OPTION NDG_OPT_I64(sound_options, steps, 20, 1, 1000, "Number of steps.")
#include "../sound.h"
