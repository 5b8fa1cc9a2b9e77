/* SPDX-License-Identifier: MIT */
/* nudge.array: a block of numbers with a shape. Indices are 1-based; views share their owner's
   data and become invalid when it is closed. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bind/bind.h"

size_t ndg_lua_element_size(uint32_t kind) {
  return kind == NDG_REAL ? sizeof(double) : sizeof(int32_t); /* float is as long */
}

const char *ndg_lua_kind_name(uint32_t kind) {
  return kind == NDG_REAL ? "real" : kind == NDG_INDEX ? "index" : "single";
}

double ndg_lua_element(const ndg_lua_array *a, uint64_t i) {
  return a->kind == NDG_REAL    ? ((const double *)a->data)[i]
         : a->kind == NDG_INDEX ? ((const int32_t *)a->data)[i]
                                : (double)((const float *)a->data)[i];
}

uint64_t ndg_lua_array_size(const ndg_lua_array *a) {
  return ndg_shape_size(&a->shape);
}

const double *ndg_lua_reals(const ndg_lua_array *a) {
  return a->data;
}

void ndg_lua_shape_text(const ndg_shape *shape, char *out, size_t size) {
  size_t used = 0;
  out[0] = 0;
  for (uint32_t i = 0; i < shape->n_dims && used < size; i++) {
    int n = snprintf(out + used, size - used, "%s%" PRIu64, i ? "x" : "", shape->dim[i]);
    used += n > 0 ? (size_t)n : 0;
  }
}

ndg_lua_array *ndg_lua_test_array(lua_State *L, int index) {
  ndg_lua_array *a = luaL_testudata(L, index, NDG_LUA_ARRAY);
  if (!a) {
    return NULL;
  }
  if (!a->data || (a->owner && !a->owner->data)) {
    luaL_argerror(L, index, a->owner ? "this view's array is closed" : "this array is closed");
  }
  return a;
}

ndg_lua_array *ndg_lua_check_array(lua_State *L, int index) {
  ndg_lua_array *a = ndg_lua_test_array(L, index);
  if (!a) {
    luaL_typeerror(L, index, NDG_LUA_ARRAY);
  }
  return a;
}

bool ndg_lua_is_frozen(const ndg_lua_array *a) {
  return a->kind == NDG_SINGLE || (a->owner ? a->owner : a)->frozen;
}

ndg_lua_array *ndg_lua_check_writable(lua_State *L, int index) {
  ndg_lua_array *a = ndg_lua_check_array(L, index);
  if (ndg_lua_is_frozen(a)) {
    luaL_argerror(L, index, "this array is frozen and cannot be changed; change a copy of it");
  }
  return a;
}

ndg_lua_array *ndg_lua_check_reals(lua_State *L, int index, uint64_t n, const char *what) {
  ndg_lua_array *a = ndg_lua_check_array(L, index);
  if (a->kind != NDG_REAL || ndg_lua_array_size(a) != n) {
    ndg_lua_fail(L, NDG_EINVAL, "%s must hold %" PRIu64 " real numbers, got %" PRIu64 " %s", what,
                 n, ndg_lua_array_size(a),
                 a->kind == NDG_REAL    ? "real numbers"
                 : a->kind == NDG_INDEX ? "indices"
                                        : "single numbers");
  }
  return a;
}

/* Closed handle first, so that a failed allocation leaks nothing. [-0, +1, m] */
static ndg_lua_array *push_closed(lua_State *L, uint32_t kind) {
  ndg_lua_array *a = lua_newuserdatauv(L, sizeof *a, 1);
  *a = (ndg_lua_array){.kind = kind};
  luaL_setmetatable(L, NDG_LUA_ARRAY);
  return a;
}

/* The collector sees only the handle; big blocks count as work for it. */
static void tell_collector(lua_State *L, size_t bytes) {
  if (bytes >= (64u << 10)) {
    lua_gc(L, LUA_GCSTEP, (int)(bytes >> 10 > 1u << 20 ? 1u << 20 : bytes >> 10));
  }
}

/* Arrays that wait for the collector may hold what is missing. Finalisers need a little
   memory themselves, and one that cannot be called is never called again: without that little,
   nothing is collected. */
static void *collect_and_retry(lua_State *L, size_t n, size_t size) {
  void *probe = ndg_calloc(1, 4096);
  if (!probe) {
    return NULL;
  }
  ndg_free(probe);
  lua_gc(L, LUA_GCCOLLECT);
  return ndg_calloc(n, size);
}

ndg_lua_array *ndg_lua_push_array(lua_State *L, uint32_t kind, const ndg_shape *shape) {
  ndg_lua_array *a = push_closed(L, kind);
  const size_t n = (size_t)ndg_shape_size(shape), size = ndg_lua_element_size(kind);
  a->shape = *shape;
  a->data = ndg_calloc(n, size);
  if (!a->data) {
    a->data = collect_and_retry(L, n, size);
  }
  if (!a->data) {
    ndg_lua_no_memory(L);
  }
  tell_collector(L, n * size);
  return a;
}

