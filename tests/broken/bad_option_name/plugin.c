/* SPDX-License-Identifier: MIT */
#define OPTION                                                                                     \
  {                                                                                                \
    .name = "beta-max", .doc = "Nudging strength.", .type = NDG_OPTION_F64,                        \
    .offset = offsetof(sound_options, beta), .max = {                                              \
      .d = 10                                                                                      \
    }                                                                                              \
  }
#include "../sound.h"
