/* SPDX-License-Identifier: MIT */
/* Verbs whose work is done in nudge's own Lua: the module nudge.cli.VERB. */
#include <stdio.h>
#include <string.h>

#include "base/process.h"
#include "bind/host.h"
#include "cli/cli.h"

const char *ndg_cli_library_folder(void) {
  static char path[4096];
  if (ndg_folder_beside_program("", path, sizeof path) && strcmp(path, NDG_BUILD_FOLDER) == 0) {
    return NDG_LUA_SOURCE_FOLDER;
  }
  return ndg_folder_beside_program(NDG_LUA_FROM_BIN, path, sizeof path) ? path : NDG_LUA_FOLDER;
}

/* What the arguments of a verb come to. */
typedef struct lua_call {
  const ndg_cli_usage *usage;
  const char *out; /* --out */
  ndg_cli_plugins plugins;
  ndg_lua_arguments arguments;
} lua_call;

static bool is_plugin(const char *option) {
  return option && strcmp(option, "--plugin") == 0;
}

/* A verb that takes plugins asks for components; most compute nothing, with an empty registry. */
static ndg_status open_registry(const lua_call *c, ndg_registry **out, ndg_error *e) {
  for (const ndg_cli_option *o = c->usage->options; o->name; o++) {
    if (is_plugin(o->name)) {
      return ndg_cli_open_registry(c->plugins.files, c->plugins.n, out, e);
    }
  }
  return ndg_registry_create(out, e);
}

static ndg_status call(const lua_call *c, ndg_error *e) {
  char module[64];
  ndg_registry *registry = NULL;
  lua_State *L = NULL;
  ndg_lua_host host = {.n_threads = 1,
                       .out = c->out,
                       .library = ndg_cli_library_folder(),
                       .version = NDG_VERSION,
                       .compiler = NDG_COMPILER,
                       .verbs = ndg_cli_open_verbs};
  (void)snprintf(module, sizeof module, "nudge.cli.%s", c->usage->verb);
  ndg_status st = open_registry(c, &registry, e);
  if (st >= 0) {
    host.registry = registry;
    st = ndg_lua_open(&host, &L, e);
  }
  if (st >= 0) {
    st = ndg_lua_run_module(&host, L, module, &c->arguments, e);
  }
  ndg_lua_close(&host, L);
  ndg_registry_destroy(registry);
  return st;
}

/* 0, or 1 when it was refused with a message. */
static int take(lua_call *c, ndg_lua_argument *list, const char *name, const char *value) {
  if (is_plugin(name)) {
    return ndg_cli_add_plugin(&c->plugins, value);
  }
  list[c->arguments.n++] = (ndg_lua_argument){.name = name, .value = value};
  c->out = name && strcmp(name, "--out") == 0 ? value : c->out;
  return 0;
}

int ndg_cli_lua_verb(const ndg_cli_usage *usage, int argc, char **argv) {
  ndg_lua_argument *list = ndg_calloc((size_t)argc + 1, sizeof *list);
  lua_call c = {.usage = usage, .out = ".", .arguments = {.at = list}};
  ndg_cli_arguments walk = ndg_cli_arguments_of(usage, argc, argv);
  ndg_error e = {0};
  int status = list ? 0 : ndg_cli_fail("out of memory");
  int option = NDG_CLI_STOP_OK;
  while (list && !status && (option = ndg_cli_next(&walk)) >= NDG_CLI_OPERAND) {
    const char *name = option == NDG_CLI_OPERAND ? NULL : usage->options[option].name;
    status = take(&c, list, name, walk.value);
  }
  if (option == NDG_CLI_STOP_ERROR) {
    status = 1;
  } else if (option == NDG_CLI_END && call(&c, &e) < 0) {
    status = ndg_cli_fail("%s", e.text);
  }
  ndg_free(list);
  return status;
}
