/* SPDX-License-Identifier: MIT */
/* What the kernel templates share. */
#ifndef NUDGE_TENSOR_KERNELS_COMMON_H
#define NUDGE_TENSOR_KERNELS_COMMON_H

/* Elements per block where a kernel needs intermediate results on the stack. */
#define NDG_BLOCK 256

/* No iteration reads what another wrote: y may be an operand, but then exactly. */
#if defined(NDG_SCALAR_KERNELS) /* no vectors of this type */
#define NDG_INDEPENDENT
#elif defined(__clang__)
#define NDG_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define NDG_INDEPENDENT _Pragma("GCC ivdep") _Pragma("GCC unroll 4")
#endif

#endif
