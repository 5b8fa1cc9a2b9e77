/* SPDX-License-Identifier: MIT */
/* What the cases of the group library share. */
#ifndef NUDGE_CHECK_LIBRARY_H
#define NUDGE_CHECK_LIBRARY_H

#include "check/check.h"

/* dlopen as the host does it, with no look at what is inside; NULL after the case was skipped.
   [main; case; I/O] */
void *ndg_check_load_library(ndg_check *);

/* The cases. */
void ndg_check_exports(ndg_check *);
void ndg_check_imports(ndg_check *);

#endif
