/* SPDX-License-Identifier: MIT */
#define LICENSE NULL
#include "../sound.h"
