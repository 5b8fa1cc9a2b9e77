/* SPDX-License-Identifier: MIT */
#define COMPONENTS &sound_component, &sound_component
#include "../sound.h"
