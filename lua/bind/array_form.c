/* SPDX-License-Identifier: MIT */
/* Methods of nudge.array that move numbers: copies, tables, reshaping, selection, block means. */
#include <math.h>
#include <string.h>

#include "bind/bind.h"

static size_t bytes_of(const ndg_lua_array *a) {
  return (size_t)ndg_lua_array_size(a) * ndg_lua_element_size(a->kind);
}

static int form_copy(lua_State *L) { /* [-0, +1, v] */
  const ndg_lua_array *a = ndg_lua_check_array(L, 1);
  memcpy(ndg_lua_push_array(L, a->kind, &a->shape)->data, a->data, bytes_of(a));
  return 1;
}

static int form_real(lua_State *L) { /* [-0, +1, v] copy as real numbers */
  const ndg_lua_array *a = ndg_lua_check_array(L, 1);
  double *out = ndg_lua_push_array(L, NDG_REAL, &a->shape)->data;
  const uint64_t n = ndg_lua_array_size(a);
  for (uint64_t i = 0; i < n; i++) {
    out[i] = ndg_lua_element(a, i);
  }
  return 1;
}

/* [-0, +1, v] a copy in half the memory, which cannot be changed, for problems of float32 */
static int form_single(lua_State *L) {
  const ndg_lua_array *a = ndg_lua_check_array(L, 1);
  ndg_lua_array *single = ndg_lua_push_array(L, NDG_SINGLE, &a->shape);
  float *out = single->data;
  const uint64_t n = ndg_lua_array_size(a);
  for (uint64_t i = 0; i < n; i++) {
    out[i] = (float)ndg_lua_element(a, i);
  }
  return 1;
}

/* Nested tables of axes axis .. last. [-0, +1, v] */
static uint64_t push_table(lua_State *L, const ndg_lua_array *a, uint32_t axis, uint64_t offset) {
  luaL_checkstack(L, 3, NULL);
  lua_createtable(L, (int)a->shape.dim[axis], 0);
  for (uint64_t i = 1; i <= a->shape.dim[axis]; i++) {
    if (axis + 1 < a->shape.n_dims && axis + 1 < NDG_MAX_DIMS) {
      offset = push_table(L, a, axis + 1, offset);
    } else if (a->kind == NDG_INDEX) {
      lua_pushinteger(L, ((const int32_t *)a->data)[offset++]);
    } else {
      lua_pushnumber(L, ndg_lua_element(a, offset++));
    }
    lua_rawseti(L, -2, (lua_Integer)i);
  }
  return offset;
}

static int form_totable(lua_State *L) { /* [-0, +1, v] */
  push_table(L, ndg_lua_check_array(L, 1), 0, 0);
  return 1;
}

static int form_copy_from(lua_State *L) { /* [-0, +1, v] (array, or flat table of numbers): self */
  ndg_lua_array *a = ndg_lua_check_writable(L, 1);
  const uint64_t n = ndg_lua_array_size(a);
  const ndg_lua_array *from = ndg_lua_test_array(L, 2);
  lua_settop(L, 2);
  if (from) {
    luaL_argcheck(L, from->kind == a->kind && ndg_lua_array_size(from) == n, 2,
                  "arrays differ in kind or size");
    memmove(a->data, from->data, bytes_of(a));
    lua_settop(L, 1);
    return 1;
  }
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_argcheck(L, lua_rawlen(L, 2) == n, 2, "table and array differ in size");
  for (uint64_t i = 0; i < n; i++) {
    int exact = 1;
    lua_rawgeti(L, 2, (lua_Integer)i + 1);
    if (lua_type(L, -1) != LUA_TNUMBER) {
      luaL_error(L, "element %I is %s, not a number", (lua_Integer)i + 1, luaL_typename(L, -1));
    }
    if (a->kind == NDG_REAL) {
      ((double *)a->data)[i] = lua_tonumber(L, -1);
    } else {
      lua_Integer value = lua_tointegerx(L, -1, &exact);
      if (!exact || value < INT32_MIN || value > INT32_MAX) {
        luaL_error(L, "element %I is not a whole number of 32 bits", (lua_Integer)i + 1);
      }
      ((int32_t *)a->data)[i] = (int32_t)value;
    }
    lua_pop(L, 1);
  }
  lua_settop(L, 1);
  return 1;
}

