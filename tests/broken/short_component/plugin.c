/* SPDX-License-Identifier: MIT */
#define COMPONENT_SIZE 64
#include "../sound.h"
