/* SPDX-License-Identifier: MIT */
#define OPTION                                                                                     \
  {                                                                                                \
    .name = "beta", .doc = "Nudging strength.", .type = NDG_OPTION_F64,                            \
    .offset = offsetof(sound_options, beta), .max = {.d = 10}, .flags = 0x8000                     \
  }
#include "../sound.h"
