/* SPDX-License-Identifier: MIT */
#define TABLE_CONST
#include "../sound_learner.h"
__attribute__((constructor)) static void set(void) {
  learner_table[0].def.i = 4;
}
