/* SPDX-License-Identifier: MIT */
#define TITLE ""
#include "../sound.h"
