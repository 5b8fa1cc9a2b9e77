/* SPDX-License-Identifier: MIT */
#define PROVIDES "org.lab.blur/1"
#include "../sound.h"
