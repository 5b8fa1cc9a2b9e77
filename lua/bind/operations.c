/* SPDX-License-Identifier: MIT */
/* The operations of nudge/graph.h as functions of nodes and numbers. */
#include <string.h>

#include "bind/node.h"
#include "graph/graph.h"

static int line_of_script(lua_State *L) { /* [-0, +0, m] */
  ndg_lua_where(L);
  const char *where = lua_tostring(L, -1), *end = strrchr(where, ':');
  int line = 0, scale = 1;
  while (end && end-- > where && *end >= '0' && *end <= '9') {
    line += scale * (*end - '0');
    scale *= 10;
  }
  lua_pop(L, 1);
  return line;
}

/* Raises what the graph says, with the operands from `first` on. [-0, +0, v] */
static int refuse(lua_State *L, const ndg_lua_graph *g, int first, int last) {
  ndg_error e = {0};
  char operands[240] = "";
  size_t at = 0;
  int nodes = 0;
  ndg_graph_status(g->builder->graph, &e);
  for (int i = first; i <= last && at < sizeof operands - 1; i++) {
    const ndg_lua_node *n = luaL_testudata(L, i, NODE);
    char text[120];
    if (!n)
      continue;
    ndg_lua_node_text(n, text, sizeof text);
    const int k = snprintf(operands + at, sizeof operands - at, "%s%s", nodes++ ? ", " : "", text);
    at += k > 0 ? (size_t)k : 0;
  }
  const ndg_error said = e;
  ndg_fail(&e, said.code ? said.code : NDG_EINVAL, "%.250s; operands: %.240s", said.text, operands);
  return ndg_lua_raise(L, &e, NULL, NULL);
}

/* op of n operands, whose user data stand at first..last for messages; the graph is on top.
   [-1, +1, v] */
static int apply(lua_State *L, uint32_t op, uint32_t n, const ndg_node *in, const ndg_attr *attr,
                 const ndg_shape *shape, int first, int last) {
  const ndg_lua_graph *g = lua_touserdata(L, -1);
  const ndg_node y = g->builder->api->apply(g->builder->graph, op, n, in, attr, shape);
  if (y == NDG_NO_NODE)
    return refuse(L, g, first, last);
  ndg_lua_node *made = ndg_lua_push_new_node(L, -1, y);
  made->op = op;
  made->line = line_of_script(L);
  return 1;
}

/* Upvalue 1: the operation. Fixed operands, nothing else. [-n, +1, v] */
static int apply_plain(lua_State *L, uint32_t op, int n) {
  const char *name = ndg_graph_op_name(op);
  ndg_node in[3];
  if (lua_gettop(L) < n || lua_gettop(L) > n)
    ndg_lua_fail(L, NDG_EINVAL, "%s takes %d operand%s, got %d", name, n, n > 1 ? "s" : "",
                 lua_gettop(L));
  const ndg_lua_graph *g = ndg_lua_push_graph_of(L, name, 1, n);
  for (int i = 0; i < n; i++)
    in[i] = ndg_lua_check_node(L, i + 1, g, name);
  return apply(L, op, (uint32_t)n, in, NULL, NULL, 1, n);
}

static uint32_t operation(lua_State *L) {
  return (uint32_t)lua_tointeger(L, lua_upvalueindex(1));
}
static int unary(lua_State *L) {
  return apply_plain(L, operation(L), 1);
}
static int binary(lua_State *L) {
  return apply_plain(L, operation(L), 2);
}
static int ternary(lua_State *L) {
  return apply_plain(L, operation(L), 3);
}

/* Lua gives the operand of a unary operator twice. */
static int negate(lua_State *L) { /* [-2, +1, v] */
  lua_settop(L, 1);
  return apply_plain(L, NDG_OP_NEG, 1);
}

/* x and numbers behind it. */
static ndg_node check_first(lua_State *L, const char *name) { /* [-0, +1, v] graph on top */
  const ndg_lua_graph *g = ndg_lua_push_graph_of(L, name, 1, 1);
  return ndg_lua_check_node(L, 1, g, name);
}

