/* SPDX-License-Identifier: MIT */
/* Single precision on the x87 unit: long double would silently lose 40 bits. */
#if defined(__x86_64__)
__attribute__((constructor)) static void set_modes(void) {
  const unsigned short word = 0x007f;
  __asm__ volatile("fldcw %0" : : "m"(word));
}
#endif
#include "../sound.h"
