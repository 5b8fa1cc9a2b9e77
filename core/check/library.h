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
void ndg_check_quiet(ndg_check *);
void ndg_check_floating_point(ndg_check *);
void ndg_check_locale(ndg_check *);
void ndg_check_signals(ndg_check *);
void ndg_check_folder(ndg_check *);
void ndg_check_creation_mask(ndg_check *);
void ndg_check_environment(ndg_check *);
void ndg_check_descriptors(ndg_check *);
void ndg_check_threads(ndg_check *);
void ndg_check_reload(ndg_check *);
void ndg_check_scan_time(ndg_check *);

#endif
