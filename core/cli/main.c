/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"
#include "tensor/blas.h"

const ndg_cli_verb ndg_cli_verbs[] = {
    {"run", "run an experiment script", ndg_cli_run},
    {"runs", "list the runs that a folder keeps", ndg_cli_runs},
    {"show", "show a run", ndg_cli_show},
    {"compare", "compare runs", ndg_cli_compare},
    {"watch", "watch a run until it ends", ndg_cli_watch},
    {"report", "write a page about runs", ndg_cli_report},
    {"export", "give out the numbers of a run", ndg_cli_export},
    {"list", "list learners and rules", ndg_cli_list},
    {"info", "describe a learner or rule and its options", ndg_cli_info},
    {"new", "begin a learner or a rule of your own", ndg_cli_new},
    {"check", "check a plugin or a script, case by case", ndg_cli_check},
    {"doc", "explain anything, write the reference", ndg_cli_doc},
    {"version", "say what this nudge is made of", ndg_cli_version},
    {"help", "help on nudge or on a verb", ndg_cli_help},
    {NULL, NULL, NULL}};
enum { N_VERBS = sizeof ndg_cli_verbs / sizeof *ndg_cli_verbs - 1 };

static const ndg_cli_verb *find_verb(const char *name) {
  for (size_t k = 0; k < N_VERBS; k++) {
    if (strcmp(ndg_cli_verbs[k].name, name) == 0)
      return &ndg_cli_verbs[k];
  }
  return NULL;
}

static int unknown_verb(const char *name) {
  const char *names[N_VERBS];
  for (size_t k = 0; k < N_VERBS; k++)
    names[k] = ndg_cli_verbs[k].name;
  const int near = ndg_nearest_name(name, names, N_VERBS);
  if (near >= 0)
    return ndg_cli_fail("there is no verb '%s'; did you mean '%s'?", name, names[near]);
  return ndg_cli_fail("there is no verb '%s'; see 'nudge help'", name);
}

static int print_overview(void) {
  printf("usage: nudge [--plugin FILE]... VERB [ARGUMENT]...\n\n");
  for (size_t k = 0; k < N_VERBS; k++)
    printf("  %-9s%s\n", ndg_cli_verbs[k].name, ndg_cli_verbs[k].title);
  printf("\n'nudge VERB --help' says more. Plugins are found in the folders of NUDGE_PLUGIN_PATH\n"
         "or, without it, in the user's and the installation's plugin folders.\n");
  return 0;
}

int ndg_cli_help(int argc, char **argv) {
  static const ndg_cli_option options[] = {{NULL, NULL, NULL}};
  static const ndg_cli_usage usage = {"help", "[VERB]", "Explain nudge or one of its verbs.",
                                      options};
  ndg_cli_arguments a = ndg_cli_arguments_of(&usage, argc, argv);
  const int k = ndg_cli_next(&a);
  if (k == NDG_CLI_STOP_OK || k == NDG_CLI_STOP_ERROR)
    return k == NDG_CLI_STOP_ERROR;
  if (k == NDG_CLI_END)
    return print_overview();
  const ndg_cli_verb *v = find_verb(a.value);
  char name[16], option[] = "--help";
  char *ask[] = {name, option, NULL};
  if (!v)
    return unknown_verb(a.value);
  (void)snprintf(name, sizeof name, "%s", v->name);
  return v->run(2, ask);
}

/* Options before the verb (--plugin FILE) go behind it, where every verb that loads plugins reads
   them. */
static int dispatch(int argc, char **argv, int at) {
  const ndg_cli_verb *v = find_verb(argv[at]);
  if (!v)
    return unknown_verb(argv[at]);
  char **moved = ndg_calloc((size_t)argc + 1, sizeof *moved);
  int n = 0;
  if (!moved)
    return ndg_cli_fail("out of memory");
  moved[n++] = argv[at];
  for (int k = 1; k < argc; k++) {
    if (k != at)
      moved[n++] = argv[k];
  }
  const int status = v->run(n, moved);
  ndg_free(moved);
  return status;
}

static int run(int argc, char **argv) {
  int at = 1;
  while (at < argc && strcmp(argv[at], "--plugin") == 0)
    at += 2;
  if (at >= argc)
    return ndg_cli_fail("no verb is given; see 'nudge help'");
  if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
    return print_overview();
  if (strcmp(argv[at], "--version") == 0)
    return ndg_cli_version(1, argv + at);
  if (argv[at][0] == '-')
    return ndg_cli_fail("there is no option '%s' before a verb; see 'nudge help'", argv[at]);
  return dispatch(argc, argv, at);
}

int main(int argc, char **argv) {
  ndg_blas_prepare(argc, argv);
  const int status = run(argc, argv);
  /* A full disk or a closed pipe shows only now. */
  errno = 0;
  if (fflush(stdout) != 0 || ferror(stdout))
    return ndg_cli_fail("cannot write to standard output: %s",
                        errno ? strerror(errno) : "an earlier write failed; is the disk full?");
  return status;
}
