/* SPDX-License-Identifier: MIT */
/* The verbs of the command line. */
#ifndef NUDGE_CLI_CLI_H
#define NUDGE_CLI_CLI_H

#include <stddef.h>

#include "plugin/registry.h"

/* One verb; argv[0] is its name. The result is the exit status; errors are one line on stderr.
   [main; any; cost of the verb] */
int ndg_cli_run(int argc, char **argv);

/* The plugins of the default places, then those of --plugin. [main; any; I/O, allocates] */
ndg_status ndg_cli_open_registry(const char *const *plugins, size_t n, ndg_registry **out,
                                 ndg_error *);

#endif
