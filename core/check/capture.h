/* SPDX-License-Identifier: MIT */
/* What is printed for a while goes to a file in memory. */
#ifndef NUDGE_CHECK_CAPTURE_H
#define NUDGE_CHECK_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ndg_capture {
  int file, out, error;
} ndg_capture;

/* [main; any; I/O] Standard output and error from now on; false: errno says why not. */
bool ndg_capture_begin(ndg_capture *);
/* [main; begun; I/O] Back to what they were. The number of bytes printed, and the beginning of the
   first line. */
uint64_t ndg_capture_end(ndg_capture *, char *first, size_t size);

#endif
