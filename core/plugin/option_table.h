/* SPDX-License-Identifier: MIT */
/* What filling, validating and describing options share: ranges, number texts, list texts. */
#ifndef NUDGE_PLUGIN_OPTION_TABLE_H
#define NUDGE_PLUGIN_OPTION_TABLE_H

#include <stdbool.h>

#include "nudge/option.h"
#include "plugin/line.h"

/* [any; any; pure] NaN is in no range. */
bool ndg_option_accepts_f64(const ndg_option *, double value);
bool ndg_option_accepts_i64(const ndg_option *, int64_t value);
/* [any; any; pure] The choice of a name or of a value, or NULL. */
const ndg_choice *ndg_option_choice(const ndg_option *, const char *name);
const ndg_choice *ndg_option_choice_of(const ndg_option *, int64_t value);

/* [any; any; pure] A number without fraction that fits: 3.0 yes, 3.5 no. */
bool ndg_integer_of_f64(double value, int64_t *out);
/* [any; any; pure] "20", "2e1". */
bool ndg_integer_of_text(const char *text, size_t length, int64_t *out);

/* [any; any; pure] Next piece of "784, 64, 10" without blanks around it; false at the end. Blank
   text has no piece. *cursor starts at the text. */
bool ndg_list_next(const char **cursor, const char **piece, size_t *length);

/* [any; any; no allocation] `before`, then "in (0, 10]", "at least 1" or "above 0"; nothing
   at all when every value is allowed. */
void ndg_option_add_range(ndg_line *, const char *before, const ndg_option *);
/* [any; any; no allocation] "a number in (0, 10]", "true or false", "one of a, b", "a list of
   integers at least 1". */
void ndg_option_add_wanted(ndg_line *, const ndg_option *);

/* [any; any; pure] Size of the member that an option of this type fills; 0: no such type. */
uint64_t ndg_option_member_size(uint32_t type);

#endif
