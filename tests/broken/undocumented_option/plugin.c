/* SPDX-License-Identifier: MIT */
#define OPTION NDG_OPT_F64(sound_options, beta, 0, 0, 10, 0, NULL, "")
#include "../sound.h"
