/* SPDX-License-Identifier: MIT */
#define OPTION NDG_OPT_I64_LIST(sound_options, layers, "4, x", 1, 9, "Widths.")
#include "../sound.h"
