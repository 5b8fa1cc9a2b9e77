/* SPDX-License-Identifier: MIT */
/* The module nudge.core: strict, small, no defaults. The Lua modules above it are the API. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "bind/define.h"

void ndg_lua_new_type(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction close,
                      lua_CFunction text) {
  luaL_newmetatable(L, name);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_pushcfunction(L, close);
  lua_setfield(L, -2, "close");
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, close);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, close);
  lua_setfield(L, -2, "__close");
  lua_pushcfunction(L, text);
  lua_setfield(L, -2, "__tostring");
  lua_pop(L, 1);
}

lua_Integer ndg_lua_field_integer(lua_State *L, int index, const char *name, lua_Integer lowest) {
  int exact = 0;
  lua_getfield(L, index, name);
  lua_Integer value = lua_tointegerx(L, -1, &exact);
  if (!exact || lua_type(L, -1) != LUA_TNUMBER) {
    ndg_lua_fail(L, NDG_EINVAL, "%s must be a whole number, got %s", name,
                 luaL_tolstring(L, -1, NULL));
  }
  if (value < lowest) {
    ndg_lua_fail(L, NDG_EINVAL, "%s = %lld is too small; it starts at %lld", name, (long long)value,
                 (long long)lowest);
  }
  lua_pop(L, 1);
  return value;
}

double ndg_lua_field_number(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  double value = lua_tonumber(L, -1);
  if (lua_type(L, -1) != LUA_TNUMBER || isnan(value)) {
    ndg_lua_fail(L, NDG_EINVAL, "%s must be a number, got %s", name, luaL_tolstring(L, -1, NULL));
  }
  lua_pop(L, 1);
  return value;
}

int ndg_lua_field_choice(lua_State *L, int index, const char *name, const char *const *names,
                         size_t n) {
  lua_getfield(L, index, name);
  const char *value = luaL_tolstring(L, -1, NULL);
  for (size_t i = 0; i < n; i++) {
    if (lua_type(L, -2) == LUA_TSTRING && strcmp(names[i], value) == 0) {
      lua_pop(L, 2);
      return (int)i;
    }
  }
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < n; i++) {
    luaL_addstring(&b, i ? ", " : "");
    luaL_addstring(&b, names[i]);
  }
  luaL_pushresult(&b);
  return ndg_lua_fail(L, NDG_EINVAL, "%s = %s is not one of: %s", name, value, lua_tostring(L, -1));
}

void ndg_lua_set_number(lua_State *L, const char *name, double value) {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, name);
}

void ndg_lua_set_integer(lua_State *L, const char *name, uint64_t value) {
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, name);
}

void ndg_lua_set_text(lua_State *L, const char *name, const char *value) {
  if (value) {
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
  }
}

static int raise(lua_State *L) { /* [-3, +0, v] (code, text, component): at the script's line */
  ndg_error e;
  static const struct {
    const char *name;
    ndg_status code;
  } codes[] = {{"invalid", NDG_EINVAL},         {"io", NDG_EIO},
               {"not_found", NDG_ENOTFOUND},    {"numeric", NDG_ENUMERIC},
               {"diverged", NDG_DIVERGED},      {"not_converged", NDG_NOT_CONVERGED},
               {"past_radius", NDG_PAST_RADIUS}};
  const char *name = luaL_checkstring(L, 1);
  ndg_fail(&e, NDG_EINVAL, "%s", luaL_checkstring(L, 2));
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    if (strcmp(codes[i].name, name) == 0) {
      e.code = codes[i].code;
    }
  }
  return ndg_lua_raise(L, &e, luaL_optstring(L, 3, NULL), NULL);
}

static int nearest(lua_State *L) { /* [-2, +1, m] (name, list of names): nearest name or nil */
  const char *name = luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_Unsigned n = lua_rawlen(L, 2);
  const char **names = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *names, 0);
  for (lua_Unsigned i = 0; i < n; i++) {
    lua_rawgeti(L, 2, (lua_Integer)i + 1);
    names[i] = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    lua_pop(L, 1); /* the list keeps it */
  }
  int found = ndg_nearest_name(name, names, (size_t)n);
  if (found < 0) {
    lua_pushnil(L);
  } else {
    lua_pushstring(L, names[found]);
  }
  return 1;
}

static int parse_number(lua_State *L) { /* [-1, +1, m] number of a text, or nil */
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  int64_t i;
  double d;
  if (ndg_parse_i64(text, length, &i) >= 0) {
    lua_pushinteger(L, (lua_Integer)i);
  } else if (ndg_parse_f64(text, length, &d) >= 0) {
    lua_pushnumber(L, d);
  } else {
    lua_pushnil(L);
  }
  return 1;
}

static int number_text(lua_State *L) { /* [-1, +1, m] shortest text that reads back the same */
  char text[64];
  ndg_format_f64(text, sizeof text, luaL_checknumber(L, 1));
  lua_pushstring(L, text);
  return 1;
}

/* [-n, +2, m] (n, f, ...): calls f while the n-th allocation from now and all later ones fail;
   gives success and the error. For tests. */
static int inject_failure(lua_State *L) {
  lua_Integer n = luaL_checkinteger(L, 1);
  luaL_argcheck(L, n >= 0, 1, "must not be negative");
  luaL_checktype(L, 2, LUA_TFUNCTION);
  luaL_checkstack(L, 4, NULL);
  int n_arguments = lua_gettop(L) - 2;
  ndg_fail_allocations_after((uint64_t)n);
  int code = lua_pcall(L, n_arguments, 1, 0);
  ndg_fail_allocations_after(UINT64_MAX);
  lua_pushboolean(L, code == LUA_OK);
  lua_insert(L, -2);
  return 2;
}

static const luaL_Reg functions[] = {{"raise", raise},
                                     {"nearest", nearest},
                                     {"parse_number", parse_number},
                                     {"number_text", number_text},
                                     {"inject_failure", inject_failure},
                                     {NULL, NULL}};

int luaopen_nudge_core(lua_State *L) {
  luaL_checkversion(L);
  ndg_lua_get_host(L);
  ndg_lua_open_error(L);
  ndg_lua_open_array(L);
  ndg_lua_open_random(L);
  ndg_lua_open_component(L);
  ndg_lua_open_problem(L);
  ndg_lua_open_outer(L);
  ndg_lua_open_sqlite(L);
  ndg_lua_open_graph(L);
  ndg_lua_open_vector(L);
  ndg_lua_open_estimate(L);
  const luaL_Reg *const parts[] = {functions,
                                   ndg_lua_host_functions,
                                   ndg_lua_array_make,
                                   ndg_lua_domain_functions,
                                   ndg_lua_data_functions,
                                   ndg_lua_random_functions,
                                   ndg_lua_describe_functions,
                                   ndg_lua_component_functions,
                                   ndg_lua_batch_functions,
                                   ndg_lua_analysis_functions,
                                   ndg_lua_outer_functions,
                                   ndg_lua_progress_functions,
                                   ndg_lua_terminal_functions,
                                   ndg_lua_facts_functions,
                                   ndg_lua_sqlite_functions,
                                   ndg_lua_pack_functions,
                                   ndg_lua_checkpoint_functions,
                                   ndg_lua_define_functions,
                                   ndg_lua_interrupt_functions};
  lua_newtable(L);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    luaL_setfuncs(L, parts[i], 0);
  }
  lua_pushcfunction(L, ndg_lua_problem_open);
  lua_setfield(L, -2, "problem");
  ndg_lua_set_integer(L, "abi_major", NDG_ABI_MAJOR);
  return 1;
}
