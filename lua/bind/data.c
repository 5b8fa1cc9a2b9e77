/* SPDX-License-Identifier: MIT */
/* Files: data readers, .npy, whole texts written at once. */
#include <limits.h>
#include <string.h>

#include "bind/bind.h"

/* What push_csv gets; freed by read_csv whether it raises or not. */
static int push_csv(lua_State *L) { /* [-1, +1, m] {values = array, names = {...} or nil} */
  const ndg_csv *csv = lua_touserdata(L, 1);
  lua_createtable(L, 0, 2);
  if (csv->names) {
    lua_createtable(L, (int)csv->n_columns, 0);
    for (uint64_t i = 0; i < csv->n_columns; i++) {
      lua_pushstring(L, csv->names[i]);
      lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "names");
  }
  ndg_shape shape = NDG_MATRIX(csv->n_rows, csv->n_columns);
  memcpy(ndg_lua_push_array(L, NDG_REAL, &shape)->data, csv->values,
         (size_t)(csv->n_rows * csv->n_columns) * sizeof(double));
  lua_setfield(L, -2, "values");
  return 1;
}

static int read_csv(lua_State *L) { /* [-2, +1, v] (path[, header]) */
  const char *path = luaL_checkstring(L, 1);
  const int header = lua_isnoneornil(L, 2) ? -1 : lua_toboolean(L, 2);
  lua_pushcfunction(L, push_csv);
  ndg_csv csv = {0};
  ndg_error e = {0};
  if (ndg_csv_read(path, header, &csv, &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  lua_pushlightuserdata(L, &csv);
  int code = lua_pcall(L, 1, 1, 0);
  ndg_csv_free(&csv);
  return code == LUA_OK ? 1 : lua_error(L);
}

static int read_idx(lua_State *L) { /* [-2, +1, v] (path[, limit]) */
  const char *path = luaL_checkstring(L, 1);
  const lua_Integer limit = luaL_optinteger(L, 2, 0);
  luaL_argcheck(L, limit >= 0, 2, "must not be negative");
  ndg_file_array file = {0};
  ndg_error e = {0};
  if (ndg_idx_read(path, (uint64_t)limit, &file, &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  ndg_lua_push_file_array(L, &file);
  return 1;
}

static int read_npy(lua_State *L) { /* [-1, +1, v] (path) */
  ndg_file_array file = {0};
  ndg_error e = {0};
  if (ndg_npy_read(luaL_checkstring(L, 1), &file, &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  ndg_lua_push_file_array(L, &file);
  return 1;
}

static int write_npy(lua_State *L) { /* [-2, +0, v] (path, array) */
  const char *path = luaL_checkstring(L, 1);
  const ndg_lua_array *a = ndg_lua_check_array(L, 2);
  luaL_argcheck(L, a->kind != NDG_SINGLE, 2, "single numbers are not written; write a:real()");
  ndg_file_array file = {.kind = a->kind, .shape = a->shape, .data = a->data};
  ndg_error e = {0};
  if (ndg_npy_write(path, &file, &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  return 0;
}

static int find_data(lua_State *L) { /* [-1, +1, m] (relative path): path, or nil, message, code */
  char path[PATH_MAX];
  ndg_error e = {0};
  if (ndg_data_find(luaL_checkstring(L, 1), path, sizeof path, &e) < 0) {
    return ndg_lua_push_failure(L, &e);
  }
  lua_pushstring(L, path);
  return 1;
}

static int write_file(lua_State *L) { /* [-2, +0, v] (path, text): whole or not at all */
  size_t length;
  const char *path = luaL_checkstring(L, 1), *text = luaL_checklstring(L, 2, &length);
  ndg_error e = {0};
  if (ndg_file_write(path, text, length, &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  return 0;
}

/* [-2, +0, v] (path, list of { name, text }): a new folder with these files, whole or not at all */
static int write_folder(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  const lua_Unsigned n = lua_rawlen(L, 2);
  ndg_folder_file *files = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *files, 0);
  for (lua_Unsigned i = 0; i < n; i++) {
    luaL_argcheck(L, lua_rawgeti(L, 2, (lua_Integer)i + 1) == LUA_TTABLE, 2, "a list of files");
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING, 2,
                  "a file is { name, text }");
    files[i].name = lua_tostring(L, -2);
    files[i].text = lua_tolstring(L, -1, &files[i].length);
    lua_pop(L, 3); /* the list keeps them */
  }
  ndg_error e = {0};
  if (ndg_folder_write(path, (size_t)n, files, &e) < 0) {
    return ndg_lua_raise(L, &e, NULL, NULL);
  }
  return 0;
}

const luaL_Reg ndg_lua_data_functions[] = {
    {"read_csv", read_csv},         {"read_idx", read_idx},
    {"read_npy", read_npy},         {"write_npy", write_npy},
    {"find_data", find_data},       {"write_file", write_file},
    {"write_folder", write_folder}, {NULL, NULL}};
