/* SPDX-License-Identifier: MIT */
/* All that a plugin says about itself as one number: it may not change. */
#ifndef NUDGE_CHECK_FINGERPRINT_H
#define NUDGE_CHECK_FINGERPRINT_H

#include <stdbool.h>

#include "plugin/registry.h"

/* Of all texts, numbers, lists and option tables, not of addresses. False: it is of another ABI,
   its tables are not walked so, or one has no end. [main; loaded; cost of the descriptor] */
bool ndg_check_fingerprint(const ndg_plugin *, uint64_t *out);
/* The same of one component that is loaded. */
bool ndg_check_fingerprint_of(const ndg_loaded *, uint64_t *out);

#endif