/* Runs protected by push_file_array. */
static int push_closed_protected(lua_State *L) {
  push_closed(L, (uint32_t)luaL_checkinteger(L, 1));
  return 1;
}

ndg_lua_array *ndg_lua_push_file_array(lua_State *L, ndg_file_array *file) {
  lua_pushcfunction(L, push_closed_protected);
  lua_pushinteger(L, file->kind);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
    ndg_free(file->data);
    file->data = NULL;
    lua_error(L);
  }
  ndg_lua_array *a = lua_touserdata(L, -1);
  a->shape = file->shape;
  a->data = file->data;
  file->data = NULL;
  if (!a->shape.n_dims) {
    a->shape = NDG_VECTOR(1);
  }
  tell_collector(L, (size_t)ndg_lua_array_size(a) * ndg_lua_element_size(a->kind));
  return a;
}

ndg_lua_array *ndg_lua_push_vector(lua_State *L, uint64_t n) {
  ndg_shape shape = NDG_VECTOR(n);
  return ndg_lua_push_array(L, NDG_REAL, &shape);
}

static int array_collect(lua_State *L) { /* [-0, +0, v] */
  ndg_lua_array *a = luaL_checkudata(L, 1, NDG_LUA_ARRAY);
  if (!a->owner) {
    ndg_free(a->data);
  }
  a->data = NULL;
  return 0;
}

/* A frozen one is left to the collector: others may read it where it is. */
static int array_leave(lua_State *L) { /* [-0, +0, v] at the end of a scope */
  const ndg_lua_array *a = luaL_checkudata(L, 1, NDG_LUA_ARRAY);
  return !a->owner && ndg_lua_is_frozen(a) ? 0 : array_collect(L);
}

static int array_close(lua_State *L) { /* [-0, +0, v] */
  const ndg_lua_array *a = luaL_checkudata(L, 1, NDG_LUA_ARRAY);
  luaL_argcheck(L, a->owner || !ndg_lua_is_frozen(a), 1,
                "this array is frozen: it is freed when nothing refers to it any more");
  return array_collect(L);
}

static int array_freeze(lua_State *L) { /* [-0, +1, v] self */
  ndg_lua_array *a = ndg_lua_check_array(L, 1);
  (a->owner ? a->owner : a)->frozen = 1;
  lua_settop(L, 1);
  return 1;
}

static int array_text(lua_State *L) { /* [-0, +1, m] */
  ndg_lua_array *a = luaL_checkudata(L, 1, NDG_LUA_ARRAY);
  char shape[96];
  ndg_lua_shape_text(&a->shape, shape, sizeof shape);
  bool closed = !a->data || (a->owner && !a->owner->data);
  lua_pushfstring(L, "nudge.array %s %s%s", shape, ndg_lua_kind_name(a->kind),
                  closed ? " (closed)" : "");
  return 1;
}

static int array_length(lua_State *L) { /* [-0, +1, v] */
  lua_pushinteger(L, (lua_Integer)ndg_lua_check_array(L, 1)->shape.dim[0]);
  return 1;
}

