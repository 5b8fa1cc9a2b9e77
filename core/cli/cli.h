/* SPDX-License-Identifier: MIT */
/* The command line: one function per verb, and what verbs share. */
#ifndef NUDGE_CLI_CLI_H
#define NUDGE_CLI_CLI_H

#include <stddef.h>

#include <lua.h>

#include "plugin/registry.h"

/* Verbs: argv[0] is the verb's name; the result is the exit status. Contract of all:
   [main; any; I/O] */
int ndg_cli_check(int argc, char **argv);
int ndg_cli_compare(int argc, char **argv);
int ndg_cli_doc(int argc, char **argv);
int ndg_cli_export(int argc, char **argv);
int ndg_cli_help(int argc, char **argv);
int ndg_cli_info(int argc, char **argv);
int ndg_cli_list(int argc, char **argv);
int ndg_cli_new(int argc, char **argv);
int ndg_cli_report(int argc, char **argv);
int ndg_cli_run(int argc, char **argv);
int ndg_cli_runs(int argc, char **argv);
int ndg_cli_show(int argc, char **argv);
int ndg_cli_version(int argc, char **argv);
int ndg_cli_watch(int argc, char **argv);

typedef struct ndg_cli_verb {
  const char *name, *title;
  int (*run)(int argc, char **argv);
} ndg_cli_verb;
extern const ndg_cli_verb ndg_cli_verbs[]; /* ended by name NULL; main.c */

typedef struct ndg_cli_option {
  const char *name;  /* "--json"; NULL ends a table */
  const char *value; /* what help calls its value, "FILE"; NULL: it has none */
  const char *doc;
} ndg_cli_option;

typedef struct ndg_cli_usage {
  const char *verb;
  const char *arguments; /* "ID", or "" */
  const char *doc;
  const ndg_cli_option *options;
} ndg_cli_usage;

/* A walk over the arguments of a verb. An option's value follows it or comes after '='; "--" ends
   the options. */
typedef struct ndg_cli_arguments {
  const ndg_cli_usage *usage;
  int argc;
  char **argv;
  int next;          /* first: 1 */
  int only_operands; /* "--" was seen */
  const char *value; /* of the option just returned, or the operand */
} ndg_cli_arguments;

enum {
  NDG_CLI_OPERAND = -1, /* `value` is not an option */
  NDG_CLI_END = -2,
  NDG_CLI_STOP_OK = -3,   /* --help was answered: leave with status 0 */
  NDG_CLI_STOP_ERROR = -4 /* the mistake was reported: leave with status 1 */
};
/* [main; any; I/O] The start of a walk. */
ndg_cli_arguments ndg_cli_arguments_of(const ndg_cli_usage *, int argc, char **argv);
/* [main; any; I/O] Index of the next option in the table, or one of the values above. */
int ndg_cli_next(ndg_cli_arguments *);

/* [main; any; cheap] From now on --help is not printed; what it would say goes into *out. NULL: it
   is printed again. */
void ndg_cli_keep_usage(const ndg_cli_usage **out);
/* [main; any; cheap] What a verb says to --help. */
const ndg_cli_usage *ndg_cli_usage_of(const ndg_cli_verb *);
/* The module nudge.verbs: a list of { name, title, arguments, doc, options }. [-0, +1, v] */
int ndg_cli_open_verbs(lua_State *L);

/* [main; any; I/O] "nudge: ..." as one line on stderr; returns the exit status 1. */
NDG_PRINTF(1, 2)
int ndg_cli_fail(const char *format, ...);

/* Files of --plugin, in the order given. Longer lists are refused. */
enum { NDG_CLI_MAX_PLUGINS = 64 };
typedef struct ndg_cli_plugins {
  size_t n;
  const char *files[NDG_CLI_MAX_PLUGINS];
} ndg_cli_plugins;
#define NDG_CLI_PLUGIN_OPTION                                                                      \
  { "--plugin", "FILE", "Load this plugin too; may be repeated." }
/* [main; any; cheap] Adds a file; 0, or 1 when it was refused with a message. */
int ndg_cli_add_plugin(ndg_cli_plugins *, const char *file);
/* [main; any; I/O] A registry with the plugins that are found by default and these files. */
ndg_status ndg_cli_open_registry(const char *const *files, size_t n, ndg_registry **out,
                                 ndg_error *);

/* [main; any; I/O] A verb whose work is done by the function that the module nudge.cli.VERB gives:
   it gets the arguments as ndg_lua_run_module says. A verb that has the option --plugin sees all
   components, others none. Returns the exit status. */
int ndg_cli_lua_verb(const ndg_cli_usage *, int argc, char **argv);
/* [main; any; I/O] Folder that holds nudge/init.lua: the source tree for an executable that lies
   where it was built, the installed one for any other. */
const char *ndg_cli_library_folder(void);

/* [main; any; I/O] A component's description, on stdout, as JSON. */
void ndg_cli_info_json(const ndg_loaded *);

#endif
