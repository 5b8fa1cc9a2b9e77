/* SPDX-License-Identifier: MIT */
/* Is a file a whole shared object of this machine? Asked before dlopen, because mapping a truncated
   one ends in SIGBUS instead of a message. */
#ifndef NUDGE_PLUGIN_ELF_FILE_H
#define NUDGE_PLUGIN_ELF_FILE_H

#include "nudge/types.h"

/* [main; any; I/O] NDG_ENOTFOUND, NDG_EIO, or NDG_EABI with what is wrong. */
ndg_status ndg_elf_check(const char *path, ndg_error *);

#endif
