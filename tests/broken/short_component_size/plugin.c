/* SPDX-License-Identifier: MIT */
#define HEAD_COMPONENT_SIZE 8
#include "../sound.h"
