/* SPDX-License-Identifier: MIT */
/* Progress of long work on stderr: one updating line with time left on a terminal, plain lines
   (only for stages that take long) anywhere else. */
#ifndef NUDGE_CLI_PROGRESS_H
#define NUDGE_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ndg_cli_progress {
  bool terminal;
  bool line_open; /* an unfinished line is on the terminal */
  char stage[128];
  double started, shown; /* seconds on the monotonic clock */
} ndg_cli_progress;

/* [main; any; cheap] */
void ndg_cli_progress_start(ndg_cli_progress *);
/* [main; started; I/O] As ndg_lua_progress says; context is the ndg_cli_progress. */
bool ndg_cli_progress_report(void *context, const char *stage, uint64_t done, uint64_t total);
/* [main; started; I/O] Removes an unfinished line, so that something else can be written. */
void ndg_cli_progress_clear(ndg_cli_progress *);

#endif