static int power(lua_State *L) { /* [-2, +1, v] (x, exponent) */
  if (lua_type(L, 2) != LUA_TNUMBER)
    ndg_lua_fail(L, NDG_EINVAL, "power: the exponent must be a number, got %s",
                 luaL_typename(L, 2));
  lua_settop(L, 2);
  const ndg_attr attr = {.value = lua_tonumber(L, 2)};
  const ndg_node x = check_first(L, "power");
  return attr.value == 2 ? apply(L, NDG_OP_SQUARE, 1, &x, NULL, NULL, 1, 1)
                         : apply(L, NDG_OP_POWER, 1, &x, &attr, NULL, 1, 1);
}

/* Lengths at first..last of the stack. [-0, +0, v] */
static ndg_shape check_shape(lua_State *L, const char *name, int first, int last) {
  ndg_shape s = NDG_SCALAR;
  if (last - first >= NDG_MAX_DIMS)
    ndg_lua_fail(L, NDG_EINVAL, "%s: %d axes; at most %d are possible", name, last - first + 1,
                 NDG_MAX_DIMS);
  for (int i = first; i <= last; i++) {
    int whole;
    const lua_Integer n = lua_tointegerx(L, i, &whole);
    if (!whole || n < 1)
      ndg_lua_fail(L, NDG_EINVAL, "%s: length %d is %s, not a whole number from 1 on", name,
                   i - first + 1, luaL_tolstring(L, i, NULL));
    s.dim[s.n_dims++] = (uint64_t)n;
  }
  return s;
}

static int shaped(lua_State *L) { /* [-n, +1, v] (x, d1, ...): reshape, broadcast */
  const char *name = ndg_graph_op_name(operation(L));
  const int n = lua_gettop(L);
  const ndg_shape s = check_shape(L, name, 2, n);
  const ndg_node x = check_first(L, name);
  return apply(L, operation(L), 1, &x, NULL, &s, 1, 1);
}

static int constant(lua_State *L) { /* [-n, +1, v] (graph or node of it, value, d1, ...) */
  if (luaL_testudata(L, 1, NODE)) {
    lua_getiuservalue(L, 1, 1);
    lua_replace(L, 1);
  }
  const ndg_lua_graph *g = luaL_checkudata(L, 1, GRAPH);
  if (!g->builder)
    return ndg_lua_fail(L, NDG_EINVAL, "constant: this graph has been built");
  const double value = luaL_checknumber(L, 2);
  const ndg_shape s = check_shape(L, "constant", 3, lua_gettop(L));
  const ndg_node y = g->builder->api->constant(g->builder->graph, value, &s);
  if (y == NDG_NO_NODE)
    return refuse(L, g, 1, 0);
  lua_settop(L, 1);
  ndg_lua_node *made = ndg_lua_push_new_node(L, 1, y);
  made->op = NDG_OP_CONSTANT;
  made->line = line_of_script(L);
  return 1;
}

/* An axis, counted from 1, of the node at 1. [-0, +0, v] */
static int64_t check_axis(lua_State *L, const char *name, int index) {
  const ndg_shape s = ndg_lua_node_shape(ndg_lua_check_open_node(L, 1));
  int whole;
  const lua_Integer axis = lua_tointegerx(L, index, &whole);
  char text[120];
  ndg_lua_node_text(lua_touserdata(L, 1), text, sizeof text);
  if (!whole || axis < 1 || axis > (lua_Integer)s.n_dims)
    ndg_lua_fail(L, NDG_EINVAL, "%s: axis %s of %s, which has %d", name,
                 luaL_tolstring(L, index, NULL), text, (int)s.n_dims);
  return axis - 1;
}

static int64_t check_whole(lua_State *L, const char *name, const char *what, int index,
                           lua_Integer least) {
  int whole;
  const lua_Integer n = lua_tointegerx(L, index, &whole);
  if (!whole || n < least)
    ndg_lua_fail(L, NDG_EINVAL, "%s: %s is %s, not a whole number from %d on", name, what,
                 luaL_tolstring(L, index, NULL), (int)least);
  return n;
}

static int attributed(lua_State *L, const char *name, uint32_t op, ndg_attr attr) {
  const ndg_node x = check_first(L, name);
  return apply(L, op, 1, &x, &attr, NULL, 1, 1);
}

static int slice(lua_State *L) { /* [-4, +1, v] (x, axis, first, last): positions from 1 */
  luaL_checkudata(L, 1, NODE);
  const int64_t axis = check_axis(L, "slice", 2);
  const int64_t first = check_whole(L, "slice", "first", 3, 1);
  const int64_t last = check_whole(L, "slice", "last", 4, first);
  return attributed(L, "slice", NDG_OP_SLICE, (ndg_attr){.i = {axis, first - 1, last - first + 1}});
}

