/* SPDX-License-Identifier: MIT */
/* Errors as tables {code, text, component, option, where} whose tostring is one line. */
#include <string.h>

#include "bind/bind.h"

const char *ndg_lua_status_name(ndg_status status) {
  static const struct {
    ndg_status status;
    const char *name;
  } names[] = {{NDG_OK, "ok"},
               {NDG_DIVERGED, "diverged"},
               {NDG_NOT_CONVERGED, "not_converged"},
               {NDG_PAST_RADIUS, "past_radius"},
               {NDG_EINVAL, "invalid"},
               {NDG_ENOMEM, "no_memory"},
               {NDG_EIO, "io"},
               {NDG_EFORMAT, "format"},
               {NDG_ENOTFOUND, "not_found"},
               {NDG_EABI, "abi"},
               {NDG_ECAPABILITY, "capability"},
               {NDG_ENUMERIC, "numeric"},
               {NDG_EINTERNAL, "internal"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (names[i].status == status) {
      return names[i].name;
    }
  }
  return "unknown";
}

void ndg_lua_where(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, "nudge.library");
  const char *library = lua_tostring(L, -1);
  size_t n = library ? strlen(library) : 0;
  lua_Debug ar;
  for (int level = 0; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    bool ours = n && ar.source[0] == '@' && strncmp(ar.source + 1, library, n) == 0;
    if (ar.currentline > 0 && !ours) {
      lua_pushfstring(L, "%s:%d:", ar.short_src, ar.currentline);
      lua_remove(L, -2);
      return;
    }
  }
  lua_pop(L, 1);
  lua_pushliteral(L, "");
}

int ndg_lua_raise(lua_State *L, const ndg_error *e, const char *component, const char *option) {
  if (e->code == NDG_EINVAL && ndg_lua_interrupted()) {
    ndg_lua_raise_interrupted(L); /* what was cancelled says that it was stopped */
  }
  lua_createtable(L, 0, 5);
  ndg_lua_set_text(L, "code", ndg_lua_status_name(e->code));
  ndg_lua_set_text(L, "text", e->text);
  ndg_lua_set_text(L, "component", component);
  ndg_lua_set_text(L, "option", option);
  ndg_lua_where(L);
  lua_setfield(L, -2, "where");
  luaL_setmetatable(L, NDG_LUA_ERROR);
  return lua_error(L);
}

int ndg_lua_fail(lua_State *L, ndg_status code, const char *format, ...) {
  ndg_error e;
  va_list arguments;
  va_start(arguments, format);
  ndg_vfail(&e, code, format, arguments);
  va_end(arguments);
  return ndg_lua_raise(L, &e, NULL, NULL);
}

int ndg_lua_no_memory(lua_State *L) {
  return luaL_error(L, "not enough memory");
}

int ndg_lua_push_failure(lua_State *L, const ndg_error *e) {
  lua_pushnil(L);
  lua_pushstring(L, e->text);
  lua_pushstring(L, ndg_lua_status_name(e->code));
  return 3;
}

static int error_text(lua_State *L) { /* [-0, +1, m] "script.lua:3: text" */
  lua_getfield(L, 1, "where");
  lua_getfield(L, 1, "text");
  const char *where = lua_tostring(L, -2), *text = lua_tostring(L, -1);
  lua_pushfstring(L, "%s%s%s", where ? where : "", where && *where ? " " : "",
                  text ? text : "error");
  return 1;
}

void ndg_lua_open_error(lua_State *L) {
  if (luaL_newmetatable(L, NDG_LUA_ERROR)) {
    lua_pushcfunction(L, error_text);
    lua_setfield(L, -2, "__tostring");
  }
  lua_pop(L, 1);
}
