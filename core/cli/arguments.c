/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

enum { MAX_OPTIONS = 32 };

int ndg_cli_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)fflush(stdout); /* in the order written, when both go to one file */
  (void)fputs("nudge: ", stderr);
  (void)vfprintf(stderr, format, arguments);
  (void)fputc('\n', stderr);
  va_end(arguments);
  return 1;
}

static const ndg_cli_usage **kept_usage; /* NULL: --help is printed */

void ndg_cli_keep_usage(const ndg_cli_usage **out) {
  kept_usage = out;
}

static void print_help(const ndg_cli_usage *u) {
  if (kept_usage) {
    *kept_usage = u;
    return;
  }
  printf("usage: nudge %s [OPTION]...%s%s\n\n%s\n\n", u->verb, *u->arguments ? " " : "",
         u->arguments, u->doc);
  for (const ndg_cli_option *o = u->options; o->name; o++) {
    const int width = printf("  %s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
    printf("%*s%s\n", width < 24 ? 24 - width : 1, "", o->doc);
  }
  printf("  --help                Say this.\n");
}

ndg_cli_arguments ndg_cli_arguments_of(const ndg_cli_usage *usage, int argc, char **argv) {
  return (ndg_cli_arguments){.usage = usage, .argc = argc, .argv = argv, .next = 1};
}

static int unknown_option(const ndg_cli_usage *u, const char *name) {
  const char *names[MAX_OPTIONS] = {"--help"};
  size_t n = 1;
  for (const ndg_cli_option *o = u->options; o->name && n < MAX_OPTIONS; o++)
    names[n++] = o->name;
  const int near = ndg_nearest_name(name, names, n);
  if (near >= 0)
    (void)ndg_cli_fail("'%s' has no option '%s'; did you mean '%s'?", u->verb, name, names[near]);
  else
    (void)ndg_cli_fail("'%s' has no option '%s'; see 'nudge %s --help'", u->verb, name, u->verb);
  return NDG_CLI_STOP_ERROR;
}

/* Length of an argument's name: "--out" in "--out=DIR". */
static size_t name_length(const char *argument) {
  return strcspn(argument, "=");
}

static int take_value(ndg_cli_arguments *a, int k, const char *argument) {
  const ndg_cli_option *o = &a->usage->options[k];
  const char *equals = strchr(argument, '=');
  a->value = NULL;
  if (!o->value && equals) {
    (void)ndg_cli_fail("option '%s' takes no value", o->name);
    return NDG_CLI_STOP_ERROR;
  }
  if (!o->value)
    return k;
  if (!equals && a->next >= a->argc) {
    (void)ndg_cli_fail("option '%s' needs a value: %s %s", o->name, o->name, o->value);
    return NDG_CLI_STOP_ERROR;
  }
  a->value = equals ? equals + 1 : a->argv[a->next++];
  return k;
}

int ndg_cli_next(ndg_cli_arguments *a) {
  if (a->next >= a->argc)
    return NDG_CLI_END;
  const char *argument = a->argv[a->next++];
  if (!a->only_operands && strcmp(argument, "--") == 0) {
    a->only_operands = 1;
    return ndg_cli_next(a);
  }
  if (a->only_operands || argument[0] != '-' || argument[1] == '\0') {
    a->value = argument;
    return NDG_CLI_OPERAND;
  }
  if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
    print_help(a->usage);
    return NDG_CLI_STOP_OK;
  }
  for (int k = 0; a->usage->options[k].name; k++) {
    const char *name = a->usage->options[k].name;
    if (strlen(name) == name_length(argument) && strncmp(name, argument, strlen(name)) == 0)
      return take_value(a, k, argument);
  }
  return unknown_option(a->usage, argument);
}

int ndg_cli_add_plugin(ndg_cli_plugins *p, const char *file) {
  if (p->n == NDG_CLI_MAX_PLUGINS)
    return ndg_cli_fail("more than %d times --plugin; name a folder in NUDGE_PLUGIN_PATH instead",
                        NDG_CLI_MAX_PLUGINS);
  p->files[p->n++] = file;
  return 0;
}
