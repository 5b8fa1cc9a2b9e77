/* SPDX-License-Identifier: MIT */
#include <locale.h>
#define IN_BUILD(o, e) (void)setlocale(LC_ALL, "C.UTF-8");
#include "../sound_learner.h"
