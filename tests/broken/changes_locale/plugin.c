/* SPDX-License-Identifier: MIT */
#include <locale.h>
__attribute__((constructor)) static void change(void) {
  (void)setlocale(LC_NUMERIC, "C.UTF-8");
}
#include "../sound_learner.h"
