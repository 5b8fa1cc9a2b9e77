/* SPDX-License-Identifier: MIT */
/* Progress of long work on stderr: on a terminal one line that is rewritten and never wraps,
   anywhere else plain lines, and only of stages that take long. */
#ifndef NUDGE_CLI_PROGRESS_H
#define NUDGE_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bind/host.h"

enum { NDG_CLI_LINE_SIZE = 512 };

/* What is known of the work at one time: made into a line. Times in seconds. */
typedef struct ndg_cli_stage {
  char name[128], note[160];
  uint64_t first, done, total; /* counting began at `first`; total 0: not known */
  double passed;               /* since then */
  const char *phase;           /* what is inside of that: "free phase" */
  uint64_t step, steps;        /* of it; steps 0: nothing is */
  uint64_t memory;             /* peak resident set in bytes; 0: not known */
} ndg_cli_stage;

typedef struct ndg_cli_progress {
  bool terminal;
  bool line_open; /* an unfinished line is on the terminal */
  bool running;   /* a stage is */
  ndg_cli_stage stage;
  double started, shown; /* seconds on the monotonic clock */
  double phase_started;
} ndg_cli_progress;

/* [main; any; cheap] */
void ndg_cli_progress_start(ndg_cli_progress *);
/* [main; started; I/O] As the host says; context is the ndg_cli_progress. */
bool ndg_cli_progress_report(void *context, const ndg_lua_stage *);
/* [main; started; I/O] Called every some steps of an inner phase; cheap where nothing is due. */
void ndg_cli_progress_phase(void *context, const char *what, uint64_t step, uint64_t steps);
/* [main; started; I/O] Removes an unfinished line, so that something else can be written. */
void ndg_cli_progress_clear(void *context);

/* progress_line.c */
/* [any; any; pure] The line of a stage that goes on: the most important first, as it may be cut. */
void ndg_cli_stage_line(const ndg_cli_stage *, char out[NDG_CLI_LINE_SIZE]);
/* [any; any; pure] What is left to say when it has ended. */
void ndg_cli_stage_end(const ndg_cli_stage *, char out[NDG_CLI_LINE_SIZE]);
/* [any; any; pure] Cuts UTF-8 text to so many characters, the last of them an ellipsis. */
void ndg_cli_cut(char *text, size_t width);

#endif
