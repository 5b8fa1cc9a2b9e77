/* SPDX-License-Identifier: MIT */
/* Options between Lua tables and a component's option table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bind/bind.h"

static int by_name(const void *a, const void *b) {
  return strcmp(((const ndg_named_any *)a)->name, ((const ndg_named_any *)b)->name);
}

/* List on top of the stack: whole numbers if all are, else reals. */
static ndg_any collect_list(lua_State *L, const char *name, ndg_arena *arena) {
  const lua_Unsigned n = lua_rawlen(L, -1);
  bool whole = true;
  for (lua_Unsigned i = 1; i <= n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i);
    if (lua_type(L, -1) != LUA_TNUMBER) {
      const bool text = lua_type(L, -1) == LUA_TSTRING;
      ndg_lua_fail(L, NDG_EINVAL, "option %s: element %d of the list is a %s, not a number%s", name,
                   (int)i, luaL_typename(L, -1),
                   text ? "; where an option names several things, they stand in one text: 'a, b'"
                        : "");
    }
    whole = whole && lua_isinteger(L, -1);
    lua_pop(L, 1);
  }
  int64_t *is = ndg_arena_alloc(arena, (size_t)n + 1, sizeof *is);
  double *ds = ndg_arena_alloc(arena, (size_t)n + 1, sizeof *ds);
  if (!is || !ds) {
    ndg_lua_no_memory(L);
  }
  for (lua_Unsigned i = 0; i < n; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    is[i] = whole ? lua_tointeger(L, -1) : 0;
    ds[i] = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  ndg_any any = {.type = whole ? NDG_ANY_I64S : NDG_ANY_F64S, .n = n};
  if (whole) {
    any.as.is = is;
  } else {
    any.as.ds = ds;
  }
  return any;
}

/* Value on top of the stack. [-0, +0, v] */
static ndg_any collect_value(lua_State *L, const char *name, ndg_arena *arena) {
  ndg_any any = {0};
  const ndg_lua_array *array = ndg_lua_test_array(L, -1);
  if (array && array->kind == NDG_REAL) {
    any = (ndg_any){.type = NDG_ANY_F64S, .n = ndg_lua_array_size(array)};
    any.as.ds = ndg_lua_reals(array);
    return any;
  }
  switch (lua_type(L, -1)) {
  case LUA_TBOOLEAN:
    any.type = NDG_ANY_BOOL;
    any.as.i = lua_toboolean(L, -1);
    return any;
  case LUA_TNUMBER:
    any.type = lua_isinteger(L, -1) ? NDG_ANY_I64 : NDG_ANY_F64;
    if (any.type == NDG_ANY_I64) {
      any.as.i = lua_tointeger(L, -1);
    } else {
      any.as.d = lua_tonumber(L, -1);
    }
    return any;
  case LUA_TSTRING:
    any.type = NDG_ANY_STR;
    any.as.s = lua_tostring(L, -1);
    return any;
  case LUA_TTABLE:
    return collect_list(L, name, arena);
  default:
    ndg_lua_fail(L, NDG_EINVAL, "option %s cannot be a %s", name, luaL_typename(L, -1));
    return any;
  }
}

const ndg_named_any *ndg_lua_collect_options(lua_State *L, int index, ndg_arena *arena,
                                             uint64_t *n) {
  *n = 0;
  if (lua_isnoneornil(L, index)) {
    return NULL;
  }
  luaL_checktype(L, index, LUA_TTABLE);
  luaL_checkstack(L, 6, NULL);
  uint64_t count = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    count++;
  }
  ndg_named_any *out = ndg_arena_alloc(arena, (size_t)count + 1, sizeof *out);
  if (!out) {
    ndg_lua_no_memory(L);
  }
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      ndg_lua_fail(L, NDG_EINVAL, "options are given by name, as in { beta = 0.1 }");
    }
    ndg_named_any *o = &out[(*n)++];
    o->name = lua_tostring(L, -2);
    o->value = collect_value(L, o->name, arena);
  }
  qsort(out, (size_t)*n, sizeof *out, by_name);
  return out;
}

const char *ndg_lua_choice_name(const ndg_option *o, int64_t value) {
  for (const ndg_choice *c = o->choices; c && c->name; c++) {
    if (c->value == value) {
      return c->name;
    }
  }
  return "?";
}

static void push_list(lua_State *L, const ndg_option *o, const void *member) {
  if (o->type == NDG_OPTION_I64_LIST) {
    const ndg_i64_list *list = member;
    lua_createtable(L, (int)list->n, 0);
    for (uint64_t i = 0; i < list->n; i++) {
      lua_pushinteger(L, (lua_Integer)list->values[i]);
      lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return;
  }
  const ndg_f64_list *list = member;
  lua_createtable(L, (int)list->n, 0);
  for (uint64_t i = 0; i < list->n; i++) {
    lua_pushnumber(L, list->values[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

/* [-0, +1, m] */
void ndg_lua_push_option_value(lua_State *L, const ndg_option *o, const void *options) {
  const char *member = (const char *)options + o->offset;
  int32_t i;
  int64_t l;
  double d;
  const char *s;
  luaL_checkstack(L, 3, NULL);
  switch (o->type) {
  case NDG_OPTION_BOOL:
  case NDG_OPTION_ENUM:
    memcpy(&i, member, sizeof i);
    if (o->type == NDG_OPTION_BOOL) {
      lua_pushboolean(L, i);
    } else {
      lua_pushstring(L, ndg_lua_choice_name(o, i));
    }
    break;
  case NDG_OPTION_I64:
    memcpy(&l, member, sizeof l);
    lua_pushinteger(L, l);
    break;
  case NDG_OPTION_F64:
    memcpy(&d, member, sizeof d);
    lua_pushnumber(L, d);
    break;
  case NDG_OPTION_STR:
    memcpy(&s, member, sizeof s);
    lua_pushstring(L, s);
    break;
  default:
    push_list(L, o, member);
  }
}
