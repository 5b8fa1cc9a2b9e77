/* SPDX-License-Identifier: MIT */
#define ESTIMATE NULL
#include "../sound.h"