static int form_fill(lua_State *L) { /* [-0, +1, v] (number): self */
  ndg_lua_array *a = ndg_lua_check_writable(L, 1);
  luaL_argcheck(L, a->kind == NDG_REAL, 1, "only real arrays are filled");
  const double value = luaL_checknumber(L, 2);
  const uint64_t n = ndg_lua_array_size(a);
  for (uint64_t i = 0; i < n; i++) {
    ((double *)a->data)[i] = value;
  }
  lua_settop(L, 1);
  return 1;
}

/* Axis lengths from argument 2 on, of as many elements as the array has. [-0, +0, v] */
static ndg_shape check_form(lua_State *L, const ndg_lua_array *a) {
  int n = lua_gettop(L) - 1;
  luaL_argcheck(L, n >= 1 && n <= NDG_MAX_DIMS, 2, "one to four axis lengths are wanted");
  ndg_shape shape = {.n_dims = (uint32_t)n, .dim = {1, 1, 1, 1}};
  const uint64_t size = ndg_lua_array_size(a);
  for (int i = 0; i < n; i++) {
    lua_Integer d = luaL_checkinteger(L, 2 + i);
    luaL_argcheck(L, d >= 1 && (uint64_t)d <= size, 2 + i, "no such axis length fits");
    shape.dim[i] = (uint64_t)d;
    if (ndg_shape_size(&shape) > size) {
      break; /* before a product can overflow: the sizes differ below */
    }
  }
  if (ndg_shape_size(&shape) != size) {
    char from[96], to[96];
    ndg_lua_shape_text(&a->shape, from, sizeof from);
    ndg_lua_shape_text(&shape, to, sizeof to);
    luaL_error(L, "cannot reshape %s into %s", from, to);
  }
  return shape;
}

static int form_reshape(lua_State *L) { /* [-0, +1, v] (d1, ...): copy in another shape */
  const ndg_lua_array *a = ndg_lua_check_array(L, 1);
  const ndg_shape shape = check_form(L, a);
  memcpy(ndg_lua_push_array(L, a->kind, &shape)->data, a->data, bytes_of(a));
  return 1;
}

static int form_view(lua_State *L) { /* [-0, +1, v] (d1, ...): the same data in another shape */
  const ndg_lua_array *a = ndg_lua_check_array(L, 1);
  const ndg_shape shape = check_form(L, a);
  ndg_lua_push_view(L, 1)->shape = shape;
  return 1;
}

/* In place, for arrays of which there is no room for a second. [-0, +1, v] (mean, deviation): self
 */
static int form_standardise(lua_State *L) {
  ndg_lua_array *a = ndg_lua_check_writable(L, 1);
  luaL_argcheck(L, a->kind == NDG_REAL, 1, "only real arrays are standardised");
  const double mean = luaL_checknumber(L, 2), deviation = luaL_checknumber(L, 3);
  luaL_argcheck(L, isfinite(mean), 2, "the mean must be finite");
  luaL_argcheck(L, deviation > 0 && isfinite(deviation), 3, "the deviation must be positive");
  const uint64_t n = ndg_lua_array_size(a);
  double *x = a->data;
  for (uint64_t i = 0; i < n; i++) {
    x[i] = (x[i] - mean) / deviation;
  }
  lua_settop(L, 1);
  return 1;
}

