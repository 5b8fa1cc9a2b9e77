/* SPDX-License-Identifier: MIT */
/* What this process uses, and where its program lies. */
#ifndef NUDGE_BASE_PROCESS_H
#define NUDGE_BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* [any; any; I/O] The largest resident set in bytes since the process began, or since it was last
   restarted; 0: not known. */
uint64_t ndg_peak_memory(void);
/* [any; any; I/O] From now on the largest is that from now on. False: this system cannot do it. */
bool ndg_restart_peak_memory(void);
/* [any; any; I/O] Path of a folder that is named from the program's own; "": that one. False: there
   is none, or no room for its name. */
bool ndg_folder_beside_program(const char *relative, char *out, size_t size);

#endif
