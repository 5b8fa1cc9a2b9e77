/* SPDX-License-Identifier: MIT */
#define OPTION NDG_OPT_F64(sound_options, beta, 10, 11, 10, 0, NULL, "Nudging strength.")
#include "../sound.h"
