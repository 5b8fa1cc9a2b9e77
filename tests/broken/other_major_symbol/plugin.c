/* SPDX-License-Identifier: MIT */
#define MAJOR 2
#define SYMBOL ndg_plugin_2
#include "../sound.h"
