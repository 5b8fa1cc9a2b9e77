/* SPDX-License-Identifier: MIT */
#define COMPONENTS &sound_component, NULL
#include "../sound.h"
