/* SPDX-License-Identifier: MIT */
/* Values of options to try: bounds, defaults, what is drawn, and what the host must refuse. */
#ifndef NUDGE_CHECK_OPTION_VALUES_H
#define NUDGE_CHECK_OPTION_VALUES_H

#include "check/check.h"

/* Which value of an option. LEAST of an exclusive minimum is the next number above it.
   SMALL: drawn, with integers at most SMALLEST above the least. */
enum {
  NDG_VALUE_LEAST = 0,
  NDG_VALUE_MOST,
  NDG_VALUE_DRAWN,
  NDG_VALUE_SMALL,
  NDG_VALUE_EMPTY_LIST
};

/* All values of a component's options, or some. */
typedef struct ndg_check_values {
  ndg_named_any *given;
  uint64_t n, n_options;
} ndg_check_values;

/* [main; case; allocates from the case's arena] Room for every option; false: no memory. */
bool ndg_check_values_open(ndg_check *, ndg_check_values *);
/* Adds a value of `which`; false where the option has none such (no choice, no list). NULL rng: for
   values that are not drawn. [main; case; allocates from the case's arena] */
bool ndg_check_values_add(ndg_check *, ndg_check_values *, const ndg_option *, int which,
                          ndg_rng *);
/* Adds values of the options that are required and not yet there. [same] */
void ndg_check_values_require(ndg_check *, ndg_check_values *, ndg_rng *);
/* "beta=0.1, layers=3 4" for messages. [any; any; no allocation] */
void ndg_check_values_text(const ndg_check_values *, char *out, size_t size);

#endif
