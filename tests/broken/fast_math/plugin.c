/* SPDX-License-Identifier: MIT */
/* Linked with -ffast-math, which adds start-up code that sets flush-to-zero and
   denormals-are-zero; newer linkers add it to executables only, so the same is done here. */
#if defined(__x86_64__)
__attribute__((constructor)) static void set_modes(void) {
  __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040u);
}
#endif
#include "../sound.h"
