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

const luaL_Reg ndg_lua_random_functions[] = {{"random", make_random}, {NULL, NULL}};

void ndg_lua_open_random(lua_State *L) {
  ndg_lua_new_type(L, NDG_LUA_RANDOM, methods, random_close, random_text);
}
