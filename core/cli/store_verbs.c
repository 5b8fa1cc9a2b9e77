/* SPDX-License-Identifier: MIT */
/* The verbs that read the store of runs; lua/nudge/cli does their work. */
#include "cli/cli.h"

#define OUT                                                                                        \
  { "--out", "DIR", "Folder that holds the runs (default: .)." }

int ndg_cli_runs(int argc, char **argv) {
  static const ndg_cli_option options[] = {
      OUT,
      {"--status", "STATUS", "Only runs that are running, done, failed, interrupted or killed."},
      {"--script", "PATH", "Only runs of this script; the end of its path will do."},
      {"--name", "NAME", "Only runs of this name."},
      {"--limit", "N", "The newest N (default: 20; 0: all)."},
      {"--json", NULL, "Print JSON."},
      {NULL, NULL, NULL}};
  static const ndg_cli_usage usage = {"runs", "", "List the runs that a folder keeps.", options};
  return ndg_cli_lua_verb(&usage, argc, argv);
}

int ndg_cli_show(int argc, char **argv) {
  static const ndg_cli_option options[] = {
      OUT,
      {"--series", "NAME", "Print this series step by step; may be repeated."},
      {"--table", "NAME", "Print this table; may be repeated."},
      {"--metric", "NAME", "Of a series only this metric; may be repeated."},
      {"--manifest", NULL, "Print all that is known about how the run was made, as JSON."},
      {NULL, NULL, NULL}};
  static const ndg_cli_usage usage = {"show", "RUN", "Show a run: its number, or 'last'.", options};
  return ndg_cli_lua_verb(&usage, argc, argv);
}

int ndg_cli_compare(int argc, char **argv) {
  static const ndg_cli_option options[] = {
      OUT,
      {"--series", "NAME", "Only this series; may be repeated."},
      {"--metric", "NAME", "Only this metric; may be repeated."},
      {"--plot", "FILE", "Draw the curves over each other (.svg or .png)."},
      {NULL, NULL, NULL}};
  static const ndg_cli_usage usage = {
      "compare", "RUN RUN...", "Compare runs: what they were made with, and what they reached.",
      options};
  return ndg_cli_lua_verb(&usage, argc, argv);
}

int ndg_cli_export(int argc, char **argv) {
  static const ndg_cli_option options[] = {
      OUT,
      {"--format", "csv|json", "csv: every row of every series (default); json: all of the run."},
      {"--series", "NAME", "Only this series; may be repeated."},
      {"--to", "FILE", "Write to a file, whole or not at all (default: standard output)."},
      {NULL, NULL, NULL}};
  static const ndg_cli_usage usage = {"export", "RUN",
                                      "Give out a run with every number as it was.", options};
  return ndg_cli_lua_verb(&usage, argc, argv);
}
