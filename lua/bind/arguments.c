/* SPDX-License-Identifier: MIT */
/* Arguments of a command, as a module of nudge gets them. */
#include <string.h>

#include "bind/bind.h"

/* "out" of "--out", "no_store" of "--no-store" */
static void push_name(lua_State *L, const char *option) {
  const char *name = option + strspn(option, "-");
  luaL_gsub(L, name, "-", "_");
}

void ndg_lua_push_arguments(lua_State *L, const ndg_lua_arguments *arguments) {
  lua_newtable(L);
  lua_newtable(L);
  lua_setfield(L, -2, "operands");
  for (uint64_t i = 0; i < arguments->n; i++) {
    const ndg_lua_argument *a = &arguments->at[i];
    if (a->name) {
      push_name(L, a->name);
    } else {
      lua_pushliteral(L, "operands");
    }
    lua_pushvalue(L, -1);
    if (lua_gettable(L, -3) == LUA_TNIL) { /* the first of its name */
      lua_pop(L, 1);
      lua_newtable(L);
      lua_pushvalue(L, -2);
      lua_pushvalue(L, -2);
      lua_settable(L, -5);
    }
    if (a->value) {
      lua_pushstring(L, a->value);
    } else {
      lua_pushboolean(L, true);
    }
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 2);
  }
}
