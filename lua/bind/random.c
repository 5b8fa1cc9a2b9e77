/* SPDX-License-Identifier: MIT */
/* nudge.random: a named stream of random numbers. Streams are derived by name and number, so the
   order in which they are made does not matter. */
#include "base/random.h"
#include "bind/bind.h"

static ndg_rng *check_random(lua_State *L) {
  return luaL_checkudata(L, 1, NDG_LUA_RANDOM);
}

static ndg_rng *push_random(lua_State *L) {
  ndg_rng *r = lua_newuserdatauv(L, sizeof *r, 0);
  *r = (ndg_rng){0};
  luaL_setmetatable(L, NDG_LUA_RANDOM);
  return r;
}

static int make_random(lua_State *L) { /* [-1, +1, v] (seed) */
  const lua_Integer seed = luaL_checkinteger(L, 1);
  *push_random(L) = ndg_rng_root((uint64_t)seed);
  return 1;
}

static int random_stream(lua_State *L) { /* [-0, +1, v] (label[, number]): child, parent stays */
  const ndg_rng *r = check_random(L);
  const char *label = luaL_checkstring(L, 2);
  const lua_Integer i = luaL_optinteger(L, 3, 0);
  *push_random(L) = ndg_rng_stream(r, label, (uint64_t)i);
  return 1;
}

static uint64_t check_count(lua_State *L) {
  const lua_Integer n = luaL_checkinteger(L, 2);
  luaL_argcheck(L, n >= 1 && n <= INT32_MAX, 2, "how many numbers? at least 1");
  return (uint64_t)n;
}

static int random_uniform(lua_State *L) { /* [-0, +1, v] (n): array in [0, 1) */
  ndg_rng *r = check_random(L);
  const uint64_t n = check_count(L);
  ndg_rng_fill_uniform(r, NDG_F64, ndg_lua_push_vector(L, n)->data, n);
  return 1;
}

static int random_normal(lua_State *L) { /* [-0, +1, v] (n): array of standard normals */
  ndg_rng *r = check_random(L);
  const uint64_t n = check_count(L);
  ndg_rng_fill_normal(r, NDG_F64, ndg_lua_push_vector(L, n)->data, n);
  return 1;
}

static int random_permutation(lua_State *L) { /* [-0, +1, v] (n): index array of 1 .. n */
  ndg_rng *r = check_random(L);
  const uint64_t n = check_count(L);
  ndg_shape shape = NDG_VECTOR(n);
  int32_t *out = ndg_lua_push_array(L, NDG_INDEX, &shape)->data;
  ndg_rng_fill_permutation(r, out, n);
  for (uint64_t i = 0; i < n; i++) {
    out[i]++;
  }
  return 1;
}

static int random_integer(lua_State *L) { /* [-0, +1, v] (bound): one number in 1 .. bound */
  ndg_rng *r = check_random(L);
  lua_pushinteger(L, (lua_Integer)ndg_rng_below(r, check_count(L)) + 1);
  return 1;
}

static void fill_row(lua_State *L, int kind, ndg_rng *r, void *row, uint64_t width) {
  if (kind == 0) {
    ndg_rng_fill_uniform(r, NDG_F64, row, width);
  } else if (kind == 1) {
    ndg_rng_fill_normal(r, NDG_F64, row, width);
  } else { /* the first `width` of a permutation of 1 .. bound: Fisher and Yates from the front */
    const uint64_t bound = (uint64_t)lua_tointeger(L, 7);
    int32_t *const all = lua_touserdata(L, 8), *const out = row;
    for (uint64_t i = 0; i < bound; i++) {
      all[i] = (int32_t)i + 1;
    }
    for (uint64_t i = 0; i < width; i++) {
      const uint64_t j = i + ndg_rng_below(r, bound - i);
      out[i] = all[j];
      all[j] = all[i];
    }
  }
}

/* Tasks' numbers at once: row i comes from random:stream("task", first + i - 1):stream(name), and
   from nothing else. [-0, +1, v] (random, "uniform" | "normal" | "choice", first, n, width, name,
   bound of choices) */
static int draw_rows(lua_State *L) {
  static const char *const kinds[] = {"uniform", "normal", "choice", NULL};
  const ndg_rng *parent = check_random(L);
  const int kind = luaL_checkoption(L, 2, NULL, kinds);
  const lua_Integer first = luaL_checkinteger(L, 3), n = luaL_checkinteger(L, 4);
  const lua_Integer width = luaL_checkinteger(L, 5);
  const char *name = luaL_checkstring(L, 6);
  luaL_argcheck(L, n >= 1 && n <= INT32_MAX, 4, "how many rows? at least 1");
  luaL_argcheck(L, width >= 1 && width <= INT32_MAX, 5, "how many numbers? at least 1");
  lua_settop(L, 7);
  if (kind == 2) {
    const lua_Integer bound = luaL_checkinteger(L, 7);
    luaL_argcheck(L, bound >= width && bound <= INT32_MAX, 7, "fewer than are chosen");
    lua_newuserdatauv(L, (size_t)bound * sizeof(int32_t), 0);
  } else {
    lua_pushnil(L);
  }
  const ndg_shape shape = NDG_MATRIX((uint64_t)n, (uint64_t)width);
  const uint32_t stored = kind == 2 ? NDG_INDEX : NDG_REAL;
  char *out = ndg_lua_push_array(L, stored, &shape)->data;
  for (lua_Integer i = 0; i < n; i++) {
    const ndg_rng task = ndg_rng_stream(parent, "task", (uint64_t)(first + i));
    ndg_rng r = ndg_rng_stream(&task, name, 0);
    fill_row(L, kind, &r, out, (uint64_t)width);
    out += (size_t)width * ndg_lua_element_size(stored);
  }
  return 1;
}

static int random_close(lua_State *L) { /* [-0, +0, v] nothing to free */
  check_random(L);
  return 0;
}

static int random_text(lua_State *L) {
  check_random(L);
  lua_pushliteral(L, NDG_LUA_RANDOM);
  return 1;
}

static const luaL_Reg methods[] = {{"stream", random_stream},   {"uniform", random_uniform},
                                   {"normal", random_normal},   {"permutation", random_permutation},
                                   {"integer", random_integer}, {NULL, NULL}};

const luaL_Reg ndg_lua_random_functions[] = {
    {"random", make_random}, {"draw_rows", draw_rows}, {NULL, NULL}};

void ndg_lua_open_random(lua_State *L) {
  ndg_lua_new_type(L, NDG_LUA_RANDOM, methods, random_close, random_text);
}
