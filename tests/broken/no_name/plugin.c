/* SPDX-License-Identifier: MIT */
#define NAME ""
#include "../sound.h"
