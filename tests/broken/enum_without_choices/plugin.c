/* SPDX-License-Identifier: MIT */
#define OPTION NDG_OPT_ENUM(sound_options, variant, 0, NULL, "Which difference.")
#include "../sound.h"
