/* SPDX-License-Identifier: MIT */
#define OPS NULL
#include "../sound.h"
