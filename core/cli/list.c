/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json.h"

enum { JSON, PLUGIN };
static const ndg_cli_option options[] = {
    [JSON] = {"--json", NULL, "Print JSON."},
    [PLUGIN] = NDG_CLI_PLUGIN_OPTION,
    {NULL, NULL, NULL},
};
static const ndg_cli_usage usage = {
    "list", "", "List the components of all plugins: kind, id, version and title.", options};

static void print_json(const ndg_registry *r, uint64_t n) {
  ndg_json j = {0, true};
  ndg_json_open(&j, NULL, '[');
  for (uint64_t k = 0; k < n; k++) {
    const ndg_loaded *l = ndg_registry_at(r, NULL, k);
    ndg_json_open(&j, NULL, '{');
    ndg_json_text(&j, "kind", l->component->kind);
    ndg_json_text(&j, "id", l->component->id);
    ndg_json_text(&j, "version", l->component->version);
    ndg_json_text(&j, "title", l->component->title);
    ndg_json_text(&j, "path", l->path);
    ndg_json_close(&j, '}');
  }
  ndg_json_close(&j, ']');
}

static void print_table(const ndg_registry *r, uint64_t n) {
  int id = 0, version = 0;
  for (uint64_t k = 0; k < n; k++) {
    const ndg_component *c = ndg_registry_at(r, NULL, k)->component;
    id = (int)strlen(c->id) > id ? (int)strlen(c->id) : id;
    version = (int)strlen(c->version) > version ? (int)strlen(c->version) : version;
  }
  for (uint64_t k = 0; k < n; k++) {
    const ndg_component *c = ndg_registry_at(r, NULL, k)->component;
    printf("%-7s  %-*s  %-*s  %s\n", ndg_kind_noun(c->kind), id, c->id, version, c->version,
           c->title);
  }
}

int ndg_cli_list(int argc, char **argv) {
  ndg_cli_arguments a = ndg_cli_arguments_of(&usage, argc, argv);
  ndg_cli_plugins plugins = {.n = 0};
  ndg_registry *r = NULL;
  ndg_error e;
  bool json = false;
  for (int k = ndg_cli_next(&a); k != NDG_CLI_END; k = ndg_cli_next(&a)) {
    if (k == NDG_CLI_STOP_OK || k == NDG_CLI_STOP_ERROR)
      return k == NDG_CLI_STOP_ERROR;
    if (k == NDG_CLI_OPERAND)
      return ndg_cli_fail("'list' takes no argument, got '%s'", a.value);
    if (k == PLUGIN && ndg_cli_add_plugin(&plugins, a.value))
      return 1;
    json |= k == JSON;
  }
  if (ndg_cli_open_registry(plugins.files, plugins.n, &r, &e) < 0)
    return ndg_cli_fail("%s", e.text);
  const uint64_t n = ndg_registry_count(r, NULL);
  if (json)
    print_json(r, n);
  else
    print_table(r, n);
  if (n == 0 && !json)
    (void)fputs("no plugins are found; see --plugin and NUDGE_PLUGIN_PATH\n", stderr);
  ndg_registry_destroy(r);
  return 0;
}
