/* SPDX-License-Identifier: MIT */
#include "bind/pack.h"

#include <string.h>

/* Where in the value a part lies: for messages. */
typedef struct place {
  const struct place *above; /* NULL: the value itself */
  const char *name;          /* NULL: entry `number` */
  lua_Integer number;
} place;

typedef struct packer {
  lua_State *L;
  ndg_lua_pack_put put;
  void *context;
  int seen; /* stack index of: object -> its number; negative while it is being written */
  lua_Integer n_objects;
} packer;

static void add_place(luaL_Buffer *b, const place *at) {
  if (!at->above)
    return;
  add_place(b, at->above);
  if (at->name) {
    if (at->above->above)
      luaL_addchar(b, '.');
    luaL_addstring(b, at->name);
  } else {
    char number[32];
    (void)snprintf(number, sizeof number, "[%lld]", (long long)at->number);
    luaL_addstring(b, number);
  }
}

/* "cannot keep best.theta: a function ..." */
static bool refuse(packer *p, const place *at, const char *why) {
  luaL_Buffer b;
  luaL_buffinit(p->L, &b);
  add_place(&b, at);
  luaL_pushresult(&b);
  const char *where = lua_tostring(p->L, -1);
  ndg_lua_fail(p->L, NDG_EINVAL, "cannot keep %s: %s", *where ? where : "this value", why);
  return false;
}

static const char *kind_of(lua_State *L, int index) {
  if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING)
    return lua_tostring(L, -1); /* left on the stack: what follows is an error */
  return luaL_typename(L, index);
}

static bool put_tag(packer *p, char tag) {
  return p->put(p->context, &tag, 1);
}

static bool put_count(packer *p, uint64_t n) {
  uint8_t bytes[10];
  size_t k = 0;
  for (; n >= 128; n >>= 7)
    bytes[k++] = (uint8_t)(n | 128);
  bytes[k++] = (uint8_t)n;
  return p->put(p->context, bytes, k);
}

static bool put_number(packer *p, int index) {
  if (lua_isinteger(p->L, index)) {
    const lua_Integer i = lua_tointeger(p->L, index);
    return put_tag(p, 'i') && put_count(p, i < 0 ? ~((uint64_t)i << 1) : (uint64_t)i << 1);
  }
  const lua_Number d = lua_tonumber(p->L, index);
  return put_tag(p, 'd') && p->put(p->context, &d, sizeof d);
}

enum { NEW, WRITTEN, FAILED };

/* A reference to the object at index if there is one already, else its number is given out. */
static int put_seen(packer *p, int index, const place *at) {
  lua_pushvalue(p->L, index);
  lua_rawget(p->L, p->seen);
  const lua_Integer k = lua_tointeger(p->L, -1); /* from 1; 0: none */
  lua_pop(p->L, 1);
  if (k < 0)
    refuse(p, at, "this table holds itself");
  if (k > 0)
    return put_tag(p, 'r') && put_count(p, (uint64_t)k - 1) ? WRITTEN : FAILED;
  lua_pushvalue(p->L, index);
  lua_pushinteger(p->L, ++p->n_objects);
  lua_rawset(p->L, p->seen);
  return NEW;
}

static bool put_text(packer *p, int index, const place *at) {
  size_t n;
  const char *text = lua_tolstring(p->L, index, &n);
  if (n <= NDG_PACK_SHARED) {
    const int seen = put_seen(p, index, at);
    if (seen != NEW)
      return seen == WRITTEN;
  }
  return put_tag(p, 's') && put_count(p, n) && p->put(p->context, text, n);
}

static bool put_array(packer *p, int index, const place *at) {
  const ndg_lua_array *a = lua_touserdata(p->L, index);
  if (!a->data || (a->owner && !a->owner->data))
    return refuse(p, at, "this array is closed");
  const int seen = put_seen(p, index, at);
  if (seen != NEW)
    return seen == WRITTEN;
  const char kind = a->kind == NDG_REAL ? 'd' : a->kind == NDG_INDEX ? 'i' : 's';
  /* What is single is frozen anyway. */
  const bool frozen = a->kind != NDG_SINGLE && ndg_lua_is_frozen(a);
  bool good = put_tag(p, frozen ? 'A' : 'a') && put_tag(p, kind) && put_count(p, a->shape.n_dims);
  for (uint32_t i = 0; good && i < a->shape.n_dims; i++)
    good = put_count(p, a->shape.dim[i]);
  return good &&
         p->put(p->context, a->data, (size_t)ndg_lua_array_size(a) * ndg_lua_element_size(a->kind));
}

static bool put_value(packer *p, int index, const place *at, int depth);

