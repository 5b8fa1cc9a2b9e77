/* SPDX-License-Identifier: MIT */
/* + - * / of nudge.array: elementwise, double precision. Shapes are aligned at their last axes; an
   axis of length 1, or one that an operand lacks, is repeated along the other's. */
#include "bind/bind.h"

enum { ADD, SUBTRACT, MULTIPLY, DIVIDE };

typedef struct operand {
  const double *data;
  double number; /* where data points if it is no array */
  ndg_shape shape;
} operand;

/* Axes of the result from the outermost on, with what a step along each moves the operands by. */
typedef struct walk {
  uint32_t n_axes;
  uint64_t length[NDG_MAX_DIMS], x_step[NDG_MAX_DIMS], y_step[NDG_MAX_DIMS];
} walk;

static void read_operand(lua_State *L, int index, operand *x) { /* [-0, +?, v] */
  if (lua_type(L, index) == LUA_TNUMBER) {
    x->shape = NDG_SCALAR;
    x->number = lua_tonumber(L, index);
    x->data = &x->number;
    return;
  }
  const ndg_lua_array *a = ndg_lua_check_array(L, index);
  x->shape = a->shape;
  x->data = ndg_lua_real_data(L, a);
}

/* Length of an axis counted from the last, 0-based; 1 where there is none. */
static uint64_t length_of(const ndg_shape *shape, uint32_t from_last) {
  return from_last < shape->n_dims ? shape->dim[shape->n_dims - 1 - from_last] : 1;
}

static bool common_shape(const ndg_shape *a, const ndg_shape *b, ndg_shape *out) {
  *out = (ndg_shape){.n_dims = a->n_dims > b->n_dims ? a->n_dims : b->n_dims, .dim = {1, 1, 1, 1}};
  uint64_t size = 1;
  for (uint32_t i = 0; i < out->n_dims; i++) {
    const uint64_t u = length_of(a, i), v = length_of(b, i);
    if (u != v && u != 1 && v != 1) {
      return false;
    }
    const uint64_t length = u == 1 ? v : u;
    if (length && size > (UINT64_C(1) << 40) / length) {
      return false;
    }
    size *= length;
    out->dim[out->n_dims - 1 - i] = length;
  }
  return true;
}

/* Neighbouring axes along which both operands simply go on become one, so that the inner loop is
   long. */
static walk plan_walk(const ndg_shape *a, const ndg_shape *b, const ndg_shape *out) {
  walk w = {.n_axes = 0};
  uint64_t x_size = ndg_shape_size(a), y_size = ndg_shape_size(b);
  for (uint32_t i = 0; i < out->n_dims; i++) { /* the outermost first */
    const uint32_t from_last = out->n_dims - 1 - i;
    const uint64_t length = out->dim[i], u = length_of(a, from_last), v = length_of(b, from_last);
    if (length == 1) {
      continue;
    }
    x_size /= u;
    y_size /= v;
    const uint64_t x_step = u == 1 ? 0 : x_size, y_step = v == 1 ? 0 : y_size;
    const uint32_t last = w.n_axes - 1;
    if (w.n_axes && w.x_step[last] == x_step * length && w.y_step[last] == y_step * length) {
      w.length[last] *= length;
      w.x_step[last] = x_step;
      w.y_step[last] = y_step;
      continue;
    }
    w.length[w.n_axes] = length;
    w.x_step[w.n_axes] = x_step;
    w.y_step[w.n_axes++] = y_step;
  }
  if (!w.n_axes) {
    w.length[w.n_axes++] = 1;
  }
  return w;
}

#define LOOP(expression)                                                                           \
  for (uint64_t i = 0; i < n; i++) {                                                               \
    const double u = x[i * x_step], v = y[i * y_step];                                             \
    out[i] = (expression);                                                                         \
  }

static void apply(int op, double *out, const double *x, uint64_t x_step, const double *y,
                  uint64_t y_step, uint64_t n) {
  switch (op) {
  case ADD:
    LOOP(u + v)
    break;
  case SUBTRACT:
    LOOP(u - v)
    break;
  case MULTIPLY:
    LOOP(u * v)
    break;
  default:
    LOOP(u / v)
    break;
  }
}

/* All of axes axis .. last; gives the place after what was written. */
static double *apply_axes(int op, const walk *w, uint32_t axis, double *out, const double *x,
                          const double *y) {
  const uint64_t n = w->length[axis];
  if (axis + 1 >= w->n_axes || axis + 1 >= NDG_MAX_DIMS) {
    apply(op, out, x, w->x_step[axis], y, w->y_step[axis], n);
    return out + n;
  }
  for (uint64_t i = 0; i < n; i++) {
    out = apply_axes(op, w, axis + 1, out, x + i * w->x_step[axis], y + i * w->y_step[axis]);
  }
  return out;
}

static int arithmetic(lua_State *L) { /* [-0, +1, v] upvalue 1: operation */
  lua_settop(L, 2);
  luaL_checkstack(L, 4, NULL);
  operand a, b;
  read_operand(L, 1, &a);
  read_operand(L, 2, &b);
  ndg_shape shape;
  if (!common_shape(&a.shape, &b.shape, &shape)) {
    char left[96], right[96];
    ndg_lua_shape_text(&a.shape, left, sizeof left);
    ndg_lua_shape_text(&b.shape, right, sizeof right);
    luaL_error(L, "shapes %s and %s do not go together", left, right);
  }
  const walk w = plan_walk(&a.shape, &b.shape, &shape);
  double *out = ndg_lua_push_array(L, NDG_REAL, &shape)->data;
  apply_axes((int)lua_tointeger(L, lua_upvalueindex(1)), &w, 0, out, a.data, b.data);
  return 1;
}

static int negate(lua_State *L) { /* [-0, +1, v] */
  lua_settop(L, 1);
  const ndg_lua_array *a = ndg_lua_check_array(L, 1);
  const double *x = ndg_lua_real_data(L, a);
  double *out = ndg_lua_push_array(L, NDG_REAL, &a->shape)->data;
  const uint64_t n = ndg_lua_array_size(a);
  for (uint64_t i = 0; i < n; i++) {
    out[i] = -x[i];
  }
  return 1;
}

void ndg_lua_set_arithmetic(lua_State *L) {
  static const struct {
    const char *name;
    int op;
  } operations[] = {{"__add", ADD}, {"__sub", SUBTRACT}, {"__mul", MULTIPLY}, {"__div", DIVIDE}};
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
    lua_pushinteger(L, operations[i].op);
    lua_pushcclosure(L, arithmetic, 1);
    lua_setfield(L, -2, operations[i].name);
  }
  lua_pushcfunction(L, negate);
  lua_setfield(L, -2, "__unm");
}
