/* SPDX-License-Identifier: MIT */
/* Modes of the floating-point unit: rounding, flush-to-zero, denormals-are-zero, exception masks.
   A library linked with -ffast-math changes them for the whole process when it is loaded. */
#ifndef NUDGE_PLUGIN_FP_STATE_H
#define NUDGE_PLUGIN_FP_STATE_H

#include <stdint.h>

typedef struct ndg_fp_state {
  uint32_t control; /* MXCSR without its sticky flags; FPCR */
  uint32_t x87;     /* control word */
} ndg_fp_state;

#define NDG_MXCSR_FLAGS 0x3fu /* exceptions seen so far: any arithmetic sets them */

/* [any; any; hot] Modes of the calling thread. */
static inline ndg_fp_state ndg_fp_state_get(void) {
  ndg_fp_state s = {0, 0};
#if defined(__x86_64__)
  uint16_t word = 0;
  uint32_t mxcsr = 0;
  __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
  __asm__ volatile("fnstcw %0" : "=m"(word));
  s.control = mxcsr & ~NDG_MXCSR_FLAGS;
  s.x87 = word;
#elif defined(__aarch64__)
  uint64_t fpcr;
  __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
  s.control = (uint32_t)fpcr;
#endif
  return s;
}

/* [any; any; hot] Back to modes that ndg_fp_state_get gave. */
static inline void ndg_fp_state_set(ndg_fp_state s) {
#if defined(__x86_64__)
  const uint16_t word = (uint16_t)s.x87;
  __asm__ volatile("ldmxcsr %0" : : "m"(s.control));
  __asm__ volatile("fldcw %0" : : "m"(word));
#elif defined(__aarch64__)
  const uint64_t fpcr = s.control;
  __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
#else
  (void)s;
#endif
}

#endif
