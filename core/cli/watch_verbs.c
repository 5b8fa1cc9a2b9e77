/* SPDX-License-Identifier: MIT */
/* The verbs that show runs as they go on and afterwards; lua/nudge/cli does their work. */
#include "cli/cli.h"

#define OUT                                                                                        \
  { "--out", "DIR", "Folder that holds the runs (default: .)." }

int ndg_cli_watch(int argc, char **argv) {
  static const ndg_cli_option options[] = {
      OUT,
      {"--every", "S", "Look again after so many seconds (default: 1)."},
      {"--once", NULL, "Show the run as it is now, and end."},
      {NULL, NULL, NULL}};
  static const ndg_cli_usage usage = {"watch", "RUN",
                                      "Watch a run, its number or 'last', until it ends.", options};
  return ndg_cli_lua_verb(&usage, argc, argv);
}

int ndg_cli_report(int argc, char **argv) {
  static const ndg_cli_option options[] = {
      OUT,
      {"--to", "FILE.html", "Where to write it (default: report-RUN.html beside the runs)."},
      {NULL, NULL, NULL}};
  static const ndg_cli_usage usage = {
      "report", "RUN...", "Write one page about runs, for a browser, with all that it needs in it.",
      options};
  return ndg_cli_lua_verb(&usage, argc, argv);
}
