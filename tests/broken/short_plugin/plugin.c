/* SPDX-License-Identifier: MIT */
#define HEAD_PLUGIN_SIZE 72
#include "../sound.h"
