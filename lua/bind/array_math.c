/* SPDX-License-Identifier: MIT */
/* Functions and reductions of nudge.array: whole blocks, double precision, fixed order. */
#include <math.h>
#include <string.h>

#include "bind/bind.h"

/* The numbers of an array as doubles. */
typedef struct operand {
  const double *data;
  ndg_shape shape;
  uint64_t n;
} operand;

const double *ndg_lua_real_data(lua_State *L, const ndg_lua_array *a) {
  if (a->kind == NDG_REAL) {
    return a->data;
  }
  const uint64_t n = ndg_lua_array_size(a);
  double *out = ndg_lua_push_array(L, NDG_REAL, &a->shape)->data;
  for (uint64_t i = 0; i < n; i++) {
    out[i] = ndg_lua_element(a, i);
  }
  return out;
}

static operand check_operand(lua_State *L, int index) { /* [-0, +?, v] */
  const ndg_lua_array *a = ndg_lua_check_array(L, index);
  return (operand){ndg_lua_real_data(L, a), a->shape, ndg_lua_array_size(a)};
}

/* Elementwise function as a method. */
#define ELEMENTWISE(name, expression)                                                              \
  static int array_##name(lua_State *L) {                                                          \
    lua_settop(L, 1);                                                                              \
    const operand a = check_operand(L, 1);                                                         \
    double *out = ndg_lua_push_array(L, NDG_REAL, &a.shape)->data;                                 \
    for (uint64_t i = 0; i < a.n; i++) {                                                           \
      const double u = a.data[i];                                                                  \
      out[i] = (expression);                                                                       \
    }                                                                                              \
    return 1;                                                                                      \
  }
ELEMENTWISE(sqrt, sqrt(u))
ELEMENTWISE(square, u *u)
ELEMENTWISE(abs, fabs(u))
ELEMENTWISE(exp, exp(u))
ELEMENTWISE(log, log(u))
ELEMENTWISE(tanh, tanh(u))
ELEMENTWISE(sin, sin(u))
ELEMENTWISE(cos, cos(u))

static long double sum_of(const double *x, uint64_t n) {
  long double sum = 0;
  for (uint64_t i = 0; i < n; i++) {
    sum += x[i];
  }
  return sum;
}

/* Sums along one axis (1-based argument 2) into an array without it, divided by its length if mean.
 */
static int reduce_axis(lua_State *L, const operand *a, bool mean) {
  const lua_Integer axis = luaL_checkinteger(L, 2);
  luaL_argcheck(L, axis >= 1 && axis <= (lua_Integer)a->shape.n_dims && a->shape.n_dims > 1, 2,
                "no such axis to reduce");
  ndg_shape shape = {.n_dims = a->shape.n_dims - 1, .dim = {1, 1, 1, 1}};
  uint64_t outer = 1, inner = 1;
  const uint64_t length = a->shape.dim[axis - 1];
  for (uint32_t i = 0, j = 0; i < a->shape.n_dims; i++) {
    if (i + 1 == (uint32_t)axis) {
      continue;
    }
    shape.dim[j++] = a->shape.dim[i];
    *(i + 1 < (uint32_t)axis ? &outer : &inner) *= a->shape.dim[i];
  }
  double *out = ndg_lua_push_array(L, NDG_REAL, &shape)->data;
  for (uint64_t o = 0; o < outer; o++) {
    for (uint64_t l = 0; l < length; l++) {
      const double *x = a->data + (o * length + l) * inner;
      for (uint64_t i = 0; i < inner; i++) {
        out[o * inner + i] += x[i];
      }
    }
  }
  for (uint64_t i = 0; mean && i < outer * inner; i++) {
    out[i] /= (double)length;
  }
  return 1;
}

static int array_sum(lua_State *L) { /* [-0, +1, v] ([axis]): number, or array without the axis */
  lua_settop(L, 2);
  const operand a = check_operand(L, 1);
  if (!lua_isnoneornil(L, 2)) {
    return reduce_axis(L, &a, false);
  }
  lua_pushnumber(L, (double)sum_of(a.data, a.n));
  return 1;
}

static int array_mean(lua_State *L) { /* [-0, +1, v] ([axis]) */
  lua_settop(L, 2);
  const operand a = check_operand(L, 1);
  if (!lua_isnoneornil(L, 2)) {
    return reduce_axis(L, &a, true);
  }
  lua_pushnumber(L, (double)(sum_of(a.data, a.n) / (long double)a.n));
  return 1;
}

static long double dot_of(const double *x, const double *y, uint64_t n) {
  long double sum = 0;
  for (uint64_t i = 0; i < n; i++) {
    sum += (long double)x[i] * y[i];
  }
  return sum;
}

static int array_norm(lua_State *L) { /* [-0, +1, v] Euclidean, of all elements */
  const operand a = check_operand(L, 1);
  lua_pushnumber(L, (double)sqrtl(dot_of(a.data, a.data, a.n)));
  return 1;
}

static int array_dot(lua_State *L) { /* [-0, +1, v] (other of the same size) */
  lua_settop(L, 2);
  const operand a = check_operand(L, 1), b = check_operand(L, 2);
  luaL_argcheck(L, a.n == b.n, 2, "arrays differ in size");
  lua_pushnumber(L, (double)dot_of(a.data, b.data, a.n));
  return 1;
}

/* sign 1: largest, -1: smallest; NaN wins. Gives value and 1-based position. */
static int extreme(lua_State *L, double sign) {
  const operand a = check_operand(L, 1);
  luaL_argcheck(L, a.n > 0, 1, "array is empty");
  uint64_t best = 0;
  for (uint64_t i = 0; i < a.n && !isnan(a.data[best]); i++) {
    if (isnan(a.data[i]) || sign * a.data[i] > sign * a.data[best]) {
      best = i;
    }
  }
  lua_pushnumber(L, a.data[best]);
  lua_pushinteger(L, (lua_Integer)best + 1);
  return 2;
}

static int array_max(lua_State *L) {
  return extreme(L, 1);
}

static int array_min(lua_State *L) {
  return extreme(L, -1);
}

static int array_equals(lua_State *L) { /* [-0, +1, v] same kind, shape and values (NaN = NaN) */
  const ndg_lua_array *a = ndg_lua_check_array(L, 1), *b = ndg_lua_check_array(L, 2);
  bool same =
      a->kind == b->kind && a->shape.n_dims == b->shape.n_dims &&
      memcmp(a->shape.dim, b->shape.dim, sizeof a->shape.dim) == 0 &&
      memcmp(a->data, b->data, (size_t)ndg_lua_array_size(a) * ndg_lua_element_size(a->kind)) == 0;
  lua_pushboolean(L, same);
  return 1;
}

const luaL_Reg ndg_lua_array_math[] = {
    {"sum", array_sum}, {"mean", array_mean}, {"norm", array_norm},     {"dot", array_dot},
    {"max", array_max}, {"min", array_min},   {"sqrt", array_sqrt},     {"square", array_square},
    {"abs", array_abs}, {"exp", array_exp},   {"log", array_log},       {"tanh", array_tanh},
    {"sin", array_sin}, {"cos", array_cos},   {"equals", array_equals}, {NULL, NULL}};
