/* SPDX-License-Identifier: MIT */
#define TITLE "one\ntwo"
#include "../sound.h"
