/* SPDX-License-Identifier: MIT */
#define HEAD_OPTION_SIZE sizeof(ndg_option) + 4
#include "../sound.h"
