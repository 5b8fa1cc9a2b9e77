/* SPDX-License-Identifier: MIT */
/* A component put to use from its opening to its end, in some ways, again and again. */
#ifndef NUDGE_CHECK_LIFE_H
#define NUDGE_CHECK_LIFE_H

#include "check/option_values.h"

typedef struct ndg_life ndg_life;
struct ndg_life {
  ndg_check *check;
  uint64_t n_ways;
  void *ways; /* of the kind */
  /* Contract of all: [main; case; cost of a small problem] */
  /* Opens, works if `work`, closes; *result is a number that work leads to. values (NULL: the
     way's own options): options that the component has accepted. */
  ndg_status (*use)(const ndg_life *, uint64_t way, const void *options, bool work, double *result,
                    ndg_error *);
  const char *(*name)(const ndg_life *, uint64_t way);
  const void *(*options)(const ndg_life *, uint64_t way);
};

/* [main; case; allocates from the case's arena] False after the case was skipped. */
bool ndg_life_open(ndg_check *, ndg_life *);

/* Bytes that malloc has given and that were not given back, after what waits to be collected was.
   [main; case; a collection] */
uint64_t ndg_memory_in_use(const ndg_check *);

#endif
