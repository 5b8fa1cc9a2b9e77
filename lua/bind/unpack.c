/* SPDX-License-Identifier: MIT */
/* The bytes of pack.h as a value again. Whatever the bytes are, nothing outside them is read and no
   more memory is asked for than they can fill. */
#include <string.h>

#include "bind/pack.h"

enum { FIRST_ROOM = 1024 };

typedef struct unpacker {
  lua_State *L;
  const uint8_t *first, *at, *end;
  const char *what;
  int objects; /* stack index of the list of objects */
  lua_Integer n_objects;
} unpacker;

static void refuse(const unpacker *u, const char *why) {
  ndg_lua_fail(u->L, NDG_EFORMAT, "%s: damaged at byte %zu of %zu: %s", u->what,
               (size_t)(u->at - u->first), (size_t)(u->end - u->first), why);
}

static size_t left(const unpacker *u) {
  return (size_t)(u->end - u->at);
}

static const uint8_t *take(unpacker *u, size_t n) {
  if (left(u) < n)
    refuse(u, "it ends too early");
  const uint8_t *at = u->at;
  u->at += n;
  return at;
}

static uint64_t take_count(unpacker *u) {
  uint64_t n = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = *take(u, 1);
    n |= (uint64_t)(byte & 127) << shift;
    if (byte < 128)
      return n;
  }
  refuse(u, "a count has no end");
  return 0;
}

/* The object on top of the stack gets its number. */
static void number_object(unpacker *u) {
  lua_pushvalue(u->L, -1);
  lua_rawseti(u->L, u->objects, ++u->n_objects);
}

static void push_reference(unpacker *u) {
  const uint64_t k = take_count(u);
  if (k >= (uint64_t)u->n_objects)
    refuse(u, "it refers to what has not come yet");
  lua_rawgeti(u->L, u->objects, (lua_Integer)k + 1);
}

static void push_text(unpacker *u) {
  const uint64_t n = take_count(u);
  if (n > left(u))
    refuse(u, "a text is longer than what is left");
  lua_pushlstring(u->L, (const char *)take(u, (size_t)n), (size_t)n);
  if (n <= NDG_PACK_SHARED)
    number_object(u);
}

static uint32_t take_kind(unpacker *u) {
  switch (*take(u, 1)) {
  case 'd':
    return NDG_REAL;
  case 'i':
    return NDG_INDEX;
  case 's':
    return NDG_SINGLE;
  default:
    refuse(u, "there is no such kind of array");
    return 0;
  }
}

static void push_array(unpacker *u, bool frozen) {
  const uint32_t kind = take_kind(u);
  const uint64_t n_dims = take_count(u), most = left(u) / ndg_lua_element_size(kind);
  uint64_t dim[NDG_MAX_DIMS] = {1, 1, 1, 1}, n = 1;
  if (n_dims < 1 || n_dims > NDG_MAX_DIMS)
    refuse(u, "an array has no such number of axes");
  for (uint64_t i = 0; i < n_dims; i++) {
    dim[i] = take_count(u);
    if (dim[i] > most || (dim[i] > 0 && n > most / dim[i]))
      refuse(u, "an array is larger than what is left");
    n *= dim[i];
  }
  const size_t bytes = (size_t)n * ndg_lua_element_size(kind);
  const uint8_t *from = take(u, bytes);
  const ndg_shape shape = ndg_shape_of((uint32_t)n_dims, dim[0], dim[1], dim[2], dim[3]);
  ndg_lua_array *a = ndg_lua_push_array(u->L, kind, &shape);
  memcpy(a->data, from, bytes);
  a->frozen = frozen;
  number_object(u);
}

static void push_value(unpacker *u, int depth);

static void push_table(unpacker *u, int depth) {
  lua_State *L = u->L;
  const uint64_t n = take_count(u);
  if (depth >= NDG_PACK_MAX_DEPTH)
    refuse(u, "tables lie too deep");
  if (n > left(u))
    refuse(u, "a table is larger than what is left");
  lua_createtable(L, n < FIRST_ROOM ? (int)n : FIRST_ROOM, 0); /* it says so; bytes must follow */
  number_object(u);
  for (uint64_t i = 1; i <= n; i++) {
    push_value(u, depth + 1);
    lua_rawseti(L, -2, (lua_Integer)i);
  }
  while (*take(u, 1) != '}') {
    u->at--;
    push_value(u, depth + 1);
    const int type = lua_type(L, -1);
    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN)
      refuse(u, "a key is neither text nor number nor boolean");
    if (type == LUA_TNUMBER && lua_tonumber(L, -1) != lua_tonumber(L, -1))
      refuse(u, "a key is no number");
    push_value(u, depth + 1);
    lua_rawset(L, -3);
  }
}

static void push_value(unpacker *u, int depth) {
  lua_Number d;
  uint64_t n;
  luaL_checkstack(u->L, 10, "too much to unpack");
  switch (*take(u, 1)) {
  case '-':
    lua_pushnil(u->L);
    break;
  case 't':
  case 'f':
    lua_pushboolean(u->L, u->at[-1] == 't');
    break;
  case 'i':
    n = take_count(u);
    lua_pushinteger(u->L, (lua_Integer)(n & 1 ? ~(n >> 1) : n >> 1));
    break;
  case 'd':
    memcpy(&d, take(u, sizeof d), sizeof d);
    lua_pushnumber(u->L, d);
    break;
  case 's':
    push_text(u);
    break;
  case 'r':
    push_reference(u);
    break;
  case 'a':
  case 'A':
    push_array(u, u->at[-1] == 'A');
    break;
  case '{':
    push_table(u, depth);
    break;
  default:
    u->at--;
    refuse(u, "there is no such kind of value");
  }
}

void ndg_lua_unpack(lua_State *L, const void *data, size_t n, const char *what) {
  const int top = lua_gettop(L);
  luaL_checkstack(L, 10, NULL);
  lua_newtable(L);
  unpacker u = {.L = L,
                .first = data,
                .at = data,
                .end = (const uint8_t *)data + n,
                .what = what,
                .objects = top + 1};
  push_value(&u, 0);
  if (u.at != u.end)
    refuse(&u, "there is more behind the value");
  lua_replace(L, top + 1);
}
