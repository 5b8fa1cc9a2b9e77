/* SPDX-License-Identifier: MIT */
#define TABLE_CONST
#define IN_BUILD(o, e) table_changes();
static void table_changes(void);
#include "../sound_learner.h"
static void table_changes(void) {
  learner_table[1].def.d += 0.001;
}
