/* SPDX-License-Identifier: MIT */
#define OPTION NDG_OPT_F64(sound_options, beta, NAN, 0, 10, 0, NULL, "Nudging strength.")
#include "../sound.h"