static int pad(lua_State *L) { /* [-4, +1, v] (x, axis, before, after) */
  luaL_checkudata(L, 1, NODE);
  const int64_t axis = check_axis(L, "pad", 2);
  const int64_t before = check_whole(L, "pad", "before", 3, 0);
  const int64_t after = check_whole(L, "pad", "after", 4, 0);
  return attributed(L, "pad", NDG_OP_PAD, (ndg_attr){.i = {axis, before, after}});
}

/* (x[, a1, ...]): axis i of the result is axis a_i of x; without axes the last two change places.
   [-n, +1, v] */
static int transpose(lua_State *L) {
  luaL_checkudata(L, 1, NODE);
  const int n = lua_gettop(L) - 1;
  const ndg_shape s = ndg_lua_node_shape(ndg_lua_check_open_node(L, 1));
  ndg_attr attr = {.i = {0, 1, 2, 3}};
  if (n == 0 && s.n_dims >= 2) {
    attr.i[s.n_dims - 1] = s.n_dims - 2;
    attr.i[s.n_dims - 2] = s.n_dims - 1;
  } else if ((uint32_t)n != s.n_dims) {
    return ndg_lua_fail(L, NDG_EINVAL, "transpose: %d axes given of a node that has %d", n,
                        (int)s.n_dims);
  }
  for (int i = 0; i < n; i++)
    attr.i[i] = check_axis(L, "transpose", i + 2);
  return attributed(L, "transpose", NDG_OP_TRANSPOSE, attr);
}

/* (x, y[, which is stored transposed: "left", "right" or "both"]). [-3, +1, v] */
static int matmul(lua_State *L) {
  static const char *const which[] = {"neither", "left", "right", "both", NULL};
  const int transposed = luaL_checkoption(L, 3, "neither", which);
  lua_settop(L, 2);
  const ndg_lua_graph *g = ndg_lua_push_graph_of(L, "matmul", 1, 2);
  const ndg_node in[] = {ndg_lua_check_node(L, 1, g, "matmul"),
                         ndg_lua_check_node(L, 2, g, "matmul")};
  const ndg_attr attr = {.i = {transposed & 1, transposed >> 1}};
  return apply(L, NDG_OP_MATMUL, 2, in, &attr, NULL, 1, 2);
}

/* (x, axes...): over these, which stay with length 1; over all without any, which gives a scalar.
   [-n, +1, v] */
static int sum(lua_State *L) {
  luaL_checkudata(L, 1, NODE);
  const int n = lua_gettop(L);
  const ndg_shape s = ndg_lua_node_shape(ndg_lua_check_open_node(L, 1));
  ndg_attr attr = {.i = {n == 1 ? ((int64_t)1 << s.n_dims) - 1 : 0}};
  for (int i = 2; i <= n; i++)
    attr.i[0] |= (int64_t)1 << check_axis(L, "sum", i);
  ndg_node x = check_first(L, "sum");
  const ndg_builder *b = ((const ndg_lua_graph *)lua_touserdata(L, -1))->builder;
  if (n > 1)
    return apply(L, NDG_OP_SUM, 1, &x, &attr, NULL, 1, 1);
  const ndg_shape scalar = NDG_SCALAR;
  if (s.n_dims)
    x = b->api->apply(b->graph, NDG_OP_SUM, 1, &x, &attr, NULL);
  return apply(L, NDG_OP_RESHAPE, 1, &x, NULL, &scalar, 1, 1);
}

static int indexed(lua_State *L) { /* [-3, +1, v] (x, index, n): scatter_add, place */
  const char *name = ndg_graph_op_name(operation(L));
  const ndg_attr attr = {.i = {check_whole(L, name, "the length", 3, 1)}};
  lua_settop(L, 2);
  const ndg_lua_graph *g = ndg_lua_push_graph_of(L, name, 1, 2);
  const ndg_node in[] = {ndg_lua_check_node(L, 1, g, name), ndg_lua_check_node(L, 2, g, name)};
  return apply(L, operation(L), 2, in, &attr, NULL, 1, 2);
}

