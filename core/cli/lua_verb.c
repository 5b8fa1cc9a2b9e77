/* SPDX-License-Identifier: MIT */
/* Verbs whose work is done in nudge's own Lua: the module nudge.cli.VERB. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bind/host.h"
#include "cli/cli.h"

const char *ndg_cli_library_folder(void) {
  static char path[4096];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
  char *slash = n > 0 ? (path[n] = 0, strrchr(path, '/')) : NULL;
  if (slash) {
    *slash = 0;
    if (strcmp(path, NDG_BUILD_FOLDER) == 0) {
      return NDG_LUA_SOURCE_FOLDER;
    }
  }
  return NDG_LUA_FOLDER;
}

static ndg_status call(const char *verb, const char *out, const ndg_lua_arguments *arguments,
                       ndg_error *e) {
  char module[64];
  ndg_registry *registry = NULL;
  lua_State *L = NULL;
  ndg_lua_host host = {.n_threads = 1,
                       .out = out,
                       .library = ndg_cli_library_folder(),
                       .version = NDG_VERSION,
                       .compiler = NDG_COMPILER};
  (void)snprintf(module, sizeof module, "nudge.cli.%s", verb);
  ndg_status st = ndg_registry_create(&registry, e); /* empty: these verbs compute nothing */
  if (st >= 0) {
    host.registry = registry;
    st = ndg_lua_open(&host, &L, e);
  }
  if (st >= 0) {
    st = ndg_lua_run_module(&host, L, module, arguments, e);
  }
  ndg_lua_close(&host, L);
  ndg_registry_destroy(registry);
  return st;
}

int ndg_cli_lua_verb(const ndg_cli_usage *usage, int argc, char **argv) {
  ndg_lua_argument *list = ndg_calloc((size_t)argc + 1, sizeof *list);
  ndg_lua_arguments arguments = {.at = list};
  ndg_cli_arguments walk = ndg_cli_arguments_of(usage, argc, argv);
  const char *out = ".";
  ndg_error e = {0};
  int status = list ? 0 : ndg_cli_fail("out of memory");
  int option = NDG_CLI_STOP_OK;
  while (list && (option = ndg_cli_next(&walk)) >= NDG_CLI_OPERAND) {
    const char *name = option == NDG_CLI_OPERAND ? NULL : usage->options[option].name;
    list[arguments.n++] = (ndg_lua_argument){.name = name, .value = walk.value};
    out = name && strcmp(name, "--out") == 0 ? walk.value : out;
  }
  if (option == NDG_CLI_STOP_ERROR) {
    status = 1;
  } else if (option == NDG_CLI_END && call(usage->verb, out, &arguments, &e) < 0) {
    status = ndg_cli_fail("%s", e.text);
  }
  ndg_free(list);
  return status;
}
