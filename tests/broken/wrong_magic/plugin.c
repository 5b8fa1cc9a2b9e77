/* SPDX-License-Identifier: MIT */
#define MAGIC 0x01020304u
#include "../sound.h"
