/* SPDX-License-Identifier: MIT */
#include "nudge/nudge.h"
