/* SPDX-License-Identifier: MIT */
/* Text built piece by piece in a buffer of fixed size: messages that list names and ranges. */
#ifndef NUDGE_PLUGIN_LINE_H
#define NUDGE_PLUGIN_LINE_H

#include <stddef.h>

#include "nudge/types.h"

typedef struct ndg_line {
  char *out;
  size_t size;
  size_t length; /* of the whole text, also of what did not fit */
} ndg_line;

/* [any; any; no allocation] An empty text in out. */
ndg_line ndg_line_in(char *out, size_t size);
/* [any; any; no allocation] Text that does not fit is dropped and ends in "...". */
NDG_PRINTF(2, 3)
void ndg_line_add(ndg_line *, const char *format, ...);
/* [any; any; no allocation] Shortest text of a number, whatever the locale. */
void ndg_line_add_f64(ndg_line *, double value);

#endif
