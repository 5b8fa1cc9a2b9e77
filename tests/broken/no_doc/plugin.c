/* SPDX-License-Identifier: MIT */
#define DOC NULL
#include "../sound.h"
