/* SPDX-License-Identifier: MIT */
#define OPS_SIZE 16
#include "../sound.h"