/* The key at index as a place below `above`. Its text is that of the key itself. */
static place place_of(packer *p, int index, const place *above) {
  const bool named = lua_type(p->L, index) == LUA_TSTRING;
  return (place){.above = above,
                 .name = named ? lua_tostring(p->L, index) : NULL,
                 .number = named ? 0 : lua_tointeger(p->L, index)};
}

static bool put_list(packer *p, int index, lua_Unsigned n, const place *at, int depth) {
  for (lua_Unsigned i = 1; i <= n; i++) {
    const place below = {.above = at, .number = (lua_Integer)i};
    lua_rawgeti(p->L, index, (lua_Integer)i);
    if (!put_value(p, lua_gettop(p->L), &below, depth))
      return false;
    lua_pop(p->L, 1);
  }
  return true;
}

static bool put_pair(packer *p, int key, const place *at, int depth) {
  const int type = lua_type(p->L, key);
  if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN)
    return refuse(p, at, "a key of it is neither text nor number nor boolean");
  const place below = place_of(p, key, at);
  return put_value(p, key, &below, depth) && put_value(p, key + 1, &below, depth);
}

static bool in_list(lua_State *L, int index, lua_Unsigned n) {
  return lua_isinteger(L, index) && lua_tointeger(L, index) >= 1 &&
         (lua_Unsigned)lua_tointeger(L, index) <= n;
}

static bool put_table(packer *p, int index, const place *at, int depth) {
  lua_State *L = p->L;
  if (depth >= NDG_PACK_MAX_DEPTH)
    return refuse(p, at, "it lies more than 100 tables deep");
  if (lua_getmetatable(L, index))
    return refuse(
        p, at, lua_pushfstring(L, "a %s is no plain table; keep what it holds", kind_of(L, index)));
  const int seen = put_seen(p, index, at);
  if (seen != NEW)
    return seen == WRITTEN;
  const lua_Integer number = p->n_objects;
  lua_pushvalue(L, index);
  lua_pushinteger(L, -number);
  lua_rawset(L, p->seen);
  const lua_Unsigned n = lua_rawlen(L, index);
  bool good = put_tag(p, '{') && put_count(p, n) && put_list(p, index, n, at, depth + 1);
  lua_pushnil(L);
  while (good && lua_next(L, index)) {
    const int key = lua_gettop(L) - 1;
    good = in_list(L, key, n) || put_pair(p, key, at, depth + 1);
    lua_settop(L, key);
  }
  lua_pushvalue(L, index);
  lua_pushinteger(L, number);
  lua_rawset(L, p->seen);
  return good && put_tag(p, '}');
}

static bool put_value(packer *p, int index, const place *at, int depth) {
  lua_State *L = p->L;
  luaL_checkstack(L, 10, "too much to keep");
  switch (lua_type(L, index)) {
  case LUA_TNIL:
    return put_tag(p, '-');
  case LUA_TBOOLEAN:
    return put_tag(p, lua_toboolean(L, index) ? 't' : 'f');
  case LUA_TNUMBER:
    return put_number(p, index);
  case LUA_TSTRING:
    return put_text(p, index, at);
  case LUA_TTABLE:
    return put_table(p, index, at, depth);
  case LUA_TUSERDATA:
    if (luaL_testudata(L, index, NDG_LUA_ARRAY))
      return put_array(p, index, at);
    break;
  default:
    break;
  }
  return refuse(
      p, at, lua_pushfstring(L, "a %s is made again by the script, not kept", kind_of(L, index)));
}

bool ndg_lua_pack(lua_State *L, int index, ndg_lua_pack_put put, void *context) {
  const place root = {0};
  const int top = lua_gettop(L);
  index = lua_absindex(L, index);
  lua_newtable(L);
  packer p = {.L = L, .put = put, .context = context, .seen = top + 1};
  const bool good = put_value(&p, index, &root, 0);
  lua_settop(L, top);
  return good;
}

/* ---- texts ---- */

static bool count_bytes(void *context, const void *data, size_t n) {
  (void)data;
  *(size_t *)context += n;
  return true;
}

static bool append_bytes(void *context, const void *data, size_t n) {
  char **to = context;
  memcpy(*to, data, n);
  *to += n;
  return true;
}

static int pack(lua_State *L) { /* [-1, +1, v] (value): text */
  size_t n = 0;
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  ndg_lua_pack(L, 1, count_bytes, &n);
  luaL_Buffer b;
  char *first = luaL_buffinitsize(L, &b, n), *to = first;
  /* Nothing of the buffer's is used until the bytes are there. */
  ndg_lua_pack(L, 1, append_bytes, &to);
  luaL_pushresultsize(&b, n);
  return 1;
}

static int unpack(lua_State *L) { /* [-1, +1, v] (text): value */
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  ndg_lua_unpack(L, text, n, "unpack");
  return 1;
}

const luaL_Reg ndg_lua_pack_functions[] = {{"pack", pack}, {"unpack", unpack}, {NULL, NULL}};
