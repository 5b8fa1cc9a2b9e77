/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "run") == 0)
    return ndg_cli_run(argc - 1, argv + 1);
  fprintf(stderr, "nudge: which verb? nudge run SCRIPT\n");
  return 1;
}