static int form_take(lua_State *L) { /* [-0, +1, v] (index array, 1-based): rows in that order */
  const ndg_lua_array *a = ndg_lua_check_array(L, 1), *index = ndg_lua_check_array(L, 2);
  luaL_argcheck(L, index->kind == NDG_INDEX && index->shape.n_dims == 1, 2,
                "an index array of one axis is wanted");
  ndg_shape shape = a->shape;
  shape.dim[0] = index->shape.dim[0];
  const size_t row = bytes_of(a) / (size_t)a->shape.dim[0];
  char *out = ndg_lua_push_array(L, a->kind, &shape)->data;
  const int32_t *rows = index->data;
  for (uint64_t i = 0; i < shape.dim[0]; i++) {
    if (rows[i] < 1 || (uint64_t)rows[i] > a->shape.dim[0]) {
      luaL_error(L, "index %I is outside 1..%I", (lua_Integer)rows[i],
                 (lua_Integer)a->shape.dim[0]);
    }
    memcpy(out + i * row, (const char *)a->data + (size_t)(rows[i] - 1) * row, row);
  }
  return 1;
}

/* Columns first .. last of a matrix, as a copy. [-0, +1, v] */
static int form_columns(lua_State *L) {
  const ndg_lua_array *a = ndg_lua_check_array(L, 1);
  luaL_argcheck(L, a->shape.n_dims == 2, 1, "a matrix is wanted");
  const lua_Integer width = (lua_Integer)a->shape.dim[1];
  const lua_Integer first = luaL_checkinteger(L, 2), last = luaL_optinteger(L, 3, first);
  if (first < 1 || last > width || first > last) {
    luaL_error(L, "columns %I to %I are not inside 1..%I", first, last, width);
  }
  const size_t size = ndg_lua_element_size(a->kind), n = (size_t)(last - first + 1) * size;
  ndg_shape shape = NDG_MATRIX(a->shape.dim[0], (uint64_t)(last - first + 1));
  char *out = ndg_lua_push_array(L, a->kind, &shape)->data;
  for (uint64_t i = 0; i < shape.dim[0]; i++) {
    const size_t from = ((size_t)i * (size_t)width + (size_t)(first - 1)) * size;
    memcpy(out + i * n, (const char *)a->data + from, n);
  }
  return 1;
}

/* Images (samples x height x width) made smaller by the means of k x k blocks. [-0, +1, v] */
static int form_block_means(lua_State *L) {
  const ndg_lua_array *a = ndg_lua_check_array(L, 1);
  const lua_Integer k = luaL_checkinteger(L, 2);
  luaL_argcheck(L, a->kind == NDG_REAL && a->shape.n_dims == 3, 1,
                "real images (samples x height x width) are wanted");
  const uint64_t height = a->shape.dim[1], width = a->shape.dim[2], block = (uint64_t)k;
  if (k < 1 || height % block || width % block) {
    luaL_error(L, "blocks of %I do not divide images of %I x %I", k, (lua_Integer)height,
               (lua_Integer)width);
  }
  ndg_shape shape = ndg_shape_of(3, a->shape.dim[0], height / block, width / block, 1);
  double *out = ndg_lua_push_array(L, NDG_REAL, &shape)->data;
  const double *in = ndg_lua_reals(a), scale = 1.0 / (double)(block * block);
  for (uint64_t i = 0; i < a->shape.dim[0]; i++) {
    for (uint64_t p = 0; p < height * width; p++) {
      const uint64_t y = p / width / block, x = p % width / block;
      out[(i * shape.dim[1] + y) * shape.dim[2] + x] += scale * in[i * height * width + p];
    }
  }
  return 1;
}

const luaL_Reg ndg_lua_array_form[] = {{"copy", form_copy},
                                       {"real", form_real},
                                       {"single", form_single},
                                       {"totable", form_totable},
                                       {"copy_from", form_copy_from},
                                       {"fill", form_fill},
                                       {"reshape", form_reshape},
                                       {"view", form_view},
                                       {"standardise", form_standardise},
                                       {"take", form_take},
                                       {"columns", form_columns},
                                       {"block_means", form_block_means},
                                       {NULL, NULL}};
