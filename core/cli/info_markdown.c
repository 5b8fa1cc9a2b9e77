/* SPDX-License-Identifier: MIT */
/* A page of docs/reference/: nothing in it depends on the machine or the build. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* Plain text in Markdown; in a table, line breaks are blanks. */
static void put_text(const char *text, bool cell) {
  for (; *text; text++) {
    if (strchr("\\*<|`", *text))
      putchar('\\');
    putchar(cell && *text == '\n' ? ' ' : *text);
  }
}

static void put_ids(const char *title, const char *const *ids) {
  if (!ids || !*ids)
    return;
  printf("- %s: ", title);
  for (; *ids; ids++)
    printf("`%s`%s", *ids, ids[1] ? ", " : "\n");
}

static void put_type(const ndg_option *o) {
  char text[1000];
  for (const ndg_choice *c = o->choices; c && c->name; c++)
    printf("%s`%s`", c == o->choices ? "" : ", ", c->name);
  if (!o->choices) {
    (void)ndg_options_type_text(o, text, sizeof text);
    put_text(text, true);
  }
  if (o->unit && *o->unit) {
    fputs(", unit ", stdout);
    put_text(o->unit, true);
  }
}

static void put_row(const ndg_option *o) {
  const bool fixed = !(o->flags & NDG_OPTION_REQUIRED);
  char text[1000];
  (void)ndg_options_default_text(o, text, sizeof text);
  printf("| `%s` | ", o->name);
  put_type(o);
  printf(" | %s%s%s | ", fixed ? "`" : "", fixed ? text : "(required)", fixed ? "`" : "");
  put_text(o->doc, true);
  fputs(o->flags & NDG_OPTION_DEPRECATED ? " Deprecated. |\n" : " |\n", stdout);
}

static void put_choices(const ndg_option *o) {
  if (!o->choices)
    return;
  printf("\n### `%s`\n\n", o->name);
  for (const ndg_choice *c = o->choices; c->name; c++) {
    printf("- `%s`: ", c->name);
    put_text(c->doc, true);
    putchar('\n');
  }
}

void ndg_cli_info_markdown(const ndg_loaded *l) {
  const ndg_component *c = l->component;
  printf("<!-- Generated from the option table by docs/reference.sh; do not edit. -->\n"
         "# `%s`\n\n",
         c->id);
  printf("%s, version %s: ", ndg_kind_noun(c->kind), c->version);
  put_text(c->title, true);
  fputs("\n\n", stdout);
  put_text(c->doc, false);
  fputs("\n\n", stdout);
  if (c->cite) {
    fputs("- Reference: ", stdout);
    put_text(c->cite, true);
    putchar('\n');
  }
  put_ids("Needs", c->needs);
  put_ids("Uses", c->uses);
  put_ids("Provides", c->provides);
  if (!c->options || !c->options->name)
    return;
  fputs("\n## Options\n\n| Option | Value | Default | What it does |\n|---|---|---|---|\n", stdout);
  for (const ndg_option *o = c->options; o->name; o = ndg_options_next(o, l->option_stride))
    put_row(o);
  for (const ndg_option *o = c->options; o->name; o = ndg_options_next(o, l->option_stride))
    put_choices(o);
}
