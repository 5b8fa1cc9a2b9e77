/* SPDX-License-Identifier: MIT */
#include "../sound.h"
