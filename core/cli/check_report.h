/* SPDX-License-Identifier: MIT */
/* How results of the checker are written on stdout. */
#ifndef NUDGE_CLI_CHECK_REPORT_H
#define NUDGE_CLI_CHECK_REPORT_H

#include "check/run.h"
#include "cli/json.h"

typedef struct ndg_cli_check_report {
  const char *operand; /* as the user gave it, for lines that reproduce */
  const char *plugins; /* " --plugin FILE" for each that was given, or "" */
  const char *file;
  bool quick;
  uint64_t seed;
  ndg_json json;
  uint64_t n;                     /* results so far */
  char group[64], component[160]; /* whose results were written last */
} ndg_cli_check_report;

typedef struct ndg_cli_check_format {
  /* Contract of all: [main; any; I/O] */
  void (*begin)(ndg_cli_check_report *);
  void (*result)(void *report, const ndg_check_result *);
  void (*end)(ndg_cli_check_report *, const ndg_check_summary *);
} ndg_cli_check_format;
extern const ndg_cli_check_format ndg_cli_check_text, ndg_cli_check_tap, ndg_cli_check_json;

#endif
