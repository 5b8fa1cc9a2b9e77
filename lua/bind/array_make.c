/* SPDX-License-Identifier: MIT */
/* Module functions that make a nudge.array: from nested tables, zeros, evenly spaced numbers. */
#include <math.h>

#include "bind/bind.h"

/* Axis lengths from arguments first .. top. [-0, +0, v] */
static ndg_shape check_shape(lua_State *L, int first) {
  int n = lua_gettop(L) - first + 1;
  luaL_argcheck(L, n >= 1 && n <= NDG_MAX_DIMS, first, "one to four axis lengths are wanted");
  ndg_shape shape = {.n_dims = (uint32_t)n, .dim = {1, 1, 1, 1}};
  uint64_t size = 1;
  for (int i = 0; i < n; i++) {
    lua_Integer d = luaL_checkinteger(L, first + i);
    luaL_argcheck(L, d >= 1, first + i, "an axis has at least length 1");
    luaL_argcheck(L, (uint64_t)d <= (UINT64_C(1) << 40) / size, first + i, "array is too large");
    size *= (uint64_t)d;
    shape.dim[i] = (uint64_t)d;
  }
  return shape;
}

static int make_zeros(lua_State *L) { /* [-n, +1, v] (d1, d2, ...): real */
  ndg_shape shape = check_shape(L, 1);
  ndg_lua_push_array(L, NDG_REAL, &shape);
  return 1;
}

/* Follows the first elements down to learn the shape. [-0, +0, v] */
static ndg_shape measure_table(lua_State *L, int index) {
  ndg_shape shape = {.dim = {1, 1, 1, 1}};
  int top = lua_gettop(L);
  uint64_t size = 1;
  lua_pushvalue(L, index);
  while (lua_type(L, -1) == LUA_TTABLE) {
    lua_Unsigned n = lua_rawlen(L, -1);
    if (shape.n_dims == NDG_MAX_DIMS) {
      luaL_error(L, "an array has at most %d axes; this table is nested deeper", NDG_MAX_DIMS);
    }
    if (!n) {
      luaL_error(L, "axis %d of the table is empty", (int)shape.n_dims + 1);
    }
    if (n > (UINT64_C(1) << 40) / size) {
      luaL_error(L, "the table is too large for an array");
    }
    size *= n;
    shape.dim[shape.n_dims++] = n;
    lua_rawgeti(L, -1, 1);
    lua_remove(L, -2);
  }
  lua_settop(L, top);
  return shape;
}

typedef struct filler {
  ndg_lua_array *array;
  uint64_t next;
} filler;

static void fill_number(lua_State *L, filler *f) {
  if (lua_type(L, -1) != LUA_TNUMBER) {
    luaL_error(L, "element %I of the table is %s, not a number", (lua_Integer)f->next + 1,
               luaL_typename(L, -1));
  }
  if (f->array->kind == NDG_REAL) {
    ((double *)f->array->data)[f->next++] = lua_tonumber(L, -1);
    return;
  }
  int exact = 0;
  lua_Integer i = lua_tointegerx(L, -1, &exact);
  if (!exact || i < INT32_MIN || i > INT32_MAX) {
    luaL_error(L, "element %I of the table is not a whole number of 32 bits",
               (lua_Integer)f->next + 1);
  }
  ((int32_t *)f->array->data)[f->next++] = (int32_t)i;
}

/* Elements of the table on top, in order; depth is at most NDG_MAX_DIMS. [-0, +0, v] */
static void fill_from(lua_State *L, filler *f, uint32_t axis) {
  luaL_checkstack(L, 2, NULL);
  const ndg_shape *shape = &f->array->shape;
  if (lua_type(L, -1) != LUA_TTABLE) {
    luaL_error(L, "the table is ragged: axis %d holds a %s where lists stand elsewhere",
               (int)axis + 1, luaL_typename(L, -1));
  }
  if (lua_rawlen(L, -1) != shape->dim[axis]) {
    luaL_error(L, "the table is ragged: a list of axis %d has %I elements, the first has %I",
               (int)axis + 1, (lua_Integer)lua_rawlen(L, -1), (lua_Integer)shape->dim[axis]);
  }
  for (uint64_t i = 1; i <= shape->dim[axis]; i++) {
    lua_rawgeti(L, -1, (lua_Integer)i);
    if (axis + 1 < shape->n_dims && axis + 1 < NDG_MAX_DIMS) {
      fill_from(L, f, axis + 1);
    } else {
      fill_number(L, f);
    }
    lua_pop(L, 1);
  }
}

static int make_array(lua_State *L) { /* [-2, +1, v] (nested table[, "real" | "index"]) */
  static const char *const kinds[] = {"real", "index", NULL};
  luaL_checktype(L, 1, LUA_TTABLE);
  const uint32_t kind = luaL_checkoption(L, 2, "real", kinds) ? NDG_INDEX : NDG_REAL;
  ndg_shape shape = measure_table(L, 1);
  filler f = {.array = ndg_lua_push_array(L, kind, &shape)};
  lua_pushvalue(L, 1);
  fill_from(L, &f, 0);
  lua_pop(L, 1);
  return 1;
}

static uint64_t check_points(lua_State *L, int argument) {
  lua_Integer n = luaL_checkinteger(L, argument);
  luaL_argcheck(L, n >= 1 && n <= 1 << 28, argument, "number of points must be at least 1");
  return (uint64_t)n;
}

static double check_end(lua_State *L, int argument) {
  double value = luaL_checknumber(L, argument);
  luaL_argcheck(L, isfinite(value), argument, "must be finite");
  return value;
}

static int make_linspace(lua_State *L) { /* [-3, +1, v] (first, last, n) */
  const double first = check_end(L, 1), last = check_end(L, 2);
  const uint64_t n = check_points(L, 3);
  double *x = ndg_lua_push_vector(L, n)->data;
  for (uint64_t i = 0; i < n; i++) {
    x[i] = n > 1 ? first + (last - first) * (double)i / (double)(n - 1) : first;
  }
  x[n - 1] = n > 1 ? last : first;
  return 1;
}

static int make_logspace(lua_State *L) { /* [-3, +1, v] (first, last, n): both ends included */
  const double first = check_end(L, 1), last = check_end(L, 2);
  luaL_argcheck(L, first > 0, 1, "must be positive");
  luaL_argcheck(L, last > 0, 2, "must be positive");
  const uint64_t n = check_points(L, 3);
  const double a = log10(first), b = log10(last);
  double *x = ndg_lua_push_vector(L, n)->data;
  for (uint64_t i = 0; i < n; i++) {
    x[i] = n > 1 ? pow(10, a + (b - a) * (double)i / (double)(n - 1)) : first;
  }
  x[0] = first;
  x[n - 1] = n > 1 ? last : first;
  return 1;
}

const luaL_Reg ndg_lua_array_make[] = {{"zeros", make_zeros},
                                       {"array", make_array},
                                       {"linspace", make_linspace},
                                       {"logspace", make_logspace},
                                       {NULL, NULL}};