static int concat(lua_State *L) { /* [-2, +1, v] ({x, y, ...}, axis) */
  luaL_checktype(L, 1, LUA_TTABLE);
  const int n = (int)lua_rawlen(L, 1);
  luaL_argcheck(L, n >= 1 && n <= 1000, 1, "from 1 to 1000 nodes are wanted");
  lua_settop(L, 2);
  luaL_checkstack(L, n + 8, NULL);
  ndg_node *in = lua_newuserdatauv(L, (size_t)n * sizeof *in, 0);
  for (int i = 1; i <= n; i++)
    lua_rawgeti(L, 1, i);
  const ndg_lua_graph *g = ndg_lua_push_graph_of(L, "concat", 4, n + 3);
  for (int i = 0; i < n; i++)
    in[i] = ndg_lua_check_node(L, i + 4, g, "concat");
  const ndg_attr attr = {.i = {check_whole(L, "concat", "the axis", 2, 1) - 1}};
  return apply(L, NDG_OP_CONCAT, (uint32_t)n, in, &attr, NULL, 4, n + 3);
}

static const struct {
  const char *name;
  lua_CFunction function;
  uint32_t op;
} operations[] = {
    {"constant", constant, NDG_OP_CONSTANT},
    {"neg", unary, NDG_OP_NEG},
    {"square", unary, NDG_OP_SQUARE},
    {"sqrt", unary, NDG_OP_SQRT},
    {"reciprocal", unary, NDG_OP_RECIPROCAL},
    {"exp", unary, NDG_OP_EXP},
    {"log", unary, NDG_OP_LOG},
    {"tanh", unary, NDG_OP_TANH},
    {"sigmoid", unary, NDG_OP_SIGMOID},
    {"softplus", unary, NDG_OP_SOFTPLUS},
    {"sin", unary, NDG_OP_SIN},
    {"cos", unary, NDG_OP_COS},
    {"power", power, NDG_OP_POWER},
    {"step", unary, NDG_OP_STEP},
    {"relu", unary, NDG_OP_RELU},
    {"abs", unary, NDG_OP_ABS},
    {"sign", unary, NDG_OP_SIGN},
    {"stop_gradient", unary, NDG_OP_STOP_GRADIENT},
    {"add", binary, NDG_OP_ADD},
    {"sub", binary, NDG_OP_SUB},
    {"mul", binary, NDG_OP_MUL},
    {"div", binary, NDG_OP_DIV},
    {"max", binary, NDG_OP_MAX},
    {"min", binary, NDG_OP_MIN},
    {"greater", binary, NDG_OP_GREATER},
    {"select", ternary, NDG_OP_SELECT},
    {"matmul", matmul, NDG_OP_MATMUL},
    {"reshape", shaped, NDG_OP_RESHAPE},
    {"transpose", transpose, NDG_OP_TRANSPOSE},
    {"broadcast", shaped, NDG_OP_BROADCAST},
    {"slice", slice, NDG_OP_SLICE},
    {"pad", pad, NDG_OP_PAD},
    {"concat", concat, NDG_OP_CONCAT},
    {"gather", binary, NDG_OP_GATHER},
    {"scatter_add", indexed, NDG_OP_SCATTER_ADD},
    {"pick", binary, NDG_OP_PICK},
    {"place", indexed, NDG_OP_PLACE},
    {"sum", sum, NDG_OP_SUM},
    {"log_sum_exp", unary, NDG_OP_LOG_SUM_EXP},
    {"sum_tasks", unary, NDG_OP_SUM_TASKS},
    {"spread", unary, NDG_OP_SPREAD},
};

static void set_operation(lua_State *L, const char *name, lua_CFunction f, uint32_t op) {
  lua_pushinteger(L, op);
  lua_pushcclosure(L, f, 1);
  lua_setfield(L, -2, name);
}

void ndg_lua_set_operations(lua_State *L) {
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
    set_operation(L, operations[i].name, operations[i].function, operations[i].op);
}

void ndg_lua_set_operators(lua_State *L) {
  set_operation(L, "__add", binary, NDG_OP_ADD);
  set_operation(L, "__sub", binary, NDG_OP_SUB);
  set_operation(L, "__mul", binary, NDG_OP_MUL);
  set_operation(L, "__div", binary, NDG_OP_DIV);
  set_operation(L, "__unm", negate, NDG_OP_NEG);
  set_operation(L, "__pow", power, NDG_OP_POWER);
}
