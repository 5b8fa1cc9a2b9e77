/* SPDX-License-Identifier: MIT */
#if defined(__x86_64__)
#define IN_BUILD(o, e) __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040u);
#endif
#include "../sound_learner.h"
