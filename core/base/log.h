/* SPDX-License-Identifier: MIT */
/* Messages to the user: stderr by default, one line each, never from hot code. */
#ifndef NUDGE_BASE_LOG_H
#define NUDGE_BASE_LOG_H

#include "nudge/types.h"

enum { NDG_LOG_DEBUG = 0, NDG_LOG_INFO = 1, NDG_LOG_WARNING = 2 };
typedef void (*ndg_log_sink)(void *context, int level, const char *line);

/* [main; any; cheap] NULL: back to stderr. Lines below `level` are dropped before formatting. */
void ndg_log_to(ndg_log_sink sink, void *context, int level);
/* [any; any; I/O] Not ndg_log: that is the logarithm of graphs. */
NDG_PRINTF(2, 3)
void ndg_report(int level, const char *format, ...);

#endif
