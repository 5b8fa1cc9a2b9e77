/* SPDX-License-Identifier: MIT */
#define ID "Bad-Id"
#include "../sound.h"
