/* SPDX-License-Identifier: MIT */
#define N_COMPONENTS 0
#include "../sound.h"
