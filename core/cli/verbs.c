/* SPDX-License-Identifier: MIT */
/* The verbs as data: what each says to --help, for the reference. */
#include <stdio.h>

#include <lauxlib.h>

#include "cli/cli.h"

const ndg_cli_usage *ndg_cli_usage_of(const ndg_cli_verb *v) {
  const ndg_cli_usage *usage = NULL;
  char name[16], option[] = "--help";
  char *ask[] = {name, option, NULL};
  (void)snprintf(name, sizeof name, "%s", v->name);
  ndg_cli_keep_usage(&usage);
  (void)v->run(2, ask);
  ndg_cli_keep_usage(NULL);
  return usage;
}

static void set_text(lua_State *L, const char *field, const char *text) { /* [-0, +0, m] */
  lua_pushstring(L, text);
  lua_setfield(L, -2, field);
}

static void push_options(lua_State *L, const ndg_cli_option *o) { /* [-0, +1, m] */
  lua_newtable(L);
  for (lua_Integer n = 1; o->name; o++, n++) {
    lua_createtable(L, 0, 3);
    set_text(L, "name", o->name);
    set_text(L, "value", o->value);
    set_text(L, "doc", o->doc);
    lua_rawseti(L, -2, n);
  }
}

int ndg_cli_open_verbs(lua_State *L) { /* [-0, +1, v] */
  lua_newtable(L);
  for (lua_Integer n = 1; ndg_cli_verbs[n - 1].name; n++) {
    const ndg_cli_verb *v = &ndg_cli_verbs[n - 1];
    const ndg_cli_usage *usage = ndg_cli_usage_of(v);
    if (!usage) {
      return luaL_error(L, "the verb '%s' does not answer --help", v->name);
    }
    lua_createtable(L, 0, 5);
    set_text(L, "name", v->name);
    set_text(L, "title", v->title);
    set_text(L, "arguments", usage->arguments);
    set_text(L, "doc", usage->doc);
    push_options(L, usage->options);
    lua_setfield(L, -2, "options");
    lua_rawseti(L, -2, n);
  }
  return 1;
}
