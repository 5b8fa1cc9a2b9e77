/* SPDX-License-Identifier: MIT */
/* Numbers to text and back whatever the process's locale is, and the nearest name for suggestions.
 */
#ifndef NUDGE_BASE_TEXT_H
#define NUDGE_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "nudge/types.h"

/* [any; any; no allocation] The whole text (blanks around allowed) as one number, correctly
   rounded. Accepts 1, -2.5e3, inf, nan, 0x1p3. NDG_EINVAL on anything else and on overflow of
   finite text. */
ndg_status ndg_parse_f64(const char *text, size_t length, double *out);
/* [any; any; no allocation] The same for an integer: 3, -7; no fraction, no exponent. */
ndg_status ndg_parse_i64(const char *text, size_t length, int64_t *out);
/* [any; any; no allocation] A number at the head of text; *end: just past it. For CSV readers. */
ndg_status ndg_scan_f64(const char *text, size_t length, double *out, const char **end);
/* [any; any; no allocation] Fewest digits that read back to the same double, plain from 0.00001 to
   below 1e16, else as 1.5e-7; inf, -inf, nan. Returns the length as snprintf does; 32 bytes always
   suffice. */
int ndg_format_f64(char *out, size_t size, double value);
/* [any; any; no allocation] Edit distance (transpositions count one), at most 255; 255 for unequal
   names of more than 255 bytes. */
unsigned ndg_edit_distance(const char *a, const char *b);
/* [any; any; no allocation] Index of the nearest of n names if it is near enough to suggest, else
 * -1. */
int ndg_nearest_name(const char *name, const char *const *names, size_t n);

#endif
