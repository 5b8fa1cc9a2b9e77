/* SPDX-License-Identifier: MIT */
#define OPTION                                                                                     \
  {                                                                                                \
    .name = "beta", .doc = "Nudging strength.", .type = NDG_OPTION_F64,                            \
    .offset = sizeof(sound_options), .max = {                                                      \
      .d = 10                                                                                      \
    }                                                                                              \
  }
#include "../sound.h"
