/* SPDX-License-Identifier: MIT */
/* One component, from its own data. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { JSON, MARKDOWN, PLUGIN };
static const ndg_cli_option options[] = {
    [JSON] = {"--json", NULL, "Print JSON."},
    [MARKDOWN] = {"--markdown", NULL, "Print a page of the reference."},
    [PLUGIN] = NDG_CLI_PLUGIN_OPTION,
    {NULL, NULL, NULL},
};
static const ndg_cli_usage usage = {
    "info", "ID", "Describe a component: what it does, what it needs, and each of its options.",
    options};

enum { WIDTH = 80 };

/* Characters, not bytes: continuation bytes of UTF-8 take no column. */
static int columns(const char *text, size_t n) {
  int width = 0;
  for (size_t k = 0; k < n; k++)
    width += ((unsigned char)text[k] & 0xc0) != 0x80;
  return width;
}

/* The words of one paragraph, at most WIDTH columns to a line. */
static void print_paragraph(const char *text, const char *end, int indent) {
  int column = 0;
  for (;;) {
    text += strspn(text, " \n");
    if (text >= end)
      break;
    const size_t n = strcspn(text, " \n");
    const int width = columns(text, n);
    if (column > 0 && column + 1 + width > WIDTH) {
      putchar('\n');
      column = 0;
    }
    const int blanks = column > 0 ? 1 : indent;
    printf("%*s%.*s", blanks, "", (int)n, text);
    column += blanks + width;
    text += n;
  }
  putchar('\n');
}

/* Paragraphs are separated by an empty line; single line breaks are blanks. */
static void print_wrapped(const char *text, int indent) {
  for (;;) {
    const char *end = strstr(text, "\n\n");
    print_paragraph(text, end ? end : text + strlen(text), indent);
    if (!end)
      return;
    putchar('\n');
    text = end + 2;
  }
}

static void print_ids(const char *title, const char *const *ids) {
  if (!ids || !*ids)
    return;
  printf("%-10s", title);
  for (; *ids; ids++)
    printf("%s%s", *ids, ids[1] ? ", " : "\n");
}

static void print_option(const ndg_option *o) {
  char text[1000];
  (void)ndg_options_describe(o, text, sizeof text);
  printf("\n  %s: %s\n", o->name, text);
  print_wrapped(o->doc, 6);
  for (const ndg_choice *c = o->choices; c && c->name; c++) {
    (void)snprintf(text, sizeof text, "%s: %s", c->name, c->doc);
    print_wrapped(text, 8);
  }
}

static void print_text(const ndg_loaded *l) {
  const ndg_component *c = l->component;
  printf("%s %s %s: %s\n\n", ndg_kind_noun(c->kind), c->id, c->version, c->title);
  print_wrapped(c->doc, 0);
  putchar('\n');
  if (c->cite) {
    printf("Reference\n");
    print_wrapped(c->cite, 10);
  }
  print_ids("Needs", c->needs);
  print_ids("Uses", c->uses);
  print_ids("Provides", c->provides);
  printf("%-10s%s %s, %s, %s\n", "Plugin", l->plugin->name, l->plugin->version, l->plugin->license,
         l->path);
  if (c->options && c->options->name)
    printf("\nOptions\n");
  for (const ndg_option *o = c->options; o && o->name; o = ndg_options_next(o, l->option_stride))
    print_option(o);
}

/* A page of the reference is the business of `nudge doc`. */
static int print_markdown(const char *id, const ndg_cli_plugins *plugins) {
  char doc[] = "doc", markdown[] = "--markdown", plugin[] = "--plugin", end[] = "--";
  char *argv[2 * NDG_CLI_MAX_PLUGINS + 4] = {doc, markdown};
  int argc = 2;
  for (size_t i = 0; i < plugins->n; i++) {
    argv[argc++] = plugin;
    argv[argc++] = (char *)(uintptr_t)plugins->files[i];
  }
  argv[argc++] = end;
  argv[argc++] = (char *)(uintptr_t)id;
  return ndg_cli_doc(argc, argv);
}

int ndg_cli_info(int argc, char **argv) {
  ndg_cli_arguments a = ndg_cli_arguments_of(&usage, argc, argv);
  ndg_cli_plugins plugins = {.n = 0};
  ndg_registry *r = NULL;
  const ndg_loaded *l = NULL;
  const char *id = NULL;
  ndg_error e;
  void (*print)(const ndg_loaded *) = print_text;
  for (int k = ndg_cli_next(&a); k != NDG_CLI_END; k = ndg_cli_next(&a)) {
    if (k == NDG_CLI_STOP_OK || k == NDG_CLI_STOP_ERROR)
      return k == NDG_CLI_STOP_ERROR;
    if (k == NDG_CLI_OPERAND && id)
      return ndg_cli_fail("'info' takes one ID, got '%s' and '%s'", id, a.value);
    if (k == PLUGIN && ndg_cli_add_plugin(&plugins, a.value))
      return 1;
    id = k == NDG_CLI_OPERAND ? a.value : id;
    print = k == JSON ? ndg_cli_info_json : k == MARKDOWN ? NULL : print;
  }
  if (!id)
    return ndg_cli_fail("'info' needs the ID of a component; 'nudge list' shows them");
  ndg_status st = ndg_cli_open_registry(plugins.files, plugins.n, &r, &e);
  if (st == NDG_OK)
    st = ndg_registry_find(r, NULL, id, &l, &e);
  if (st == NDG_OK && print)
    print(l);
  ndg_registry_destroy(r);
  if (st < 0)
    return ndg_cli_fail("%s", e.text);
  return print ? 0 : print_markdown(id, &plugins);
}
