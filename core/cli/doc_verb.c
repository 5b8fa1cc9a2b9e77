/* SPDX-License-Identifier: MIT */
/* nudge doc: the reference, from option tables, usage tables and annotations; lua/nudge/cli/doc.lua
   does its work. */
#include "cli/cli.h"

int ndg_cli_doc(int argc, char **argv) {
  static const ndg_cli_option options[] = {
      {"--markdown", NULL, "As Markdown."},
      {"--man", NULL, "As a man page."},
      {"--luacats", NULL, "Annotations of the options of components, for editors."},
      {"--to", "FOLDER", "Write files: all pages as Markdown, or what was asked for."},
      NDG_CLI_PLUGIN_OPTION,
      {NULL, NULL, NULL}};
  static const ndg_cli_usage usage = {
      "doc", "[ID|VERB|lua|NAME]",
      "Explain a component, a verb, a function that scripts can call, a name of the headers for\n"
      "plugins, or list all there is.",
      options};
  return ndg_cli_lua_verb(&usage, argc, argv);
}