static int array_shape(lua_State *L) { /* [-0, +1, v] {d1, d2, ...} */
  const ndg_lua_array *a = ndg_lua_check_array(L, 1);
  lua_createtable(L, (int)a->shape.n_dims, 0);
  for (uint32_t i = 0; i < a->shape.n_dims; i++) {
    lua_pushinteger(L, (lua_Integer)a->shape.dim[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int array_kind(lua_State *L) { /* [-0, +1, v] "real" or "index" */
  lua_pushstring(L, ndg_lua_kind_name(ndg_lua_check_array(L, 1)->kind));
  return 1;
}

/* Index of one axis, 0-based. */
static uint64_t check_position(lua_State *L, const ndg_lua_array *a, uint32_t axis, int argument) {
  int exact = 0;
  lua_Integer i = lua_tointegerx(L, argument, &exact);
  if (!exact || lua_type(L, argument) != LUA_TNUMBER) {
    luaL_error(L, "index of axis %d must be a whole number, got %s", (int)axis + 1,
               luaL_tolstring(L, argument, NULL));
  }
  if (i < 1 || (uint64_t)i > a->shape.dim[axis]) {
    luaL_error(L, "index %I of axis %d is outside 1..%I", i, (int)axis + 1,
               (lua_Integer)a->shape.dim[axis]);
  }
  return (uint64_t)i - 1;
}

static void push_element(lua_State *L, const ndg_lua_array *a, uint64_t i) {
  if (a->kind == NDG_INDEX) {
    lua_pushinteger(L, ((const int32_t *)a->data)[i]);
  } else {
    lua_pushnumber(L, ndg_lua_element(a, i));
  }
}

ndg_lua_array *ndg_lua_push_view(lua_State *L, int index) {
  ndg_lua_array *a = lua_touserdata(L, index);
  index = lua_absindex(L, index);
  ndg_lua_array *view = push_closed(L, a->kind);
  if (a->owner) { /* a view of a view belongs to the array behind both */
    lua_getiuservalue(L, index, 1);
  } else {
    lua_pushvalue(L, index);
  }
  lua_setiuservalue(L, -2, 1);
  view->owner = a->owner ? a->owner : a;
  view->shape = a->shape;
  view->data = a->data;
  return view;
}

/* Rows first .. first + n - 1 of axis 0; drop: without that axis. [-0, +1, m] */
static void push_rows(lua_State *L, int index, uint64_t first, uint64_t n, bool drop) {
  ndg_lua_array *view = ndg_lua_push_view(L, index);
  const uint64_t row = ndg_lua_array_size(view) / (view->shape.dim[0] ? view->shape.dim[0] : 1);
  view->shape.dim[0] = n;
  if (drop) {
    memmove(view->shape.dim, view->shape.dim + 1, sizeof *view->shape.dim * (NDG_MAX_DIMS - 1));
    view->shape.dim[NDG_MAX_DIMS - 1] = 1;
    view->shape.n_dims--;
  }
  view->data = (char *)view->data + (size_t)(first * row) * ndg_lua_element_size(view->kind);
}

static int array_rows(lua_State *L) { /* [-0, +1, v] (first, last): view of rows */
  ndg_lua_array *a = ndg_lua_check_array(L, 1);
  lua_Integer rows = (lua_Integer)a->shape.dim[0];
  lua_Integer first = luaL_checkinteger(L, 2), last = luaL_optinteger(L, 3, first);
  if (first < 1 || last > rows || first > last) {
    luaL_error(L, "rows %I to %I are not inside 1..%I", first, last, rows);
  }
  push_rows(L, 1, (uint64_t)first - 1, (uint64_t)(last - first + 1), false);
  return 1;
}

/* Offset of the element whose indices are n values from stack position `first`. */
static uint64_t check_offset(lua_State *L, const ndg_lua_array *a, int first, int n) {
  if ((uint32_t)n != a->shape.n_dims) {
    luaL_error(L, "%d indices for an array of %d axes", n, (int)a->shape.n_dims);
  }
  uint64_t offset = 0;
  for (uint32_t axis = 0; axis < a->shape.n_dims; axis++) {
    offset = offset * a->shape.dim[axis] + check_position(L, a, axis, first + (int)axis);
  }
  return offset;
}

static int array_get(lua_State *L) { /* [-0, +1, v] (i, j, ...): number */
  ndg_lua_array *a = ndg_lua_check_array(L, 1);
  push_element(L, a, check_offset(L, a, 2, lua_gettop(L) - 1));
  return 1;
}

static int array_set(lua_State *L) { /* [-0, +0, v] (i, j, ..., value) */
  ndg_lua_array *a = ndg_lua_check_writable(L, 1);
  int n = lua_gettop(L) - 2;
  uint64_t offset = check_offset(L, a, 2, n);
  if (a->kind == NDG_REAL) {
    ((double *)a->data)[offset] = luaL_checknumber(L, n + 2);
  } else {
    lua_Integer i = luaL_checkinteger(L, n + 2);
    luaL_argcheck(L, i >= INT32_MIN && i <= INT32_MAX, n + 2, "does not fit 32 bits");
    ((int32_t *)a->data)[offset] = (int32_t)i;
  }
  return 0;
}

/* a[i]: number, or view of a row; a[{i, j}]: number; a.name: method. Upvalue 1: methods. */
static int array_index(lua_State *L) { /* [-0, +1, v] */
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_settop(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
  }
  ndg_lua_array *a = ndg_lua_check_array(L, 1);
  if (lua_type(L, 2) == LUA_TTABLE) {
    int n = (int)lua_rawlen(L, 2);
    luaL_argcheck(L, n >= 1 && n <= NDG_MAX_DIMS, 2, "one index for each axis");
    luaL_checkstack(L, NDG_MAX_DIMS, NULL);
    for (int i = 1; i <= n; i++) {
      lua_rawgeti(L, 2, i);
    }
    push_element(L, a, check_offset(L, a, 3, n));
    return 1;
  }
  uint64_t i = check_position(L, a, 0, 2);
  if (a->shape.n_dims == 1) {
    push_element(L, a, i);
  } else {
    push_rows(L, 1, i, 1, true);
  }
  return 1;
}

static const luaL_Reg methods[] = {
    {"shape", array_shape}, {"kind", array_kind},     {"rows", array_rows}, {"get", array_get},
    {"set", array_set},     {"freeze", array_freeze}, {NULL, NULL}};

void ndg_lua_open_array(lua_State *L) {
  ndg_lua_new_type(L, NDG_LUA_ARRAY, methods, array_collect, array_text);
  luaL_getmetatable(L, NDG_LUA_ARRAY);
  lua_pushcfunction(L, array_leave);
  lua_setfield(L, -2, "__close");
  lua_getfield(L, -1, "__index");
  lua_pushcfunction(L, array_close);
  lua_setfield(L, -2, "close");
  luaL_setfuncs(L, ndg_lua_array_math, 0);
  luaL_setfuncs(L, ndg_lua_array_form, 0);
  lua_pushcclosure(L, array_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, array_length);
  lua_setfield(L, -2, "__len");
  ndg_lua_set_arithmetic(L);
  lua_pop(L, 1);
}
