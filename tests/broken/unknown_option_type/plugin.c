/* SPDX-License-Identifier: MIT */
#define OPTION                                                                                     \
  {                                                                                                \
    .name = "beta", .doc = "Nudging strength.", .type = 77,                                        \
    .offset = offsetof(sound_options, beta), .max = {                                              \
      .d = 10                                                                                      \
    }                                                                                              \
  }
#include "../sound.h"
