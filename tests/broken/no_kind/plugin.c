/* SPDX-License-Identifier: MIT */
#define KIND NULL
#include "../sound.h"
