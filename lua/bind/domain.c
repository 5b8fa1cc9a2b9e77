/* SPDX-License-Identifier: MIT */
/* What domains of tasks need at the speed of C: numbers for many tasks at once, stacking, nearest
   centres. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "bind/bind.h"

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
  const ndg_rng *parent = luaL_checkudata(L, 1, NDG_LUA_RANDOM);
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

/* [-1, +1, v] (list of arrays of one kind and shape): one array, its first axis along the list */
static int stack_arrays(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  const lua_Integer n = luaL_len(L, 1);
  lua_rawgeti(L, 1, 1);
  const ndg_lua_array *first = ndg_lua_check_array(L, 2);
  luaL_argcheck(L, first->shape.n_dims < NDG_MAX_DIMS, 1, "arrays with room for one axis more");
  ndg_shape shape = {.n_dims = first->shape.n_dims + 1, .dim = {(uint64_t)n}};
  memcpy(shape.dim + 1, first->shape.dim, sizeof *shape.dim * (NDG_MAX_DIMS - 1));
  const size_t bytes = (size_t)ndg_lua_array_size(first) * ndg_lua_element_size(first->kind);
  char *out = ndg_lua_push_array(L, first->kind, &shape)->data;
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, 1, i);
    const ndg_lua_array *a = ndg_lua_check_array(L, -1);
    if (a->kind != first->kind || a->shape.n_dims != first->shape.n_dims ||
        memcmp(a->shape.dim, first->shape.dim, sizeof a->shape.dim) != 0) {
      luaL_error(L, "array %I differs in kind or shape from the first", i);
    }
    memcpy(out, a->data, bytes);
    out += bytes;
    lua_pop(L, 1);
  }
  return 1;
}

/* Labels from 0: which of a task's centres is nearest to each point; the first of equals.
   [-2, +1, v] (centres: tasks x ways x features, points: points x features): tasks x points */
static int nearest_centres(lua_State *L) {
  const ndg_lua_array *centres = ndg_lua_check_array(L, 1), *points = ndg_lua_check_array(L, 2);
  luaL_argcheck(L, centres->kind == NDG_REAL && centres->shape.n_dims == 3, 1, "three real axes");
  const uint64_t ways = centres->shape.dim[1], features = centres->shape.dim[2];
  luaL_argcheck(
      L, points->kind == NDG_REAL && points->shape.n_dims == 2 && points->shape.dim[1] == features,
      2, "points x features");
  const uint64_t n = centres->shape.dim[0], m = points->shape.dim[0];
  const ndg_shape shape = NDG_MATRIX(n, m);
  int32_t *out = ndg_lua_push_array(L, NDG_INDEX, &shape)->data;
  for (uint64_t task = 0; task < n; task++) {
    for (uint64_t i = 0; i < m; i++) {
      const double *x = ndg_lua_reals(points) + i * features;
      double best = INFINITY;
      for (uint64_t way = 0; way < ways; way++) {
        const double *c = ndg_lua_reals(centres) + (task * ways + way) * features;
        double distance = 0;
        for (uint64_t k = 0; k < features; k++) {
          distance += (x[k] - c[k]) * (x[k] - c[k]);
        }
        if (distance < best) {
          best = distance;
          out[task * m + i] = (int32_t)way;
        }
      }
    }
  }
  return 1;
}

const luaL_Reg ndg_lua_domain_functions[] = {{"draw_rows", draw_rows},
                                             {"stack", stack_arrays},
                                             {"nearest_centres", nearest_centres},
                                             {NULL, NULL}};
