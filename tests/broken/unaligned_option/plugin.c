/* SPDX-License-Identifier: MIT */
#define OPTION                                                                                     \
  {                                                                                                \
    .name = "beta", .doc = "Nudging strength.", .type = NDG_OPTION_F64, .offset = 4, .max = {      \
      .d = 10                                                                                      \
    }                                                                                              \
  }
#include "../sound.h"
