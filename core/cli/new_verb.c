/* SPDX-License-Identifier: MIT */
/* nudge new: a plugin to begin with; lua/nudge/cli/new.lua fills in the templates. */
#include "cli/cli.h"

int ndg_cli_new(int argc, char **argv) {
  static const ndg_cli_option options[] = {
      {"--folder", "DIR", "Existing folder in which the new one is made (default: .)."},
      {"--owner", "PREFIX",
       "Its id is PREFIX.NAME, as in org.lab.mine: for what others will load."},
      NDG_CLI_PLUGIN_OPTION,
      {NULL, NULL, NULL}};
  static const ndg_cli_usage usage = {
      "new", "learner|rule NAME",
      "Write a folder NAME with a small learner or rule that works, to begin your own with.",
      options};
  return ndg_cli_lua_verb(&usage, argc, argv);
}
